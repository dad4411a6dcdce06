"""The past: its incidents, what was observed over time, and the figures of both."""
