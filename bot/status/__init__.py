"""What to do about it: retry or not, how long it may take, and whose fault an error is. Pure."""
