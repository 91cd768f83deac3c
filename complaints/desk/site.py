"""The admin site of the desk: its addresses, signing in, and nothing of Django's own tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse

from complaints.desk import (
    acts,
    agenda,
    assigning,
    cases,
    closing_days,
    committee,
    connections,
    deputies,
    dossier,
    duties,
    files,
    held,
    importing,
    inbox,
    insight,
    letters,
    measures,
    measuring,
    members,
    merging,
    messages,
    notes,
    parties,
    posting,
    procedure,
    procedure_editing,
    procedure_trying,
    readings,
    register,
    reports,
    retention,
    sides,
    taking_in,
    talks,
    worklist,
)
from complaints.desk.confirming import behind_second_factor, own_password
from complaints.desk.seats import frame
from complaints.desk.signing_in import PasswordChange, SignIn, choose_organisation


class DeskSite(AdminSite):
    """Whoever has an account may sign in; what they see hangs on their membership (`seats.seated`), never on flags."""

    site_title = "Gehoor"
    site_header = "Gehoor"
    enable_nav_sidebar = False
    logout_template = "desk/logged_out.html"
    password_change_done_template = "desk/password_changed.html"  # noqa: S105  # a template

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_active

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return frame(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002  # Django's own signature
        return super().admin_view(behind_second_factor(view), cacheable)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        return HttpResponseRedirect(reverse("desk:worklist"))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Only these: no history, no `/r/`, no autocomplete, no script catalogue, no tables."""
        pages: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("", self.index, "index"),
            ("password_change/", own_password(PasswordChange.as_view()), "password_change"),
            ("password_change/done/", self.password_change_done, "password_change_done"),
            ("organisatie/", choose_organisation, "organisation"),
            ("agenda/", agenda.agenda, "agenda"),
            ("agenda/adres/", agenda.address, "agenda_address"),
            ("agenda/stoppen/", agenda.stop, "agenda_stop"),
            ("agenda/mail/", agenda.digest, "agenda_digest"),
            ("procedure/", procedure.procedure, "procedure"),
            ("procedure/nieuw/", procedure.begin, "procedure_begin"),
            ("procedure/weg/", procedure.discard, "procedure_discard"),
            ("procedure/tekst/", procedure_editing.text, "procedure_text"),
            ("procedure/formulier/", procedure_editing.form, "procedure_form"),
            ("procedure/verschil/", procedure.difference, "procedure_difference"),
            ("procedure/proberen/", procedure_trying.attempt, "procedure_try"),
            ("procedure/publiceren/", procedure.publish, "procedure_publish"),
            ("bewaartermijnen/", retention.overview, "retention"),
            ("bewaartermijnen/vasthouden/", retention.hold, "retention_hold"),
            ("bewaartermijnen/vasthouden/<int:pk>/", retention.lift, "retention_lift"),
            ("bewaartermijnen/lijst/", retention.propose, "retention_propose"),
            ("bewaartermijnen/lijst/<int:pk>/", retention.erasure_list, "retention_list"),
            ("bewaartermijnen/lijst/<int:pk>/eruit/", retention.take_out, "retention_take_out"),
            ("bewaartermijnen/lijst/<int:pk>/goedkeuren/", retention.approve, "retention_approve"),
            ("bewaartermijnen/lijst/<int:pk>/intrekken/", retention.withdraw, "retention_withdraw"),
            ("bewaartermijnen/lijst/<int:pk>/bewijs/", retention.certificate, "retention_certificate"),
            ("sluitingsdagen/", closing_days.closing_days, "closing_days"),
            ("sluitingsdagen/nieuw/", closing_days.add, "closing_day_new"),
            ("sluitingsdagen/<int:pk>/vervallen/", closing_days.end, "closing_day_end"),
            ("maatregelen/", measures.register, "measures"),
            ("maatregelen/uitvoer/", measures.export, "measures_export"),
            ("inzicht/", insight.insight, "insight"),
            ("koppelingen/", connections.connections, "connections"),
            ("koppelingen/sleutel/", connections.make, "key_make"),
            ("koppelingen/sleutel/<int:pk>/intrekken/", connections.revoke, "key_revoke"),
            ("koppelingen/melding/", connections.make_webhook, "webhook_make"),
            ("koppelingen/melding/<int:pk>/stoppen/", connections.end, "webhook_end"),
            ("koppelingen/melding/<int:pk>/opnieuw/", connections.retry, "webhook_retry"),
            ("register/", register.register, "register"),
            ("register/uitvoer/", register.export, "register_export"),
            ("register/overnemen/", importing.take_in, "register_take_in"),
            ("register/overnemen/voorbeeld/", importing.sample, "register_sample"),
            ("register/overnemen/bevestigen/", importing.confirm, "register_confirm"),
            ("post-in/", inbox.mails, "mails"),
            ("post-in/<int:pk>/", inbox.mail, "mail"),
            ("post-in/<int:pk>/zaak/", inbox.put, "mail_put"),
            ("post-in/<int:pk>/weg/", inbox.aside, "mail_aside"),
            ("post-in/<int:pk>/terug/", inbox.back, "mail_back"),
            ("post-in/<int:pk>/bijlage/<int:number>/", inbox.attachment, "mail_file"),
            ("medewerkers/", members.members, "members"),
            ("medewerkers/nieuw/", members.new, "member_new"),
            ("medewerkers/<int:pk>/", members.member, "member"),
            ("medewerkers/<int:pk>/overdragen/", members.give_away, "member_hand_over"),
            ("medewerkers/<int:pk>/uit/", members.switch_off, "member_off"),
            ("medewerkers/<int:pk>/aan/", members.switch_on, "member_on"),
            ("medewerkers/<int:pk>/tweede-stap/", members.take_away_factor, "member_factor"),
            ("inzien/", readings.look, "look"),
            ("te-posten/", posting.to_post, "to_post"),
            ("te-posten/maken/", posting.make, "batch_make"),
            ("te-posten/eruit/", posting.take_letters_out, "batch_take_out"),
            ("te-posten/<int:pk>/", posting.batch, "batch"),
            ("te-posten/<int:pk>/bestand/", posting.batch_file, "batch_file"),
            ("te-posten/<int:pk>/terug/", posting.cancel, "batch_cancel"),
            ("verslag/", reports.years, "year_reports"),
            ("verslag/<int:year>/", reports.report, "year_report"),
            ("verslag/<int:year>/pdf/", reports.report_pdf, "report_pdf"),
            ("verslag/<int:year>/xlsx/", reports.report_xlsx, "report_xlsx"),
            ("verslag/<int:year>/woorden/", reports.report_words, "report_words"),
            ("verslag/<int:year>/vaststellen/", reports.report_adopt, "report_adopt"),
            ("verslag/taken/<slug:duty>/<int:year>/", duties.duty, "duty"),
            ("verslag/taken/<slug:duty>/<int:year>/versturen/", duties.send, "duty_send"),
            ("waarnemen/", deputies.deputies, "deputies"),
            ("waarnemen/<int:pk>/stop/", deputies.withdraw, "deputy_withdraw"),
            ("zaken/", worklist.worklist, "worklist"),
            ("zaken/toewijzen/", assigning.assign, "assign"),
            ("zaken/keuzes/", worklist.keep, "keep_filter"),
            ("zaken/keuzes/<int:pk>/weg/", worklist.drop, "drop_filter"),
            ("zaken/nieuw/", taking_in.new, "new"),
            ("zaken/nieuw/klaar/", taking_in.taken_in, "taken_in"),
            ("zaken/nieuw/<slug:act>/", taking_in.take_in, "take_in"),
            ("zaken/<slug:reference>/", cases.case_page, "case"),
            ("zaken/<slug:reference>/handeling/<slug:act>/", acts.act_page, "act"),
            ("zaken/<slug:reference>/maatregel/", measuring.promise, "measure_promise"),
            ("zaken/<slug:reference>/maatregel/<int:pk>/", measuring.change, "measure_change"),
            ("zaken/<slug:reference>/maatregel/<int:pk>/klaar/", measuring.finish, "measure_finish"),
            ("zaken/<slug:reference>/maatregel/<int:pk>/weg/", measuring.drop, "measure_drop"),
            ("zaken/<slug:reference>/maatregel/<int:pk>/oordeel/", measuring.judge, "measure_judge"),
            ("zaken/<slug:reference>/dossier/", dossier.take_along, "dossier"),
            ("zaken/<slug:reference>/lijst/<slug:check>/", cases.tick, "tick"),
            ("zaken/<slug:reference>/brief/<int:pk>/", files.letter_file, "letter"),
            ("zaken/<slug:reference>/brief/<int:pk>/bekijken/", held.look, "letter_look"),
            ("zaken/<slug:reference>/brief/<int:pk>/voorbeeld/", held.preview, "letter_preview"),
            ("zaken/<slug:reference>/brief/<int:pk>/tekst/", held.reword, "letter_words"),
            ("zaken/<slug:reference>/brief/<int:pk>/terug/", held.send_back, "letter_back"),
            ("zaken/<slug:reference>/brief/<int:pk>/aanbieden/", held.offer, "letter_offer"),
            ("zaken/<slug:reference>/brief/<int:pk>/vrijgeven/", held.release, "release"),
            ("zaken/<slug:reference>/brief/<int:pk>/gepost/", letters.posted, "posted"),
            ("zaken/<slug:reference>/brief/<int:pk>/opnieuw/", letters.retry, "retry"),
            ("zaken/<slug:reference>/bericht/", messages.write, "write"),
            ("zaken/<slug:reference>/notitie/", notes.write, "note"),
            ("zaken/<slug:reference>/verwant/", notes.link, "related"),
            ("zaken/<slug:reference>/samenvoegen/", merging.merge_page, "merge"),
            ("zaken/<slug:reference>/losmaken/", merging.part_page, "part"),
            ("zaken/<slug:reference>/betrokkene/<int:pk>/", parties.link, "link"),
            ("zaken/<slug:reference>/stuk/<int:pk>/", files.document_file, "document"),
            ("zaken/<slug:reference>/commissie/", committee.room, "committee"),
            ("zaken/<slug:reference>/commissie/dossier/", committee.sealed, "committee_dossier"),
            ("zaken/<slug:reference>/commissie/stuk/<int:pk>/", committee.document, "committee_document"),
            ("zaken/<slug:reference>/commissie/notitie/", committee.note, "committee_note"),
            ("zaken/<slug:reference>/commissie/stem/", committee.opinion, "committee_opinion"),
            ("zaken/<slug:reference>/commissie/sluiten/", committee.close, "committee_close"),
            ("zaken/<slug:reference>/commissie/tekst/", committee.text, "committee_text"),
            ("zaken/<slug:reference>/commissie/verhinderd/", committee.hindered, "committee_hindered"),
            ("zaken/<slug:reference>/commissie/link/<int:pk>/", committee.invite, "committee_invite"),
            ("zaken/<slug:reference>/commissie/vragen/", committee.appoint, "committee_appoint"),
            ("zaken/<slug:reference>/commissie/erbij/", committee.add, "committee_add"),
            ("zaken/<slug:reference>/wederhoor/", sides.matrix_page, "sides"),
            ("zaken/<slug:reference>/wederhoor/<int:pk>/<int:party>/", sides.put, "put"),
            ("zaken/<slug:reference>/gesprek/", talks.invite, "invite"),
            ("zaken/<slug:reference>/gesprek/<int:pk>/", talks.move, "move_talk"),
            ("zaken/<slug:reference>/gesprek/<int:pk>/afzeggen/", talks.cancel, "cancel_talk"),
            ("zaken/<slug:reference>/gesprek/<int:pk>/verslag/", talks.report, "report"),
            ("zaken/<slug:reference>/verklaring/", talks.statement, "statement"),
            ("zaken/<slug:reference>/verzoek/", talks.ask, "ask"),
            ("zaken/<slug:reference>/verzoek/<int:pk>/gekregen/", talks.met, "met"),
            ("zaken/<slug:reference>/verzoek/<int:pk>/intrekken/", talks.withdraw, "withdraw"),
        ]
        return [
            path("login/", SignIn.as_view(), name="login"),
            path("logout/", super().admin_view(self.logout), name="logout"),
            *(path(address, self.admin_view(view), name=name) for address, view, name in pages),
        ]


desk = DeskSite(name="desk")
