"""Outages as they were reported, played through the engine and asked about in a channel."""
