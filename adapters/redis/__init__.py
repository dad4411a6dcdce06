"""Stores in Redis: incidents, subscriptions, the queue, limits, evidence."""
