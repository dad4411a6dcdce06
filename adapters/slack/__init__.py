"""Slack: receiving (app, socket, http), sending (messenger) and drawing (render)."""
