"""Production refuses unsafe settings with a sentence that says what to do; the rest is as promised."""

import os
import runpy
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config.celery import app

ROOT = Path(__file__).resolve().parents[2]
SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "k3Jd9-XwQz7_fLm2Vt8RpYs5Bn1Hc6Gx4Ta0Ue9Wi3Oq7Zk2Dj",
    "ALLOWED_HOSTS": "gehoor.example.nl",
    "SITE_URL": "https://gehoor.example.nl",
    "DATABASE_URL": "postgresql://gehoor_app:secret@postgres/gehoor",
    "REDIS_URL": "redis://valkey:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.nl:587",
    "DEFAULT_FROM_EMAIL": "klachten@gehoor.example.nl",
    "MEDIA_ROOT": "/srv/gehoor/media",
}


def settings_in(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """What config/settings.py makes of this environment alone."""
    for name in set(os.environ) - {"PATH", "HOME"}:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "config" / "settings.py"))


def test_production_with_safe_values_has_host_cookies_and_https(monkeypatch):
    read = settings_in(monkeypatch, **SAFE)
    expected = {
        "DEBUG": False,
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "X_FRAME_OPTIONS": "DENY",
        "SECURE_REFERRER_POLICY": "same-origin",
        "STAFF_SECOND_FACTOR": True,
    }
    assert {name: read[name] for name in expected} == expected
    assert "SECURE_PROXY_SSL_HEADER" not in read  # only where a proxy is said to be in front


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + SAFE["SECRET_KEY"]),
        ("SECRET_KEY", "development-only-key-that-production-refuses-0123456789"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "gehoor.example.nl,*"),
        ("SITE_URL", ""),
        ("SITE_URL", "http://gehoor.example.nl"),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("REDIS_URL", ""),
        ("EMAIL_URL", ""),
        ("EMAIL_URL", "consolemail://"),
        ("EMAIL_URL", "filemail:///tmp/mail"),
        ("EMAIL_URL", "dummymail://"),
        ("DEFAULT_FROM_EMAIL", ""),
        ("DEBUG", "true"),
        ("OPERATIONS_TOKEN", "short"),
        ("S3_ENDPOINT", "http://s3.example.nl"),
        ("OIDC_PROVIDERS", '{"a": {"issuer": "http://login.example.nl", "client_id": "b", "secret": "c"}}'),
    ],
)
def test_production_with_an_unsafe_value_refuses_and_names_it(monkeypatch, name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"does not start in production:\n- {name} "):
        settings_in(monkeypatch, **{**SAFE, name: value})


def test_production_without_a_media_folder_refuses(monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="MEDIA_ROOT or S3_BUCKET must be set"):
        settings_in(monkeypatch, **{name: value for name, value in SAFE.items() if name != "MEDIA_ROOT"})


def test_network_that_is_none_is_refused(monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="OPERATIONS_NETWORKS: everyone is no network"):
        settings_in(monkeypatch, OPERATIONS_NETWORKS="10.0.0.0/8,everyone")


def test_secrets_come_from_files_without_their_line_end(monkeypatch, tmp_path):
    named = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "OPERATIONS_TOKEN", "OIDC_PROVIDERS", "MAILBOXES")
    values = {
        **SAFE,
        "OPERATIONS_TOKEN": "t" * 40,
        "OIDC_PROVIDERS": '{"a": {"issuer": "https://login.example.nl", "client_id": "b", "secret": "c"}}',
        "MAILBOXES": '{"a": {"address": "k@a.example"}}',
    }
    environment = {name: value for name, value in SAFE.items() if name not in named}
    for name in named:
        (tmp_path / name).write_text(values[name] + "\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    read = settings_in(monkeypatch, **environment)
    assert (read["SECRET_KEY"], read["OPERATIONS_TOKEN"]) == (values["SECRET_KEY"], "t" * 40)
    assert (read["DATABASES"]["default"]["NAME"], read["DATABASES"]["default"]["PASSWORD"]) == ("gehoor", "secret")
    assert (read["REDIS_URL"], read["EMAIL_HOST_PASSWORD"]) == (values["REDIS_URL"], "password")
    assert (set(read["OIDC_PROVIDERS"]), set(read["MAILBOXES"])) == ({"a"}, {"a"})
    assert "SECRET_KEY" not in os.environ, "what stands in a file is not handed to every program that is started"


def test_secret_file_that_is_not_there_is_named(monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FILE cannot be read: FileNotFoundError"):
        settings_in(monkeypatch, **SAFE, SECRET_KEY_FILE="/nowhere")


def test_django_finds_nothing_to_warn_of_in_production():
    told = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "DEBUG"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **SAFE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, "no issues" in told.stdout + told.stderr) == (0, True), told.stderr


def test_debug_turned_off_without_an_environment_counts_as_production(monkeypatch):
    with pytest.raises(ImproperlyConfigured, match="does not start in production"):
        settings_in(monkeypatch, DEBUG="false")


def test_an_empty_environment_serves_this_machine_alone(monkeypatch):
    read = settings_in(monkeypatch)
    assert read["ALLOWED_HOSTS"] == ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    database = read["DATABASES"]["default"]
    assert (database["USER"], database["NAME"], database["HOST"]) == ("gehoor_app", "gehoor", "")
    assert database["OPTIONS"]["host"].startswith("/")  # a socket, found without asking anyone
    assert read["CELERY_BROKER_URL"].startswith("redis+socket:///")


def test_a_database_without_its_owner_is_said_only_when_the_owner_is_needed(monkeypatch):
    assert settings_in(monkeypatch, DATABASE_URL=SAFE["DATABASE_URL"])["DATABASES"]["default"]["USER"] == "gehoor_app"
    with pytest.raises(ImproperlyConfigured, match="OWNER_DATABASE_URL must be too"):
        settings_in(monkeypatch, DATABASE_URL=SAFE["DATABASE_URL"], DATABASE_ROLE="owner")


def test_the_content_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    assert settings.CONTENT_SECURITY_POLICY == {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "object-src": ["'none'"],
            "frame-ancestors": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'"],
        }
    }


def test_celery_loses_nothing_and_delivers_nothing_twice_by_its_settings():
    conf: Any = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert conf.broker_transport_options["visibility_timeout"] > conf.task_time_limit > conf.task_soft_time_limit
    assert (conf.result_backend, conf.task_publish_retry, conf.accept_content) == (None, False, ["json"])
    assert (
        conf.broker_transport_options["socket_timeout"] == conf.broker_transport_options["socket_connect_timeout"] == 1
    )
    assert (conf.timezone, conf.enable_utc, conf.worker_soft_shutdown_timeout) == ("UTC", True, 30)
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False  # a sweep marks what it sent


def test_the_timetable_holds_intervals_only():
    assert {name: entry["schedule"] for name, entry in app.conf.beat_schedule.items()} == {
        "sweep": timedelta(seconds=30),
        "mail": timedelta(seconds=60),
    }


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ('{"a": {"address": "geen adres"}}', "must be a mail address without a plus"),
        ('{"a": {"address": "klachten+x@a.example"}}', "must be a mail address without a plus"),
        ('{"a": {"address": "k@a.example"}, "b": {"address": "K@a.example"}}', "share an address"),
        ('{"a": {"address": "k@a.example", "imap": {"host": "h"}}}', "needs host, user and password"),
    ],
)
def test_a_mailbox_that_cannot_be_is_refused(told: str, said: str):
    started = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "MAILBOXES": told},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 1
    assert said in started.stderr


def test_reading_the_settings_starts_nothing_and_is_quick():
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import config.settings, sys; print('psycopg' in sys.modules, 'aiosmtpd' in sys.modules)",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    assert said.stdout.split() == ["False", "False"]
