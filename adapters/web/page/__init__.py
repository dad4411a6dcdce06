"""Web pages for people: the answer, incidents, history, and how the verdict is made."""
