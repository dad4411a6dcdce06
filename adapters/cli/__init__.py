"""The operator's commands beside `run`: each module is one of them.

They look at the same things as the bot does (pages, Redis, the terminal's drawing), so this room
may use the others; none of them uses this one.
"""
