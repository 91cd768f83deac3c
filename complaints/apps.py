"""The Django app of the complaints."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "complaints"
