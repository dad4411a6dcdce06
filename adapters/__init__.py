"""Adapters to the outside: pages, Redis, chats, HTTP, the shell."""
