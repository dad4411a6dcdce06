"""Pure: (state, snapshot, now) → (state, news), and evidence → verdict."""
