"""Isolates the tables of 0006, and lets the sweeper see where reminders of requests are due."""

from typing import ClassVar

from django.db import migrations

from procedures.isolation import Isolate

WITH_WORK = """
    CREATE OR REPLACE FUNCTION organisations_with_work(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
        SELECT organisation_id FROM complaints_case WHERE wake_at <= at
        UNION
        SELECT organisation_id FROM complaints_letter WHERE try_at <= at
        UNION
        SELECT organisation_id FROM complaints_notice WHERE try_at <= at
        UNION
        SELECT organisation_id FROM complaints_draft WHERE expires_at <= at
        UNION
        SELECT organisation_id FROM complaints_attempt WHERE forget_at <= at
        {more}
    $$;
"""
MORE = """
        UNION
        SELECT organisation_id FROM complaints_request WHERE remind_at <= at
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0006_desk")]

    operations: ClassVar = [
        Isolate(
            "Note",
            "Reading",
            "CaseLink",
            "Hearing",
            "HearingParty",
            "Request",
            "Disclosure",
            "SavedFilter",
            "Substitution",
            "Subscription",
        ),
        migrations.RunSQL(
            sql=f"""
            CREATE POLICY sweep ON complaints_request FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, remind_at) ON complaints_request TO gehoor_sweeper;
            {WITH_WORK.format(more=MORE)}
            """,
            reverse_sql=f"""
            {WITH_WORK.format(more="")}
            DROP POLICY sweep ON complaints_request;
            """,
        ),
    ]
