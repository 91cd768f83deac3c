"""Row-level security and composite keys in PostgreSQL, as operations for migrations.

Every tenant table gets the same: row-level security, forced also on the owner; a policy on the organisation that the
transaction names; a unique key `(organisation, id)`; and for each foreign key to another tenant table a second one that
holds the organisation, because PostgreSQL checks foreign keys without looking at policies.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import ForeignKey, Model

IN_SCOPE = "organisation_id = NULLIF(current_setting('app.organisation', true), '')::bigint"


def is_tenant(model: type[Model]) -> bool:
    """Whether rows of this model belong to one organisation."""
    return any(field.name == "organisation" for field in model._meta.local_fields)  # noqa: SLF001


class Isolate(migrations.operations.base.Operation):
    """Isolates the tables of the named models of this app. Run it in the migration that makes them."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, *models: str) -> None:
        self.models = models

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, list(self.models), {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing changes in Django's own picture of the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,
    ) -> None:
        models = [to_state.apps.get_model(app_label, name) for name in self.models]
        for model in models:
            for statement in _guard(model._meta.db_table):  # noqa: SLF001
                schema_editor.execute(statement)
        for model in models:
            for statement in _composite_keys(model):
                schema_editor.execute(statement)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """The tables go with the migration that made them."""

    def describe(self) -> str:
        return f"Isolate {', '.join(self.models)} by organisation"


def _guard(table: str) -> list[str]:
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY in_scope ON "{table}" USING ({IN_SCOPE}) WITH CHECK ({IN_SCOPE})',
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_in_organisation" UNIQUE (organisation_id, id)',
    ]


def _composite_keys(model: type[Model]) -> list[str]:
    table = model._meta.db_table  # noqa: SLF001
    statements = []
    for field in model._meta.local_fields:  # noqa: SLF001
        target = field.remote_field.model if isinstance(field, ForeignKey) else None
        if target is None or field.name == "organisation" or not is_tenant(target):
            continue
        statements.append(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{field.column}_same_organisation" '
            f'FOREIGN KEY (organisation_id, "{field.column}") '
            f'REFERENCES "{target._meta.db_table}" (organisation_id, id) DEFERRABLE INITIALLY DEFERRED'  # noqa: SLF001
        )
    return statements


def append_only(table: str, *, when: str = "true", what: str = "history") -> migrations.RunSQL:
    """Rows of `table` for which `when` holds (on OLD) can be neither changed nor deleted; the table not truncated."""
    name = f"{table}_append_only"
    return migrations.RunSQL(
        sql=f"""
        CREATE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{what} in {table} is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$;
        CREATE TRIGGER "{name}_rows" BEFORE UPDATE OR DELETE ON "{table}"
            FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION "{name}"();
        CREATE TRIGGER "{name}_table" BEFORE TRUNCATE ON "{table}"
            FOR EACH STATEMENT EXECUTE FUNCTION "{name}"();
        """,
        reverse_sql=f'DROP FUNCTION "{name}"() CASCADE',
    )
