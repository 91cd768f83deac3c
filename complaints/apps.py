"""The Django app of the complaints."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "complaints"

    def ready(self) -> None:
        """Lets Django know of the checks."""
        from complaints.retention import checks  # noqa: F401  # models are there only now
