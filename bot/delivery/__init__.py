"""Brings every channel's thread of every incident up to date: nothing twice, nothing missing."""
