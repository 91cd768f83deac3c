"""django-helpdesk with its public form, where tickets are filed as complaints are at ours: settings, and its start.

It runs in an environment of its own (`helpdesk.txt`), so nothing of ours is imported here. Its settings are those of
its documentation; it sends no mail, because ours sends its own after the answer. `python -m tests.bench.helpdesk` makes
its tables and one queue.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_url = urlsplit(os.environ.get("HELPDESK_DATABASE_URL", "postgresql:///"))

SECRET_KEY = "helpdesk"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "tests.bench.helpdesk_addresses"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "rest_framework",
    "helpdesk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.lstrip("/"),
        "USER": _url.username or "",
        "HOST": unquote(parse_qs(_url.query).get("host", [""])[0]),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": int(os.environ.get("DATABASE_POOL_SIZE") or 1)}},
    }
}
SITE_ID = 1
STATIC_URL = "/static/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELPDESK_TEAMS_MODE_ENABLED = False

QUEUE, QUEUE_KEY = "klachten", 1


def application() -> Any:
    """What gunicorn serves."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def main() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from helpdesk.models import Queue

    Queue.objects.create(pk=QUEUE_KEY, title="Klachten", slug=QUEUE, allow_public_submission=True)


if __name__ == "__main__":
    main()
