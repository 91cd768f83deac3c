"""The power: settings, URLs, Celery, and the servers that a machine without any starts itself."""

from config.celery import app as celery_app

# Celery's @shared_task finds its app only when some package that Django loads has imported it.
__all__ = ["celery_app"]
