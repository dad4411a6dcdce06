"""Slack: receiving (listeners, socket, http), sending (messenger), rendering (render)."""
