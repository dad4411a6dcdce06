"""The present truth for whoever asks, with advice, durations, and whose fault an error is."""
