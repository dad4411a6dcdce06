"""The core of isclaudedown: no network, no Redis, no chat library in here (see `app`, `cli`)."""

__version__ = "0.2.0"
