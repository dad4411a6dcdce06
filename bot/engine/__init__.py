"""Pure: (state, snapshot, now) → (state, events)."""
