"""Mail that comes in: fetched or taken in, and read within bounds. What becomes of it is for the actions."""
