"""Looks at the watched services themselves, from outside, by HTTP."""
