"""Isolates organisations from each other, makes history append-only, and lets the sweeper see whose work is due."""

from typing import ClassVar

from django.db import migrations

from procedures.isolation import Isolate, append_only

OWN = "user_id = NULLIF(current_setting('app.user', true), '')::bigint"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0001_initial"), ("procedures", "0002_isolation")]

    operations: ClassVar = [
        Isolate("Membership", "Case"),
        Isolate(
            "ReferenceCounter",
            "Party",
            "Assignment",
            "Event",
            "Answer",
            "Deadline",
            "Letter",
            "Document",
            "Measure",
        ),
        append_only("complaints_event"),
        # A person may see in which organisations they are a member, before one is chosen.
        migrations.RunSQL(
            sql=f"CREATE POLICY own ON complaints_membership FOR SELECT USING ({OWN})",
            reverse_sql="DROP POLICY own ON complaints_membership",
        ),
        # The one look across organisations: which of them have work that is due. Nothing else of a row is told.
        migrations.RunSQL(
            sql="""
            CREATE POLICY sweep ON complaints_case FOR SELECT TO gehoor_sweeper USING (true);
            CREATE POLICY sweep ON complaints_letter FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, wake_at) ON complaints_case TO gehoor_sweeper;
            GRANT SELECT (organisation_id, try_at) ON complaints_letter TO gehoor_sweeper;
            CREATE FUNCTION organisations_with_work(at timestamptz) RETURNS SETOF bigint
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
                SELECT organisation_id FROM complaints_case WHERE wake_at <= at
                UNION
                SELECT organisation_id FROM complaints_letter WHERE try_at <= at
            $$;
            ALTER FUNCTION organisations_with_work(timestamptz) OWNER TO gehoor_sweeper;
            REVOKE ALL ON FUNCTION organisations_with_work(timestamptz) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION organisations_with_work(timestamptz) TO gehoor_app;
            """,
            reverse_sql="""
            DROP FUNCTION organisations_with_work(timestamptz);
            DROP POLICY sweep ON complaints_case;
            DROP POLICY sweep ON complaints_letter;
            """,
        ),
    ]
