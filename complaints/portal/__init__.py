"""The complainant's own page: where the case stands, and what they may do in it."""
