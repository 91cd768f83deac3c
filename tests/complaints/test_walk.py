"""A complaint at each organisation, over HTTP from the web form to its end: decided, and after an appeal."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from complaints.actions import THE_CLOCK, confirm_posted, release_letter, send_waiting, staff
from complaints.demo.paths import Move, Way, ways
from complaints.models import Case, Letter, Membership
from complaints.queries.committees import judging_act, room_of, verdict_of
from complaints.queries.replay import replayed
from complaints.queries.state import state_of
from procedures.definition import COMPLAINANT, Act, Field, FieldKind, Procedure
from procedures.engine import waits_for
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.factories import SLUGS, definition, published, staffed
from tests.complaints.intake.test_public_pages import nonce_of, typed
from tests.complaints.letters.frozen import is_frozen
from tests.complaints.letters.paper import keep_sheets, use_sheets
from tests.conftest import MailServer


def ends(procedure: Procedure) -> list[str]:
    """The phase in which a decided case ends, and the one after an appeal (or the outside body's handling)."""
    found = ways(procedure)
    wanted = []
    for outcome in ("decided", "appealed"):
        phases = [
            phase.name
            for phase in procedure.phases
            if phase.is_end and phase.outcome == outcome and all(move.act != "…" for move in found[phase.name])
        ]
        wanted += phases[:1]
    return wanted


WALKS = [pytest.param(slug, end, id=f"{slug}-{end}") for slug in SLUGS for end in ends(definition(slug))]


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "end"), WALKS)
def test_complaint_is_walked_to_its_end_over_http(
    slug: str, end: str, client: Client, smtp_server: MailServer, media_folder: Path
):
    organisation = published(slug)
    people = staffed(organisation)
    walk = Walk(organisation, people, client)
    walk.go(ways(definition(slug))[end])
    with scope(organisation.pk):
        case = Case.objects.select_related("version").get()
        assert case.phase == end
        assert case.is_closed
        assert replayed(case).phase == end
        for letter in Letter.objects.filter(case=case):
            assert letter.state == Letter.State.SENT, (letter.name, letter.state, letter.error)
            assert is_frozen(letter, definition(slug)), letter.name
    assert {message["Message-ID"] for message in smtp_server.messages}


class Walk:
    def __init__(self, organisation: Organisation, people: dict[str, Membership], complainant: Client) -> None:
        self.organisation = organisation
        self.procedure = definition(organisation.slug)
        self.people = people
        self.complainant = complainant

    def go(self, way: Way) -> None:
        for number, move in enumerate(way):
            if number == 0 and move.act == self.procedure.intake.act:
                self._file(move)
            else:
                self._act(self.procedure.act(move.act), move)
            self._send()

    def _file(self, move: Move) -> None:
        slug = self.organisation.slug
        given = {name: _typed(value) for name, value in move.answers(timezone.now()).items()}
        sent = typed(self.procedure, nonce=nonce_of(self.complainant, slug), **given)
        for field in self.procedure.intake.fields:
            if field.kind is FieldKind.PERSON:
                sent.pop(field.name, None) if not field.required else None
        receipt = self.complainant.post(f"/{slug}/indienen/", sent)
        assert receipt.status_code == 201, receipt.content.decode()
        page = receipt.content.decode()
        reference = re.search(r'class="big-ref ref">([^<]+)<', page)
        assert reference
        code = " ".join(re.findall(r"<span>([0-9A-Z]{2,4})</span>", page.partition('class="code"')[2]))
        entered = self.complainant.post(f"/{slug}/volgen/", {"reference": reference[1], "code": code})
        assert entered.status_code == 302

    def _act(self, act: Act, move: Move) -> None:
        if act.opens:
            client, address = self._someone(act.by), f"/beheer/zaken/nieuw/{act.name}/"
            fields: tuple[Field, ...] = self.procedure.fields_of(act)
        else:
            case = self._case()
            self._tick(act, case)
            self._vote(act, case, move)
            fields = act.fields
            if COMPLAINANT in act.by:
                client, address = self.complainant, f"/{self.organisation.slug}/volgen/handeling/{act.name}/"
            else:
                client = self._someone(act.by)
                address = f"/beheer/zaken/{case.reference}/handeling/{act.name}/"
        form = client.get(address)
        assert form.status_code == 200, (address, form.status_code)
        data: dict[str, object] = dict(
            re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', form.content.decode())
        )
        given = move.answers(timezone.now())
        for field in fields:
            data |= self._answer(field, given.get(field.name))
        if act.opens:
            now = timezone.localtime()
            data |= {
                "channel": self.procedure.intake.channels[0].name,
                "received_at": f"{now.day}-{now.month}-{now.year} {now.hour}.{now.minute:02d}",
                "confidentiality": next((each.name for each in self.procedure.intake.confidentiality), ""),
                "meant_as_complaint": "yes",
                "represented": "no",
            }
            data |= {name: _typed(value) for name, value in given.items() if name not in data}
        done = client.post(address, data)
        assert done.status_code == 302, (act.name, re.sub(r"<[^>]+>|\s+", " ", done.content.decode())[:3000])

    def _tick(self, act: Act, case: Case) -> None:
        with scope(self.organisation.pk):
            waiting = waits_for(self.procedure, state_of(case, self.procedure), act)
        for check in waiting:
            client = self._someone(check.by)
            page = client.get(f"/beheer/zaken/{case.reference}/").content.decode()
            revision = re.search(r'name="revision" value="(\d+)"', page)
            sent = {"revision": revision[1]} if revision else {}
            done = client.post(f"/beheer/zaken/{case.reference}/lijst/{check.name}/", sent)
            assert done.status_code == 302, check.name

    def _vote(self, act: Act, case: Case, move: Move) -> None:
        """Where several judge an appeal together, each votes in their room before the judgement is given."""
        verdict = verdict_of(act)
        with scope(self.organisation.pk):
            room = room_of(case)
            judging = judging_act(self.procedure, room.role) if room else None
            if room is None or verdict is None or judging != act or room.places < 2:
                return
            judges = [each.membership.user for each in room.members.select_related("membership__user")]
        chosen = next(iter(self._answer(verdict, move.answers(timezone.now()).get(verdict.name)).values()))
        for user in judges:
            client = Client()
            client.force_login(user)
            sent = {"verdict": chosen, "reasons": "Zo staat het in de stukken.", "vote": "1"}
            assert client.post(f"/beheer/zaken/{case.reference}/commissie/stem/", sent).status_code == 302

    def _answer(self, field: Field, given: object) -> dict[str, object]:
        name = field.name
        if given is not None:
            return {name: _typed(given)}
        day = timezone.localdate() + timedelta(days=5)
        match field.kind:
            case FieldKind.MEMBER:
                return {name: str(self.people[field.role].pk)}
            case FieldKind.MEMBERS:
                with scope(self.organisation.pk):
                    found = Membership.objects.filter(roles__contains=[field.role]).values_list("pk", flat=True)
                    return {name: [str(key) for key in found[: field.count or 1]]}
            case FieldKind.YES_NO:
                return {name: "no"}
            case FieldKind.CHOICE | FieldKind.CHOICES:
                return {name: field.open_choices[0].value}
            case FieldKind.DATE:
                return {name: f"{day.day}-{day.month}-{day.year}"}
            case FieldKind.MOMENT:
                return {name: f"{day.day}-{day.month}-{day.year} 14.30"}
            case FieldKind.EMAIL:
                return {name: "iemand@voorbeeld.example"}
            case FieldKind.MEASURES:
                return {f"{name}-0-what": "Bellen", f"{name}-0-owner": "Tom", f"{name}-0-due_on": "4-1-2027"}
            case FieldKind.NUMBER:
                return {name: "1"}
            case FieldKind.DOCUMENT | FieldKind.DOCUMENTS:
                return {}
            case FieldKind.PERSON:
                return {name: "Iemand Anders"} if field.required else {}
            case _:
                return {name: "1234 AB" if name == "postcode" else "Antwoord"}

    def _someone(self, roles: tuple[str, ...]) -> Client:
        """A browser in which somebody is signed in who plays one of these roles in the case."""
        with scope(self.organisation.pk):
            case = Case.objects.select_related("version").first()
            for role in roles:
                for member in Membership.objects.select_related("user").filter(roles__contains=[role]):
                    if role in staff(member, self.procedure, case).roles:
                        client = Client()
                        client.force_login(member.user)
                        return client
        raise AssertionError(f"nobody plays {roles}")

    def _case(self) -> Case:
        with scope(self.organisation.pk):
            return Case.objects.select_related("version").get()

    def _send(self) -> None:
        """The letters leave; those on paper are posted, those that wait for a look are let go."""
        now = timezone.now()
        with scope(self.organisation.pk):
            for letter in Letter.objects.filter(state=Letter.State.HELD):
                release_letter(letter, actor=THE_CLOCK, at=now)
        with scope(self.organisation.pk):
            use_sheets(self.procedure, at=now)
        while send_waiting(self.organisation.pk, at=timezone.now()):
            pass
        with scope(self.organisation.pk):
            keep_sheets(self.procedure)
            for letter in Letter.objects.filter(state=Letter.State.TO_POST).select_related("case__version"):
                confirm_posted(letter, on=timezone.localdate(), actor=THE_CLOCK, at=timezone.now())


def _typed(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.strftime("%d-%m-%Y") if hasattr(value, "strftime") else value
