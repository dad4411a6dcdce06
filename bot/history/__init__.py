"""What happened: incidents of the past, what was observed over time, and the figures of both."""
