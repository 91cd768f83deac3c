"""Post in: who sees mail, what they can do with it, and that it is shown as words alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from complaints.actions.receiving import keep_mail, read_mail
from complaints.models import Case, Document, IncomingMail, MailDealing, Membership, Message, Party
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import filed_case, member
from tests.complaints.inbox.conftest import ADDRESS, written

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]
State = IncomingMail.State


@pytest.fixture(autouse=True)
def box(settings: Settings, media_folder: Path) -> None:
    settings.MAILBOXES = {"klik-onderwijs": {"address": ADDRESS}}


def came_in(organisation: Organisation, text: str = "De les begon te laat.", **told: str) -> IncomingMail:
    told.setdefault("message_id", f"<{abs(hash((text, *told.values())))}@x.example>")
    mail = written(text, **told)
    mail.add_attachment(files.pdf(), maintype="application", subtype="pdf", filename="bewijs.pdf")
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename="pagina.html")
    return raw_in(organisation, mail.as_bytes())


def raw_in(organisation: Organisation, raw: bytes) -> IncomingMail:
    now = timezone.now()
    keep_mail(organisation.pk, raw, arrived_at=now - timedelta(days=2), at=now)
    read_mail(organisation.pk, at=now)
    with scope(organisation.pk):
        return IncomingMail.objects.latest("pk")


def fresh(row: IncomingMail) -> IncomingMail:
    with scope(row.organisation_id):
        return IncomingMail.objects.select_related("case", "message").get(pk=row.pk)


def case_of(organisation: Organisation) -> Case:
    now = timezone.now()
    return filed_case(organisation, at=now, recorded_at=now)


def test_mail_is_for_who_takes_in_complaints(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row = came_in(organisation)
    page = signed_in(people["csm"]).get("/beheer/post-in/").content.decode()
    assert f'href="/beheer/post-in/{row.pk}/"' in page
    assert "Post in" in page
    for role in ("handler", "manager", "general_director", "assessor"):
        client = signed_in(people[role])
        answer = client.get("/beheer/post-in/")
        assert (answer.status_code, "Een klacht" in answer.content.decode()) == (403, False), role
        assert client.get(f"/beheer/post-in/{row.pk}/").status_code == 404, role
        for verb in ("zaak", "weg", "terug"):
            assert client.post(f"/beheer/post-in/{row.pk}/{verb}/", {"reason": "x"}).status_code == 404
        assert client.get(f"/beheer/post-in/{row.pk}/bijlage/1/").status_code == 404


def test_mail_is_shown_as_words_and_reading_it_is_noted(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row = came_in(organisation, "<script>alert(1)</script> & groet", subject="<b>dik</b>")
    page = signed_in(people["csm"]).get(f"/beheer/post-in/{row.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; groet" in page
    assert "<script" not in page
    assert "<b>dik</b>" not in page
    with scope(organisation.pk):
        assert list(MailDealing.objects.values_list("what", "member")) == [("read", people["csm"].pk)]


def test_what_cannot_be_read_is_shown_as_it_came(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row = raw_in(organisation, b"From: a@b.example\n" + b"Content-Type: message/rfc822\n\n" * 200 + b"onderin")
    page = signed_in(people["csm"]).get(f"/beheer/post-in/{row.pk}/").content.decode()
    assert "niet goed te lezen" in page
    assert "Content-Type: message/rfc822" in page


def test_a_file_is_given_when_the_gate_lets_it_in(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row, client = came_in(organisation), signed_in(people["csm"])
    answer = client.get(f"/beheer/post-in/{row.pk}/bijlage/1/")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert answer["Content-Disposition"].startswith("attachment")
    refused = client.get(f"/beheer/post-in/{row.pk}/bijlage/2/", follow=True)
    assert "Pagina.html kan niet mee" in refused.content.decode()
    assert client.get(f"/beheer/post-in/{row.pk}/bijlage/3/").status_code == 404


def test_a_mail_becomes_a_complaint_of_the_day_that_it_arrived(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row, client = came_in(organisation, subject="Te laat begonnen"), signed_in(people["csm"])
    begun = client.get(f"/beheer/zaken/nieuw/file/?post={row.pk}")
    form = begun.context["form"]
    assert form["name"].value() == "Jolanda Verweij"
    assert form["email"].value() == "j.verweij@wilgenroos.example"
    assert form["subject"].value() == "Te laat begonnen"
    assert form["description"].value() == "De les begon te laat."
    assert form["channel"].value() == "email"
    sent = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    sent |= {"phone": "06 00000001", "organisation": "De Wilgenroos", "grounds": "x", "tried": "no", "wish": "x"}
    sent |= {"mail": str(row.pk), "nonce": "een-formulier"}
    sent = {name: value for name, value in sent.items() if name != "files"}
    choices = [value for value, _ in form.fields["relation"].choices] if "relation" in form.fields else []
    sent["relation"] = next((each for each in choices if each), "x")
    local = timezone.localtime(row.arrived_at)
    sent["received_at"] = f"{local.day}-{local.month}-{local.year} {local:%H.%M}"
    wrong = client.post("/beheer/zaken/nieuw/file/", sent | {"subject": ""})
    assert wrong.status_code == 422
    assert f'name="mail" value="{row.pk}"' in wrong.content.decode()
    answer = client.post("/beheer/zaken/nieuw/file/", sent)
    assert answer.status_code == 302, answer.context["form"].errors.as_json()
    client.post("/beheer/zaken/nieuw/file/", sent)  # a double click
    now = fresh(row)
    assert now.case
    with scope(organisation.pk):
        assert Case.objects.count() == 1
        assert (now.state, now.case.channel) == (State.PLACED, "email")
        assert now.case.received_at == row.arrived_at.replace(second=0, microsecond=0)
        assert list(Document.objects.filter(case=now.case).values_list("title", "by")) == [
            ("bewijs.pdf", "complainant")
        ]
        assert [each["name"] for each in now.refused] == ["pagina.html"]
        assert MailDealing.objects.filter(what="taken").count() == 1
    late = client.post("/beheer/zaken/nieuw/file/", sent | {"nonce": "een-ander-formulier"}, follow=True)
    assert "intussen iemand anders" in late.content.decode()
    with scope(organisation.pk):
        assert Case.objects.count() == 1


@pytest.mark.parametrize("whose", ["complainant", "document"])
def test_a_mail_is_put_with_a_case(
    whose: str, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case, row, client = case_of(organisation), came_in(organisation), signed_in(people["csm"])
    address = f"/beheer/post-in/{row.pk}/zaak/"
    for wrong in ({}, {"reference": "KO-2026-9999", "whose": whose}, {"reference": case.reference, "whose": "x"}):
        assert client.post(address, wrong).status_code == 422
    none = client.post(address, {"reference": case.reference, "whose": "respondent"})
    assert "geen betrokkene bekend" in none.content.decode()
    assert client.post(address, {"reference": case.reference.lower(), "whose": whose}).status_code == 302
    with scope(organisation.pk):
        assert fresh(row).case == case
        assert Message.objects.filter(case=case).count() == (whose == "complainant")
        titles = set(Document.objects.filter(case=case).values_list("title", flat=True))
        assert titles == ({"bewijs.pdf"} if whose == "complainant" else {"bewijs.pdf", "E-mail Een klacht.txt"})
    again = client.post(address, {"reference": case.reference, "whose": whose}, follow=True)
    assert "intussen iemand anders" in again.content.decode()
    assert f"/beheer/post-in/{row.pk}/" in client.get(f"/beheer/zaken/{case.reference}/").content.decode()


def test_a_mail_is_laid_aside_with_a_reason_and_taken_back(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    row, client = came_in(organisation), signed_in(people["csm"])
    assert client.post(f"/beheer/post-in/{row.pk}/weg/", {"reason": ""}).status_code == 422
    client.post(f"/beheer/post-in/{row.pk}/weg/", {"reason": "Reclame"})
    assert fresh(row).state == State.ASIDE
    assert "Een klacht" not in client.get("/beheer/post-in/").content.decode()
    assert "Een klacht" in client.get("/beheer/post-in/?pile=aside").content.decode()
    assert "Reclame" in client.get(f"/beheer/post-in/{row.pk}/").content.decode()
    client.post(f"/beheer/post-in/{row.pk}/terug/")
    assert fresh(row).state == State.WAITING


def test_mail_of_a_case_is_not_seen_by_whom_the_case_is_about(
    organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case = case_of(organisation)
    second = member(organisation, "Tweede Csm", "csm")
    with scope(organisation.pk):
        Party.objects.create(case=case, kind=Party.Kind.RESPONDENT, name=second.name, membership=second)
    named = came_in(organisation, "Over de zaak", subject=f"Re: {case.reference}")
    assert named.suggested_id == case.pk
    row, client, theirs = came_in(organisation), signed_in(people["csm"]), signed_in(second)
    assert theirs.get(f"/beheer/post-in/{row.pk}/").status_code == 200  # nobody knows yet what it belongs to
    assert theirs.get(f"/beheer/post-in/{named.pk}/").status_code == 404
    assert (
        theirs.post(f"/beheer/post-in/{row.pk}/zaak/", {"reference": case.reference, "whose": "document"}).status_code
        == 422
    )
    client.post(f"/beheer/post-in/{row.pk}/zaak/", {"reference": case.reference, "whose": "complainant"})
    for each in (row, named):
        assert theirs.get(f"/beheer/post-in/{each.pk}/").status_code == 404
        assert theirs.get(f"/beheer/post-in/{each.pk}/bijlage/1/").status_code == 404
        assert theirs.post(f"/beheer/post-in/{each.pk}/weg/", {"reason": "x"}).status_code == 404
    for pile in ("waiting", "placed", "aside"):
        assert case.reference not in theirs.get(f"/beheer/post-in/?pile={pile}").content.decode()
    assert client.get(f"/beheer/post-in/{row.pk}/").status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_asks_as_much_for_thirty_mails_as_for_one(
    count: int, organisation: Organisation, people: dict[str, Membership], signed_in: SignedIn
):
    case = case_of(organisation)
    for number in range(count):
        came_in(organisation, f"{number}", subject=f"Re: {case.reference}")
    client = signed_in(people["csm"])
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get("/beheer/post-in/").status_code == 200
    assert len(asked) == QUERIES


QUERIES = 28
