"""Signals from people elsewhere: Downdetector, Hacker News, GitHub's issues, Bluesky."""
