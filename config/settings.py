"""Every setting, read from the environment; without one, the embedded servers of `make run`."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import embedded, from_files, logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = from_files.Env()
from_files.Env.read_env(BASE_DIR / ".env")  # absent on most machines; the real environment wins over it

# --- Where we are ---------------------------------------------------------------------------------------------------

# Whoever turns DEBUG off without saying where they are means production: then the strict rules hold.
_turned_debug_off = "DEBUG" in os.environ and not env.bool("DEBUG")
ENVIRONMENT = env.str("ENVIRONMENT", default="production" if _turned_debug_off else "development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"ENVIRONMENT is {ENVIRONMENT!r}; it must be development, test or production.")
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.bool("DEBUG", default=ENVIRONMENT == "development")

# What a machine of its own keeps: databases, media, mail. Not used in production, but for MEDIA_ROOT's default.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()

_DEVELOPMENT_KEY = "development-only-key-that-production-refuses-0123456789"
SECRET_KEY = env.str("SECRET_KEY", default="" if IS_PRODUCTION else _DEVELOPMENT_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# Without a setting only this machine's own names are served, so a forgotten environment never faces the world.
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if IS_PRODUCTION else ["localhost", ".localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# The public address of this installation, for links in letters and mail; without a slash at its end.
SITE_URL = (env.str("SITE_URL", default="") or ("" if IS_PRODUCTION else "http://localhost:8000")).rstrip("/")

# --- Databases ------------------------------------------------------------------------------------------------------

# The app's role may not bypass row-level security; the owner's role is for migrations alone (see manage.py).
_role = env.str("DATABASE_ROLE", default="app")
if _role not in {"app", "owner"}:
    raise ImproperlyConfigured(f"DATABASE_ROLE is {_role!r}; it must be app or owner.")
_variable = "DATABASE_URL" if _role == "app" else "OWNER_DATABASE_URL"
_database_url = env.str(_variable, default="")
if not _database_url and not IS_PRODUCTION:
    if env.str("DATABASE_URL", default=""):
        raise ImproperlyConfigured("DATABASE_URL is set, so OWNER_DATABASE_URL must be too: migrations need it.")
    _database_url = embedded.database_url(VAR_DIR, role=_role)
# Pools suit the threads of the web server. A worker or a command keeps one connection instead.
_pool_size = env.int("DATABASE_POOL_SIZE", default=0)
DATABASES = {
    "default": {
        **env.db_url_config(_database_url or "postgresql:///"),
        # Ours refuses a role that row-level security does not bind; migrations need such a role.
        "ENGINE": "config.database" if _role == "app" else "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0 if _pool_size else 60,
        "ATOMIC_REQUESTS": False,  # the scope middleware opens the transaction, with the organisation set in it
    }
}
if _pool_size:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": _pool_size, "timeout": 10}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
if not REDIS_URL and not IS_PRODUCTION:
    REDIS_URL = embedded.valkey_url(VAR_DIR)

# --- Mail -----------------------------------------------------------------------------------------------------------

# smtp://, smtp+tls:// (STARTTLS) or smtp+ssl://user:password@host:port. The default is the mail catcher of `make run`.
EMAIL_URL = env.str("EMAIL_URL", default="") or ("" if IS_PRODUCTION else "smtp://127.0.0.1:1025")
_mail = env.email_url_config(EMAIL_URL or "smtp://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 30  # seconds for each answer; a mail server that reads on for longer gets the mail again
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="" if IS_PRODUCTION else "gehoor@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Issuers ---------------------------------------------------------------------------------------------------------

# Organisations whose staff can sign in at their own issuer (OpenID Connect), as JSON: by slug an object with `issuer`,
# `client_id` and `secret`. An issuer that verifies addresses without saying so also gets `email_is_verified`: true.
OIDC_PROVIDERS: dict[str, dict[str, Any]] = env.json("OIDC_PROVIDERS", default={})
for _slug, _told in OIDC_PROVIDERS.items():
    if not {"issuer", "client_id", "secret"} <= set(_told):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS must name issuer, client_id and secret of {_slug}.")

# --- Mail that comes in ----------------------------------------------------------------------------------------------

# Organisations whose mail comes in here, as JSON: by slug an object with `address`, where people write to. `replies` is
# the address that a case is added to behind a plus, and `bounces` the one that mail servers answer to. With `imap`
# (host, user, password, and port, security, folder, moved_to where they differ from the usual) it is fetched.
MAILBOXES: dict[str, dict[str, Any]] = env.json("MAILBOXES") if env.str("MAILBOXES", default="") else {}
_taken: dict[str, str] = {}
for _slug, _told in MAILBOXES.items():
    for _name in ("address", "replies", "bounces"):
        _address = str(_told.get(_name) or "").lower()
        if not _address and _name != "address":
            continue
        if _address.count("@") != 1 or "+" in _address or len(_address.partition("@")[0]) > 26:
            raise ImproperlyConfigured(
                f"MAILBOXES: {_name} of {_slug} must be a mail address without a plus, with at most 26 characters "
                "before the at-sign."
            )
        if _taken.setdefault(_address, _slug) != _slug:
            raise ImproperlyConfigured(f"MAILBOXES: {_slug} and {_taken[_address]} share an address.")
    if "imap" in _told and not (
        {"host", "user", "password"}
        <= set(_told["imap"])
        <= {"host", "user", "password", "port", "security", "folder", "moved_to"}
        and _told["imap"].get("security", "tls") in ("tls", "starttls", "none")
    ):
        raise ImproperlyConfigured(
            f"MAILBOXES: imap of {_slug} needs host, user and password; security is tls, starttls or none."
        )

# --- Refusals -------------------------------------------------------------------------------------------------------

if IS_PRODUCTION:
    _refusals = {
        "DEBUG is on; it shows source and data to strangers.": DEBUG,
        "SECRET_KEY must be set to at least 50 characters, and not to one that is in the source.": (
            len(SECRET_KEY) < 50
            or len(set(SECRET_KEY)) < 10
            or SECRET_KEY.startswith(("django-insecure", "development"))
        ),
        "ALLOWED_HOSTS must name the hosts that are served; it may not be empty or hold '*'.": (
            not ALLOWED_HOSTS or any(host.strip() in {"", "*", "."} for host in ALLOWED_HOSTS)
        ),
        f"{_variable} must be set: production uses no embedded database.": not _database_url,
        f"{_variable} must be a PostgreSQL address.": bool(_database_url)
        and not _database_url.startswith(("postgres://", "postgresql://")),
        "REDIS_URL must be set: production uses no embedded broker.": not REDIS_URL,
        "EMAIL_URL must be the address of a mail server: smtp://, smtp+tls:// or smtp+ssl://.": (
            EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend" or not _mail["EMAIL_HOST"]
        ),
        "DEFAULT_FROM_EMAIL must be set.": not DEFAULT_FROM_EMAIL,
        "SITE_URL must be set and begin with https://": not SITE_URL.startswith("https://"),
        "OIDC_PROVIDERS must name issuers that begin with https://": not all(
            each["issuer"].startswith("https://") for each in OIDC_PROVIDERS.values()
        ),
        "MAILBOXES must be fetched over TLS: security is tls or starttls.": any(
            each.get("imap", {}).get("security") == "none" for each in MAILBOXES.values()
        ),
        "OPERATIONS_TOKEN must be at least 32 characters, or empty.": 0
        < len(env.str("OPERATIONS_TOKEN", default=""))
        < 32,
        "MEDIA_ROOT or S3_BUCKET must be set: dossiers belong in a place that is backed up.": (
            "MEDIA_ROOT" not in os.environ and not env.str("S3_BUCKET", default="")
        ),
        "S3_ENDPOINT must begin with https://": env.str("S3_ENDPOINT", default="").startswith("http://"),
    }
    _refused = [sentence for sentence, holds in _refusals.items() if holds]
    if _refused:
        raise ImproperlyConfigured("Gehoor does not start in production:\n- " + "\n- ".join(_refused))

# --- Apps and the way of a request ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "procedures",
    "complaints",
    # The staff side has an admin site of its own, so the default one is not filled by autodiscovery.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",  # its widgets, for the renderer below
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    # Without "allauth" itself: its pages would show where one of ours is missing.
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]

MIDDLEWARE = [
    "complaints.middleware.CountMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "complaints.middleware.ScopeMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # so that our own widgets find templates/forms/
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Language and time ----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", "Nederlands"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "complaints" / "locale"]  # what the templates say; procedures/ carries its own
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Amsterdam"

# --- Files ----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
# One line for each case that was erased, outside the database: what `manage.py apply_erasures` reads after a restore.
ERASURE_LEDGER = Path(env.str("ERASURE_LEDGER", default=str(VAR_DIR / "erasures.jsonl")))
# The heads of the history, and the key that they are made with: `manage.py history`. Both outside the database.
HISTORY_HEADS = Path(env.str("HISTORY_HEADS", default=str(VAR_DIR / "history-heads.jsonl")))
HISTORY_KEY = env.str("HISTORY_KEY", default="") or SECRET_KEY
# Where pg_dump and pg_restore are; empty: those of the embedded PostgreSQL.
POSTGRES_PROGRAMS = env.str("POSTGRES_PROGRAMS", default="")
# S3-compatible storage for dossiers, where S3_BUCKET names a bucket; without it they are in MEDIA_ROOT.
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT = env.str("S3_ENDPOINT", default="")
_dossiers: dict[str, Any] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if S3_BUCKET:
    _dossiers = {
        "BACKEND": "config.s3.Dossiers",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "region_name": env.str("S3_REGION", default="") or None,
            "access_key": env.str("S3_ACCESS_KEY", default="") or None,
            "secret_key": env.str("S3_SECRET_KEY", default="") or None,
            "location": env.str("S3_FOLDER", default=""),
        },
    }
STORAGES = {
    "default": _dossiers,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IS_PRODUCTION  # no collectstatic on a developer's machine
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

# --- People, sessions and the browser ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "complaints.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# --- Signing in of staff (complaints/desk/accounts.py, entrance.py) ---

# Compulsory for staff in production; off elsewhere, so that the demo's known passwords are enough.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=IS_PRODUCTION)

SOCIALACCOUNT_ADAPTER = "complaints.desk.issuers.IssuerAdapter"

AUTHENTICATION_BACKENDS = ["complaints.desk.accounts.ByEmail"]
LOGIN_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a mailed link works, once
ACCOUNT_ADAPTER = "complaints.desk.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator makes the accounts, with their addresses
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to an address that somebody made up
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  # a class
ACCOUNT_SESSION_REMEMBER = False
# Tries, per network address ("ip"), or per what is tried ("key"): this account from this address, or any.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_account": "20/m/key",
    "reset_password": "20/m/ip,3/10m/key",
}
MFA_ADAPTER = "complaints.desk.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]  # passkeys come after the password, never instead of it
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Gehoor"
MFA_RECOVERY_CODES_SHOW_ONCE = True

CACHES = {
    "default": {
        "BACKEND": "config.short_memory.ShortMemory",
        "LOCATION": REDIS_URL or "redis://",
        "KEY_PREFIX": "gehoor",
        "OPTIONS": {"socket_timeout": 1},
    }
}

SESSION_COOKIE_AGE = 30 * 60  # seconds without a request
SESSION_SAVE_EVERY_REQUEST = True  # so that the half hour counts from the last request, not from signing in
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "complaints.intake.filing.stale"  # a form that was open too long keeps what was typed
CSRF_COOKIE_SAMESITE = "Lax"
# A browser accepts a __Host- cookie only when it is secure and for this host alone; plain http knows none.
SESSION_COOKIE_NAME = "__Host-session" if IS_PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_PRODUCTION else "csrf"
LANGUAGE_COOKIE_NAME = "__Host-language" if IS_PRODUCTION else "language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=IS_PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^gezond/"]  # a health check inside the house speaks plain http
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=365 * 24 * 3600 if IS_PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
# Only behind a proxy that sets this header itself; else a stranger could claim to have come by https.
_is_behind_proxy = env.bool("BEHIND_PROXY", default=False)
if _is_behind_proxy:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies of our own a request comes through. X-Forwarded-For is believed that far, counted from its right.
TRUSTED_PROXIES = max(1, env.int("TRUSTED_PROXIES", default=1)) if _is_behind_proxy else 0
# How many forms an organisation takes in a minute, of all visitors together; 0 is without a limit.
ORGANISATION_LIMIT = env.int("ORGANISATION_LIMIT", default=600)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap draws its arrows and ticks as data: images inside its own CSS
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    },
}

# --- Celery: only a nudge; the tables hold the truth ------------------------------------------------------------------

CELERY_BROKER_URL = (
    "redis+socket://" + REDIS_URL.removeprefix("unix://") if REDIS_URL.startswith("unix://") else REDIS_URL
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for a broker that is away, however long that takes
# Longer than the longest task: Redis hands a message out again when nobody acknowledged it within this time.
# Without max_retries the publisher of a task would try to connect for seconds on end, in the middle of a request.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "max_retries": 0,
}
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "gehoor"
# A request never waits for the broker: one try, one second, and the next sweep finds the row anyway.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_RESULT_BACKEND = None
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = False
# A sweep goes on without the broker: cancelled, it would leave mails behind that were sent but not marked.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000  # PDF rendering leaks a little in the C libraries below it
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "run" / "beat")

# --- Monitoring (complaints/operations/) ------------------------------------------------------------------------------

# Who may see how it goes: whoever brings this token (Authorization: Bearer …), or comes from one of these networks.
OPERATIONS_TOKEN = env.str("OPERATIONS_TOKEN", default="")
OPERATIONS_NETWORKS = env.list("OPERATIONS_NETWORKS", default=[] if IS_PRODUCTION else ["127.0.0.0/8", "::1/128"])
for _network in OPERATIONS_NETWORKS:
    try:
        ip_network(_network)
    except ValueError:
        raise ImproperlyConfigured(f"OPERATIONS_NETWORKS: {_network} is no network, such as 10.0.0.0/8.") from None
# Where the processes of one machine count: web, workers and beat share it. It may be emptied while none of them runs.
METRICS_FOLDER = Path(env.str("METRICS_FOLDER", default=str(VAR_DIR / "run" / "metrics")))

# --- Other systems (complaints/actions/webhooks.py) -------------------------------------------------------------------

# On a developer's machine only: tells other systems without https too, and inside the own network.
WEBHOOKS_INSIDE = env.bool("WEBHOOKS_INSIDE", default=ENVIRONMENT == "development") and not IS_PRODUCTION

# --- Logs: to standard output, without personal data ------------------------------------------------------------------

LOGGING_CONFIG = "config.logs.configure"
LOGGING = logs.configuration(as_json=IS_PRODUCTION, level=env.str("LOG_LEVEL", default="INFO"))
