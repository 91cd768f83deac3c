"""Every address × who may not know of a case: a stranger, another organisation, the person complained about (G6).

The addresses come from the resolver: one that is not listed here fails, so a new one is tested the day it is born.

Everybody asks to read (GET) and to send (POST) at each address. HEAD is GET without its body, and no view takes PUT or
DELETE: these three are asked at each address too, but by one kind of stranger, the next one at the next address. The
person complained about uses them all; `--every`: everybody does.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import Settings

from complaints.actions import (
    THE_COMPLAINANT,
    disclosing,
    hearings,
    open_case,
    perform,
    requests,
    send_waiting,
    use_link,
    write_notice,
)
from complaints.actions.batches import make_batch
from complaints.actions.notices import secret_of
from complaints.actions.receiving import keep_mail, read_mail
from complaints.letters.invitation import Talk
from complaints.models import Batch, Case, Disclosure, Document, Hearing, IncomingMail, Letter, Notice, Party, Request
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.desk.phases import undone
from tests.complaints.factories import account, actor_of, definition, intake_answers, member, published, staffed
from tests.complaints.inbox.conftest import written
from tests.conftest import MailServer

pytestmark = pytest.mark.django_db

SLUG, OTHER = "klik-onderwijs", "klassepro"
PLANTED = "PLANTGEHEIM"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
METHODS = ("get", "head", "post", "put", "delete")
IN_TURNS = ("head", "put", "delete")

# What an address says of a case: nothing ("open"), or it may be reached only by who may know of the case ("case"), or
# by a system with a key ("key").
ADDRESSES = {
    "gezond/": "open",
    "gezond/gereed/": "open",
    "gezond/optijd/": "open",
    "gezond/cijfers/": "open",
    "taal/": "open",
    "": "open",
    "<slug:organisation>/": "open",
    "<slug:organisation>/privacy/": "open",
    "<slug:organisation>/procedure.pdf": "open",
    "<slug:organisation>/versies/": "open",
    "<slug:organisation>/versies/<int:number>/": "open",
    "<slug:organisation>/thema.css": "open",
    "<slug:organisation>/indienen/": "open",
    "<slug:organisation>/indienen/nakijken/": "open",
    "<slug:organisation>/indienen/verder/": "open",
    "<slug:organisation>/indienen/opnieuw/": "open",
    "<slug:organisation>/indienen/kopie/": "open",
    "<slug:organisation>/agenda/<slug:secret>.ics": "open",
    "<slug:organisation>/commissie/link/<slug:secret>/": "open",
    "<slug:organisation>/volgen/": "open",
    "<slug:organisation>/volgen/afsluiten/": "open",
    "<slug:organisation>/volgen/link/": "open",
    "<slug:organisation>/volgen/link/<slug:secret>/": "open",
    "<slug:organisation>/volgen/zaak/": "session",
    "<slug:organisation>/volgen/samen/": "session",
    "<slug:organisation>/volgen/handeling/<slug:act>/": "session",
    "<slug:organisation>/volgen/bericht/": "session",
    "<slug:organisation>/volgen/adres/": "session",
    "<slug:organisation>/volgen/gegevens/": "session",
    "<slug:organisation>/volgen/kopie/": "session",
    "<slug:organisation>/volgen/brief/<int:pk>/": "session",
    "<slug:organisation>/volgen/stuk/<int:pk>/": "session",
    "api/v1/<slug:organisation>/form": "open",
    "api/v1/<slug:organisation>/register": "key",
    "api/v1/<slug:organisation>/complaints": "key",
    "api/v1/<slug:organisation>/openapi.json": "open",
    "beheer/login/": "open",
    "beheer/login/code/": "open",
    "beheer/login/bij/<slug:slug>/": "open",
    "beheer/login/bij/<slug:slug>/terug/": "open",
    "beheer/wachtwoord-vergeten/": "open",
    "beheer/wachtwoord-vergeten/verstuurd/": "open",
    "beheer/wachtwoord-vergeten/link/<slug:key>/<slug:uidb36>/": "open",
    "beheer/wachtwoord-vergeten/klaar/": "open",
    "beheer/tweede-stap/": "staff",
    "beheer/tweede-stap/instellen/": "staff",
    "beheer/tweede-stap/passkey/": "staff",
    "beheer/tweede-stap/passkey/<int:pk>/weghalen/": "staff",
    "beheer/tweede-stap/weghalen/": "staff",
    "beheer/tweede-stap/reservecodes/": "staff",
    "beheer/tweede-stap/reservecodes/nieuw/": "staff",
    "beheer/logout/": "leaves",
    "beheer/password_change/": "staff",
    "beheer/password_change/done/": "staff",
    "beheer/organisatie/": "staff",
    "beheer/": "staff",
    "beheer/agenda/": "staff",
    "beheer/agenda/adres/": "staff",
    "beheer/agenda/stoppen/": "staff",
    "beheer/agenda/mail/": "staff",
    "beheer/maatregelen/": "staff",
    "beheer/maatregelen/uitvoer/": "staff",
    "beheer/inzicht/": "staff",
    "beheer/verslag/": "staff",
    "beheer/verslag/<int:year>/": "staff",
    "beheer/verslag/<int:year>/pdf/": "staff",
    "beheer/verslag/<int:year>/xlsx/": "staff",
    "beheer/verslag/<int:year>/woorden/": "staff",
    "beheer/verslag/<int:year>/vaststellen/": "staff",
    "beheer/verslag/taken/<slug:duty>/<int:year>/": "staff",
    "beheer/verslag/taken/<slug:duty>/<int:year>/versturen/": "staff",
    "beheer/register/": "staff",
    "beheer/register/uitvoer/": "staff",
    "beheer/register/overnemen/": "staff",
    "beheer/register/overnemen/voorbeeld/": "staff",
    "beheer/register/overnemen/bevestigen/": "staff",
    "beheer/post-in/": "staff",
    "beheer/post-in/<int:pk>/": "case",
    "beheer/post-in/<int:pk>/zaak/": "case",
    "beheer/post-in/<int:pk>/weg/": "case",
    "beheer/post-in/<int:pk>/terug/": "case",
    "beheer/post-in/<int:pk>/bijlage/<int:number>/": "case",
    "beheer/koppelingen/": "staff",
    "beheer/koppelingen/sleutel/": "staff",
    "beheer/koppelingen/sleutel/<int:pk>/intrekken/": "staff",
    "beheer/koppelingen/melding/": "staff",
    "beheer/koppelingen/melding/<int:pk>/stoppen/": "staff",
    "beheer/koppelingen/melding/<int:pk>/opnieuw/": "staff",
    "beheer/medewerkers/": "staff",
    "beheer/medewerkers/nieuw/": "staff",
    "beheer/medewerkers/<int:pk>/": "staff",
    "beheer/medewerkers/<int:pk>/overdragen/": "staff",
    "beheer/medewerkers/<int:pk>/uit/": "staff",
    "beheer/medewerkers/<int:pk>/aan/": "staff",
    "beheer/medewerkers/<int:pk>/tweede-stap/": "staff",
    "beheer/inzien/": "staff",
    "beheer/te-posten/": "staff",
    "beheer/te-posten/maken/": "staff",
    "beheer/te-posten/eruit/": "staff",
    "beheer/te-posten/<int:pk>/": "staff",
    "beheer/te-posten/<int:pk>/bestand/": "staff",
    "beheer/te-posten/<int:pk>/terug/": "staff",
    "beheer/waarnemen/": "staff",
    "beheer/waarnemen/<int:pk>/stop/": "staff",
    "beheer/procedure/": "staff",
    "beheer/procedure/nieuw/": "staff",
    "beheer/procedure/weg/": "staff",
    "beheer/procedure/tekst/": "staff",
    "beheer/procedure/formulier/": "staff",
    "beheer/procedure/verschil/": "staff",
    "beheer/procedure/proberen/": "staff",
    "beheer/procedure/publiceren/": "staff",
    "beheer/bewaartermijnen/": "staff",
    "beheer/bewaartermijnen/vasthouden/": "staff",
    "beheer/bewaartermijnen/vasthouden/<int:pk>/": "staff",
    "beheer/bewaartermijnen/lijst/": "staff",
    "beheer/bewaartermijnen/lijst/<int:pk>/": "staff",
    "beheer/bewaartermijnen/lijst/<int:pk>/eruit/": "staff",
    "beheer/bewaartermijnen/lijst/<int:pk>/goedkeuren/": "staff",
    "beheer/bewaartermijnen/lijst/<int:pk>/intrekken/": "staff",
    "beheer/bewaartermijnen/lijst/<int:pk>/bewijs/": "staff",
    "beheer/sluitingsdagen/": "staff",
    "beheer/sluitingsdagen/nieuw/": "staff",
    "beheer/sluitingsdagen/<int:pk>/vervallen/": "staff",
    "beheer/zaken/": "staff",
    "beheer/zaken/toewijzen/": "staff",
    "beheer/zaken/keuzes/": "staff",
    "beheer/zaken/keuzes/<int:pk>/weg/": "staff",
    "beheer/zaken/nieuw/": "staff",
    "beheer/zaken/nieuw/klaar/": "staff",
    "beheer/zaken/nieuw/<slug:act>/": "staff",
    "beheer/zaken/<slug:reference>/": "case",
    "beheer/zaken/<slug:reference>/handeling/<slug:act>/": "case",
    "beheer/zaken/<slug:reference>/maatregel/": "case",
    "beheer/zaken/<slug:reference>/maatregel/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/maatregel/<int:pk>/klaar/": "case",
    "beheer/zaken/<slug:reference>/maatregel/<int:pk>/weg/": "case",
    "beheer/zaken/<slug:reference>/maatregel/<int:pk>/oordeel/": "case",
    "beheer/zaken/<slug:reference>/dossier/": "case",
    "beheer/zaken/<slug:reference>/lijst/<slug:check>/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/bekijken/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/voorbeeld/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/tekst/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/terug/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/aanbieden/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/vrijgeven/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/gepost/": "case",
    "beheer/zaken/<slug:reference>/brief/<int:pk>/opnieuw/": "case",
    "beheer/zaken/<slug:reference>/bericht/": "case",
    "beheer/zaken/<slug:reference>/notitie/": "case",
    "beheer/zaken/<slug:reference>/verwant/": "case",
    "beheer/zaken/<slug:reference>/samenvoegen/": "case",
    "beheer/zaken/<slug:reference>/losmaken/": "case",
    "beheer/zaken/<slug:reference>/betrokkene/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/stuk/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/commissie/": "case",
    "beheer/zaken/<slug:reference>/commissie/dossier/": "case",
    "beheer/zaken/<slug:reference>/commissie/stuk/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/commissie/notitie/": "case",
    "beheer/zaken/<slug:reference>/commissie/stem/": "case",
    "beheer/zaken/<slug:reference>/commissie/sluiten/": "case",
    "beheer/zaken/<slug:reference>/commissie/tekst/": "case",
    "beheer/zaken/<slug:reference>/commissie/verhinderd/": "case",
    "beheer/zaken/<slug:reference>/commissie/link/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/commissie/vragen/": "case",
    "beheer/zaken/<slug:reference>/commissie/erbij/": "case",
    "beheer/zaken/<slug:reference>/wederhoor/": "case",
    "beheer/zaken/<slug:reference>/wederhoor/<int:pk>/<int:party>/": "case",
    "beheer/zaken/<slug:reference>/gesprek/": "case",
    "beheer/zaken/<slug:reference>/gesprek/<int:pk>/": "case",
    "beheer/zaken/<slug:reference>/gesprek/<int:pk>/afzeggen/": "case",
    "beheer/zaken/<slug:reference>/gesprek/<int:pk>/verslag/": "case",
    "beheer/zaken/<slug:reference>/verklaring/": "case",
    "beheer/zaken/<slug:reference>/verzoek/": "case",
    "beheer/zaken/<slug:reference>/verzoek/<int:pk>/gekregen/": "case",
    "beheer/zaken/<slug:reference>/verzoek/<int:pk>/intrekken/": "case",
}


def patterns(found: list[Any], before: str = "") -> Iterator[str]:
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, before + str(each.pattern))
        elif isinstance(each, URLPattern):
            yield before + str(each.pattern)


def test_every_address_is_listed():
    assert set(patterns(get_resolver().url_patterns)) == set(ADDRESSES)


@pytest.fixture
def case(smtp_server: MailServer, media_folder: Path, settings: Settings) -> Case:
    """A case full of planted texts, with a letter that left, a document and a mail, about a colleague."""
    organisation = published(SLUG)
    people = staffed(organisation)
    member(organisation, f"{PLANTED} Collega", "csm", "general_director", "handler", "assessor")
    now = timezone.now()
    answers = {
        name: f"{PLANTED} {name}" if name in ("name", "organisation", "subject", "description", "grounds") else value
        for name, value in intake_answers(definition(SLUG), at=now, about=f"{PLANTED} Collega").items()
    }
    with scope(organisation.pk):
        case = open_case(
            answers=answers,
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
            files={"files": [SimpleUploadedFile(f"{PLANTED}.pdf", files.pdf())]},
        ).case
        perform(case, "acknowledge", answers={}, actor=actor_of(people["csm"], case), at=now)
        used = write_notice(case, Notice.Kind.LINK, at=now)
        assert used
        use_link(secret_of(used), at=now)
        person, csm = Party.objects.get(case=case, kind="complainant"), actor_of(people["csm"], case)
        talk = Talk(starts_at=now + timedelta(days=9), minutes=30, place=PLANTED, note=PLANTED)
        hearings.invite(case, talk, [person], actor=csm, at=now)
        requests.ask(person, PLANTED, due_on=(now + timedelta(days=9)).date(), actor=csm, at=now)
        about = Party.objects.get(case=case, kind="respondent")
        said = hearings.keep_statement(about, hearings.typed(PLANTED, PLANTED), actor=csm, at=now)
        copy = SimpleUploadedFile(f"{PLANTED} kopie.txt", f"{PLANTED} zonder namen".encode())
        disclosing.put_to(said, person, actor=csm, at=now, copy=copy)
    while send_waiting(organisation.pk, at=now):
        pass
    with scope(organisation.pk):
        letter = Letter.objects.get(case=case, name="acknowledgement")
        Letter.objects.filter(pk=letter.pk).update(state=Letter.State.TO_POST)
        make_batch([letter.pk], member=people["csm"], procedure=definition(SLUG), at=now)
    mail = written(PLANTED, sender=f"{PLANTED} <{PLANTED}@x.example>", subject=f"{PLANTED} {case.reference}")
    mail.add_attachment(files.pdf(), maintype="application", subtype="pdf", filename=f"{PLANTED}.pdf")
    settings.MAILBOXES = {SLUG: {"address": "klachten@klik.example"}}
    keep_mail(organisation.pk, mail.as_bytes(), arrived_at=None, at=now)
    read_mail(organisation.pk, at=now)
    return case


def staying() -> list[tuple[str, str]]:
    """The addresses that leave somebody signed in, so that the next one is still asked as them."""
    return [(pattern, kind) for pattern, kind in ADDRESSES.items() if kind != "leaves"]


@functools.cache
def keys_of(case: Case) -> dict[str, object]:
    """What stands for the numbers and secrets in an address; read once for each case."""
    with scope(case.organisation_id):
        return {
            "brief": Letter.objects.filter(case=case, name="acknowledgement").values_list("pk", flat=True)[0],
            "stuk": Disclosure.objects.get(document__case=case).copy_id,
            "betrokkene": Party.objects.filter(case=case, kind="respondent").values_list("pk", flat=True)[0],
            "gesprek": Hearing.objects.get(case=case).pk,
            "verzoek": Request.objects.get(case=case).pk,
            "wederhoor": Document.objects.filter(case=case).values_list("pk", flat=True)[0],
            "sleutel": 1,
            "melding": 1,
            "te-posten": Batch.objects.get().pk,
            "post-in": IncomingMail.objects.get().pk,
            "secret": secret_of(Notice.objects.get(case=case, kind=Notice.Kind.LINK)),
        }


def filled_in(pattern: str, case: Case, slug: str = SLUG) -> str:
    keys = keys_of(case)
    address = "/" + pattern.replace("<slug:organisation>", slug).replace("<slug:reference>", case.reference)
    address = address.replace("<slug:secret>", str(keys["secret"])).replace(
        "<slug:key>/<slug:uidb36>", "cs4abc-0123abc/1"
    )
    address = address.replace("<slug:act>", "acknowledge").replace("<slug:check>", "dossier_read")
    address = address.replace("<int:number>", "1").replace("<int:party>", str(keys["betrokkene"]))
    keys["link"] = keys["stuk"]  # of a room: no appeal went to anybody here, so there is none
    address = address.replace("<int:year>", str(timezone.now().year)).replace("<slug:duty>", "analysis")
    for part, key in keys.items():
        address = address.replace(f"{part}/<int:pk>", f"{part}/{key}")
    return address


def asked(client: Client, method: str, address: str) -> tuple[int, str]:
    answer = getattr(client, method)(address, follow=False)
    body = answer.getvalue() if answer.streaming else answer.content
    return answer.status_code, body.decode(errors="replace") + str(answer.get("Content-Disposition", ""))


def unknown(pattern: str, case: Case) -> str:
    """The same address of a case, or of a mail, that does not exist."""
    address = filled_in(pattern, case).replace(case.reference, "KO-2026-9999")
    return re.sub(r"(?<=/post-in/)\d+", "999999", address)


def without_numbers(text: str, case: Case) -> str:
    """The text without what differs by itself: the number that was asked for, and the token of the form."""
    return TOKEN.sub("", text.replace(case.reference, "N").replace("KO-2026-9999", "N"))


def by_turns() -> Iterator[str]:
    """One method after the other, each asked as if none was before it: the case is made once for all."""
    for method in METHODS:
        cache.clear()
        with undone():
            yield method


def staying_for(asker: int, askers: int, method: str, *, every: bool) -> list[tuple[str, str]]:
    """The addresses at which this one of so many askers uses the method."""
    found = staying()
    if every or method not in IN_TURNS:
        return found
    first = (asker + IN_TURNS.index(method)) % askers
    return found[first::askers]


def test_askers_together_use_every_method_at_every_address():
    for method in METHODS:
        assert {each for asker in range(3) for each in staying_for(asker, 3, method, every=False)} == set(staying())


def test_strangers_learn_nothing(case: Case, every: bool):
    someone = account("Vreemde Vogel", is_staff=True, is_superuser=True)
    colleague = member(published(OTHER), "Ander Mens", "coordinator", "director", "handler").user
    for method in by_turns():
        strangers = [Client(), Client(), Client()]
        strangers[1].force_login(someone)
        strangers[2].force_login(colleague)
        for asker, client in enumerate(strangers):
            for pattern, kind in staying_for(asker, len(strangers), method, every=every):
                status, body = asked(client, method, filled_in(pattern, case))
                assert PLANTED not in body, (pattern, method)
                if kind == "case":
                    assert status in (302, 403, 404, 405), (pattern, method, status)
                    nothing, said = asked(client, method, unknown(pattern, case))
                    assert (status, without_numbers(body, case)) == (nothing, without_numbers(said, case)), pattern
                if kind == "session":
                    assert status in (302, 403, 404, 405), (pattern, method, status)
                if kind == "key":
                    assert status in (401, 405), (pattern, method, status)


def test_person_complained_about_learns_nothing(case: Case):
    with scope(case.organisation_id):
        respondent = Party.objects.get(case=case, kind="respondent").membership
    assert respondent
    own_name = respondent.name
    for method in by_turns():
        client = Client()
        client.force_login(respondent.user)
        for pattern, kind in staying():
            status, body = asked(client, method, filled_in(pattern, case))
            assert PLANTED not in body.replace(own_name, ""), (pattern, method)
            assert case.reference not in body, (pattern, method)
            if kind == "case":
                assert status in (404, 405), (pattern, method, status)
                nothing = asked(client, method, unknown(pattern, case))[1]
                assert without_numbers(body, case) == without_numbers(nothing, case)
        found = client.get("/beheer/zaken/", {"q": case.reference}).content.decode()
        assert f'href="/beheer/zaken/{case.reference}/"' not in found


def test_complainant_of_another_case_learns_nothing(case: Case):
    organisation = Organisation.objects.get(slug=SLUG)
    now = timezone.now()
    with scope(organisation.pk):
        opened = open_case(
            answers=intake_answers(definition(SLUG), at=now, name="Ander Iemand"),
            actor=THE_COMPLAINANT,
            received_at=now,
            recorded_at=now,
        )
    client = Client()
    client.post(f"/{SLUG}/volgen/", {"reference": opened.case.reference, "code": opened.access_code})
    assert opened.case.reference in client.get(f"/{SLUG}/volgen/zaak/").content.decode()
    for pattern in ADDRESSES:
        for method in METHODS:
            _status, body = asked(client, method, filled_in(pattern, case))
            assert PLANTED not in body, (pattern, method)
