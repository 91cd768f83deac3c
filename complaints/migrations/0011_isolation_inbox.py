"""Isolates the tables of 0010, and lets the sweeper see where mail waits to be read."""

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
        UNION
        SELECT organisation_id FROM complaints_request WHERE remind_at <= at
        {more}
    $$;
"""
MORE = """
        UNION
        SELECT organisation_id FROM complaints_incomingmail WHERE try_at <= at
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0010_inbox")]

    operations: ClassVar = [
        Isolate("IncomingMail", "MailDealing"),
        migrations.RunSQL(
            sql=f"""
            CREATE POLICY sweep ON complaints_incomingmail FOR SELECT TO gehoor_sweeper USING (true);
            GRANT SELECT (organisation_id, try_at) ON complaints_incomingmail TO gehoor_sweeper;
            {WITH_WORK.format(more=MORE)}
            """,
            reverse_sql=f"""
            {WITH_WORK.format(more="")}
            DROP POLICY sweep ON complaints_incomingmail;
            """,
        ),
    ]
