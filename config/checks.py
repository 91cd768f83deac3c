"""What must hold before the app serves anyone: row-level security binds the role that it connects as."""

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured

# Row-level security does not bind a superuser or a role with BYPASSRLS. Nor may the role own what it reads: an owner
# can switch the policies off. Membership counts as being, because SET ROLE is one statement away.
_POWERS = """
WITH RECURSIVE being(oid) AS (
    SELECT oid FROM pg_roles WHERE rolname = current_user
    UNION
    SELECT membership.roleid FROM pg_auth_members AS membership JOIN being ON membership.member = being.oid
)
SELECT
    current_user,
    bool_or(role.rolsuper),
    bool_or(role.rolbypassrls),
    EXISTS (
        SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')
        AND relowner IN (SELECT oid FROM being)
    ) OR EXISTS (
        SELECT FROM pg_database WHERE datname = current_database() AND datdba IN (SELECT oid FROM being)
    )
FROM being JOIN pg_roles AS role ON role.oid = being.oid
"""


def refuse_unbound_role(connection: psycopg.Connection[Any]) -> None:
    """Raise ImproperlyConfigured when row-level security would not bind this connection's role."""
    with psycopg.ClientCursor(connection) as cursor:
        cursor.row_factory = psycopg.rows.tuple_row
        row = cursor.execute(_POWERS).fetchone()
    if row is None:
        raise ImproperlyConfigured("The database does not know the role that the app connects as.")
    role, is_superuser, may_bypass, is_owner = row
    reasons = [
        reason
        for reason, holds in (
            ("is a superuser", is_superuser),
            ("has BYPASSRLS", may_bypass),
            ("owns the database or tables in it", is_owner),
        )
        if holds
    ]
    if reasons:
        raise ImproperlyConfigured(
            f"The database role {role!r} {' and '.join(reasons)}, so one organisation could read another's complaints. "
            "Connect as a role that `manage.py database_roles` made for the app."
        )
