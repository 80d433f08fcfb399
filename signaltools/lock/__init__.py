"""
Write what is connected to a lock file, and find out what has changed since.
"""
