"""How long cases are kept, what erasing does with each table, and the proof that what should be gone is gone."""
