"""Further runs of a case, and what they show by differing from one another."""
