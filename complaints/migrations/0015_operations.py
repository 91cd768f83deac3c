"""Moments of the installation, and a look across organisations at how much waits and since when, for monitoring."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("complaints", "0014_committees")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Moment",
            fields=[
                (
                    "name",
                    models.CharField(
                        choices=[("sweep", "Sweep"), ("mail", "Mail"), ("hold", "Hold")],
                        max_length=20,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={"ordering": ["name"]},
        ),
        # Numbers and one instant for each kind of work: nothing of a row, and not of which organisation it is.
        migrations.RunSQL(
            sql="""
            CREATE FUNCTION work_that_waits(at timestamptz) RETURNS TABLE (what text, due bigint, oldest timestamptz)
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
                SELECT 'letters', count(*), min(try_at) FROM complaints_letter WHERE try_at <= at
                UNION ALL
                SELECT 'deadlines', count(*), min(wake_at) FROM complaints_case WHERE wake_at <= at
                UNION ALL
                SELECT 'notices', count(*), min(try_at) FROM complaints_notice WHERE try_at <= at
                UNION ALL
                SELECT 'mails', count(*), min(try_at) FROM complaints_incomingmail WHERE try_at <= at
            $$;
            ALTER FUNCTION work_that_waits(timestamptz) OWNER TO gehoor_sweeper;
            REVOKE ALL ON FUNCTION work_that_waits(timestamptz) FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION work_that_waits(timestamptz) TO gehoor_app;
            """,
            reverse_sql="DROP FUNCTION work_that_waits(timestamptz);",
        ),
    ]
