"""The terminal as a channel: the default, the demonstration, and a real adapter."""

from adapters.terminal.messenger import CONSOLE, Terminal

__all__ = ["CONSOLE", "Terminal"]
