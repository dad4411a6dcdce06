"""What the world looks like: pages, Redis, chats, HTTP, the shell."""
