"""Do the main services really work?"""
