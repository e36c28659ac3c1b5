"""Proving to a server who we are: keys and certificates of the user."""
