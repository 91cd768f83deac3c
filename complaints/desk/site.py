"""The admin site of the desk: its addresses, signing in, and nothing of Django's own tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from complaints.desk import acts, cases, files, letters, messages, notes, parties, taking_in, worklist
from complaints.desk.seats import frame
from complaints.desk.signing_in import SignInForm, choose_organisation


class DeskSite(AdminSite):
    """Whoever has an account may sign in; what they see hangs on their membership (`seats.seated`), never on flags."""

    site_title = "Gehoor"
    site_header = "Gehoor"
    enable_nav_sidebar = False
    login_form = SignInForm
    login_template = "desk/login.html"
    logout_template = "desk/logged_out.html"
    password_change_template = "desk/password_change.html"  # noqa: S105  # a template
    password_change_done_template = "desk/password_changed.html"  # noqa: S105

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_active

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return frame(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        return HttpResponseRedirect(reverse("desk:worklist"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Only these: no history, no `/r/`, no autocomplete, no script catalogue, no tables."""
        pages: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("", self.index, "index"),
            ("logout/", self.logout, "logout"),
            ("password_change/", self.password_change, "password_change"),
            ("password_change/done/", self.password_change_done, "password_change_done"),
            ("organisatie/", choose_organisation, "organisation"),
            ("zaken/", worklist.worklist, "worklist"),
            ("zaken/nieuw/", taking_in.new, "new"),
            ("zaken/nieuw/klaar/", taking_in.taken_in, "taken_in"),
            ("zaken/nieuw/<slug:act>/", taking_in.take_in, "take_in"),
            ("zaken/<slug:reference>/", cases.case_page, "case"),
            ("zaken/<slug:reference>/handeling/<slug:act>/", acts.act_page, "act"),
            ("zaken/<slug:reference>/lijst/<slug:check>/", cases.tick, "tick"),
            ("zaken/<slug:reference>/brief/<int:pk>/", files.letter_file, "letter"),
            ("zaken/<slug:reference>/brief/<int:pk>/vrijgeven/", letters.release, "release"),
            ("zaken/<slug:reference>/brief/<int:pk>/gepost/", letters.posted, "posted"),
            ("zaken/<slug:reference>/brief/<int:pk>/opnieuw/", letters.retry, "retry"),
            ("zaken/<slug:reference>/bericht/", messages.write, "write"),
            ("zaken/<slug:reference>/notitie/", notes.write, "note"),
            ("zaken/<slug:reference>/verwant/", notes.link, "related"),
            ("zaken/<slug:reference>/betrokkene/<int:pk>/", parties.link, "link"),
            ("zaken/<slug:reference>/stuk/<int:pk>/", files.document_file, "document"),
        ]
        return [
            path("login/", self.login, name="login"),
            *(path(address, self.admin_view(view), name=name) for address, view, name in pages),
        ]


desk = DeskSite(name="desk")
