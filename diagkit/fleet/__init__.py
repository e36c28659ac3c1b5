"""Many targets at once: who is asked when, from where, and what becomes of each."""
