"""The Celery app and the whole beat timetable."""

import os
from datetime import timedelta

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("gehoor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Intervals, never times of day: an interval has no zone and no clock change. A wake-up that comes twice, late or
# never does no harm, because every sweep asks the tables for what is due by now.
app.conf.beat_schedule = {
    "sweep": {
        "task": "complaints.tasks.sweep",
        "schedule": timedelta(seconds=30),
        # Messages that nobody took do not pile up for days. Much longer than the interval, because it is counted by
        # this machine's clock: of one that is ten minutes slow, no worker would take any.
        "options": {"expires": 15 * 60},
    },
    "mail": {
        "task": "complaints.tasks.fetch_mail",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 50},
    },
}


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Celery leaves logging alone when something answers this signal; Django's settings have set it up already."""
