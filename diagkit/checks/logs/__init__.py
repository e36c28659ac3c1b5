"""What went wrong, in the words of the logs, inside the window?"""
