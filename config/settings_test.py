"""The settings of the tests: the same ones, away from a developer's own data and quick at hashing."""

import os
import sys
from pathlib import Path

# What is compiled is kept, whatever the environment says: with their assertions rewritten, the tests take seconds.
sys.dont_write_bytecode = False

# Said before the real settings are read, so that a developer's own .env does not decide what the tests prove.
# A test that starts another process (a worker, a command) hands it real values: those win.
os.environ["ENVIRONMENT"] = "test"
# A folder for each run: two runs in one checkout do not meet, and the processes that a test starts share its folder.
os.environ.setdefault("VAR_DIR", str(Path(__file__).resolve().parent.parent / "var" / "tests" / str(os.getpid())))
# Within a run each worker of pytest-xdist has its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if not os.environ["VAR_DIR"].endswith(_worker):
    os.environ["VAR_DIR"] += f"/{_worker}"
for _name in ("DEBUG", "DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL"):
    os.environ.setdefault(_name, "")
os.environ["DATABASE_POOL_SIZE"] = "0"
os.environ["STAFF_SECOND_FACTOR"] = "False"
os.environ["OIDC_PROVIDERS"] = "{}"
os.environ["MAILBOXES"] = "{}"

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_TIMEOUT = 5
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
