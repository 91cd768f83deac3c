"""Django's PostgreSQL backend, refusing a role that row-level security does not bind."""
