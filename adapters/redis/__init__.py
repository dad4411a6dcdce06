"""What is kept: incidents, subscriptions, the queue, limits, evidence."""
