"""Do the resources suffice, or which ran out?"""
