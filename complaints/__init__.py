"""The facts: what happened in each complaint."""
