"""Inputs that nobody thought of: pages, headers, requests of chats and of the HTTP API.

In `make test` the same few dozen of each every time, so that it takes seconds and stays as it is;
`make fuzz` makes thousands, other ones each time, and prints the seed that repeats them.
"""
