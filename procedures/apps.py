"""The Django app of the procedures."""

from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "procedures"
