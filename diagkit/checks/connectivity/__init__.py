"""Is the way to the host whole, layer by layer?"""
