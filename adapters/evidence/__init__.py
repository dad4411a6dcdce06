"""Signals from elsewhere: Downdetector, OpenRouter, Hacker News, GitHub's issues, Bluesky."""
