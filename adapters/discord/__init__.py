"""Discord by discord.py: receiving (app), sending (messenger), drawing (render, pure)."""
