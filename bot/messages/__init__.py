"""Builds messages: pure functions from what is true to what a message says.

No message depends on the channel that it goes to, except answers, which have one reader.
"""
