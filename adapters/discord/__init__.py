"""Discord: receiving (gateway, commands), sending (messenger, rest), rendering (render)."""
