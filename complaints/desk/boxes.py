"""The boxes of the case page: what was typed in one and could not be kept stands in it again."""

from __future__ import annotations

from django.http import HttpRequest

from complaints.models import Case

MESSAGE, NOTE = "message", "note"
_TYPED = "typed"


def keep_typed(request: HttpRequest, case: Case, box: str, text: str) -> None:
    """Keeps what was typed until the case page shows it again."""
    request.session[_TYPED] = {"case": case.pk, "box": box, "text": text}


def take_typed(request: HttpRequest, case: Case) -> dict[str, str]:
    """What was typed in this case and not kept, by box; once."""
    typed = request.session.pop(_TYPED, {})
    return {typed["box"]: typed["text"]} if typed.get("case") == case.pk else {}
