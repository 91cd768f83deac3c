"""What ours is measured against: a Django application with one table, and one view that puts one row in it.

Its database is in BARE_DATABASE_URL; gunicorn starts it as `tests.bench.bare:application()`.
"""

from __future__ import annotations

import os

import django
import environ
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "CREATE TABLE complaint (id bigserial PRIMARY KEY, name text, email text, subject text, description text)"
COLUMNS = ("name", "email", "subject", "description")
_INSERT = "INSERT INTO complaint (name, email, subject, description) VALUES (%s, %s, %s, %s) RETURNING id"


def file(request: HttpRequest) -> HttpResponse:
    """One row, committed before the answer."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [request.POST.get(each, "") for each in COLUMNS])
        return HttpResponse(f"K-{cursor.fetchone()[0]}", status=201)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("indienen/", file), path("gezond/", alive)]


def application() -> WSGIHandler:
    """What gunicorn serves."""
    url = environ.Env.db_url_config(os.environ["BARE_DATABASE_URL"])
    pool = {"min_size": 1, "max_size": int(os.environ["DATABASE_POOL_SIZE"]), "timeout": 10}
    database = {
        **url,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**url.get("OPTIONS", {}), "pool": pool},
    }
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        SECRET_KEY="bare",
        ROOT_URLCONF=__name__,
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATABASES={"default": database},
    )
    django.setup()
    return WSGIHandler()
