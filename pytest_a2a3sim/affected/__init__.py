"""Which cases a change can affect: what they depend on, and whether that is what it was."""
