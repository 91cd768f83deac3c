"""Isolates the tables of 0003, and lets the sweeper see where notices wait and where drafts and tries have expired."""

from typing import ClassVar

from django.db import migrations

from procedures.isolation import Isolate

WITH_WORK = """
    CREATE OR REPLACE FUNCTION organisations_with_work(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT organisation_id FROM complaints_case WHERE wake_at <= at
        UNION
        SELECT organisation_id FROM complaints_letter WHERE try_at <= at
        {more}
    $$;
"""
MORE = """
        UNION
        SELECT organisation_id FROM complaints_notice WHERE try_at <= at
        UNION
        SELECT organisation_id FROM complaints_draft WHERE expires_at <= at
        UNION
        SELECT organisation_id FROM complaints_attempt WHERE forget_at <= at
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0003_before_and_beside")]

    operations: ClassVar = [
        Isolate("Draft", "DraftFile", "Message", "Notice", "Attempt"),
        migrations.RunSQL(
            sql=f"""
            CREATE POLICY sweep ON complaints_notice FOR SELECT TO gehoor_sweeper USING (true);
            CREATE POLICY sweep ON complaints_draft FOR SELECT TO gehoor_sweeper USING (true);
            CREATE POLICY sweep ON complaints_attempt FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, try_at) ON complaints_notice TO gehoor_sweeper;
            GRANT SELECT (organisation_id, expires_at) ON complaints_draft TO gehoor_sweeper;
            GRANT SELECT (organisation_id, forget_at) ON complaints_attempt TO gehoor_sweeper;
            {WITH_WORK.format(more=MORE)}
            """,
            reverse_sql=f"""
            {WITH_WORK.format(more="")}
            DROP POLICY sweep ON complaints_notice;
            DROP POLICY sweep ON complaints_draft;
            DROP POLICY sweep ON complaints_attempt;
            """,
        ),
    ]
