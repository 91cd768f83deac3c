"""The law: what may and must happen in a complaint procedure."""
