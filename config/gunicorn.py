"""How the web server runs, here and in production: `gunicorn -c config/gunicorn.py config.wsgi`."""

import os
from typing import Any

from gunicorn.glogging import Logger

from config.logs import without_personal_data

bind = os.environ.get("WEB_BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = int(os.environ.get("WEB_THREADS") or 4)
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
# A slow leak never gets far, and the spread keeps the workers from leaving together.
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn writes its lines past our own log; the path is cleaned here."""

    def atoms(self, *request: Any) -> dict[str, Any]:
        """What a line may hold."""
        found: dict[str, Any] = super().atoms(*request)
        return found | {"U": without_personal_data(str(found["U"]))}


logger_class = AccessLog
accesslog = "-"
# Method, path, status, size, time. No query string, no address of the visitor, no referrer.
access_log_format = "%(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"
