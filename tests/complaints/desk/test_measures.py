"""The register of measures at the desk: from promise to judgement, who sees which, and that its files are inert."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from complaints.actions import link_respondent, measures
from complaints.actions.measures import Plan
from complaints.actions.merging import Side, merge
from complaints.models import Case, Letter, Measure, Membership, Party, Reading
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints.desk.hearing import EMAIL
from tests.complaints.desk.test_register import csv_of, sheets_of
from tests.complaints.factories import actor_of, filed_case

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]
LIST, EXPORT = "/beheer/maatregelen/", "/beheer/maatregelen/uitvoer/"
QUERIES = 30


def promised(case: Case, by: Membership, what: str, *, days: int = 9, at: datetime | None = None) -> Measure:
    now = at or timezone.now()
    due_on = timezone.localdate() + timedelta(days=days)
    with scope(case.organisation_id):
        plan = Plan(Measure.Kind.PREVENTIVE, due_on, by.name, by)
        return measures.promise(case, what, plan, actor=actor_of(by, case), at=now)


@pytest.mark.rule("KC-15")
def test_a_measure_from_promise_to_judgement(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    client, page = signed_in(people["csm"]), f"/beheer/zaken/{case.reference}/maatregel/"
    today = timezone.localdate()
    due = f"{today.day}-{today.month}-{today.year}"
    assert 'name="member"' in client.get(page).content.decode()
    revision = Case.objects.get(pk=case.pk).revision
    both = {"what": "Een tweede lezer", "kind": "preventive", "owner": "Iemand", "due_on": due, "revision": revision}
    refused = client.post(page, both | {"member": str(people["manager"].pk)})
    assert refused.status_code == 422
    assert "Een tweede lezer" in refused.content.decode()
    assert client.post(page, both | {"owner": ""}).status_code == 422
    assert client.post(page, both | {"due_on": "1-1-2020"}).status_code == 422
    assert client.post(page, both | {"revision": revision - 1}).status_code == 409
    assert client.post(page, both | {"owner": "", "member": str(people["manager"].pk)}).status_code == 302
    measure = Measure.objects.get()
    assert (measure.owner, measure.member, measure.due_on) == (people["manager"].name, people["manager"], today)

    revision = Case.objects.get(pk=case.pk).revision
    change = {"kind": "corrective", "member": "", "owner": "De drukker", "due_on": due, "revision": revision}
    assert client.post(f"{page}{measure.pk}/", change).status_code == 422, "why is missing"
    assert client.post(f"{page}{measure.pk}/", change | {"reason": "Ruil."}).status_code == 302

    document = case.documents.get()
    revision = Case.objects.get(pk=case.pk).revision
    done = {"kind": "corrective", "done_on": due, "evidence": "Staat in het handboek.", "document": str(document.pk)}
    assert client.get(f"{page}{measure.pk}/oordeel/").status_code == 404, "nothing was done yet"
    assert client.post(f"{page}{measure.pk}/klaar/", done | {"done_on": "1-1-2020", "revision": 0}).status_code == 422
    assert client.post(f"{page}{measure.pk}/klaar/", done | {"revision": revision}).status_code == 302
    revision = Case.objects.get(pk=case.pk).revision
    again = client.post(f"{page}{measure.pk}/weg/", {"reason": "Toch niet.", "revision": revision})
    assert again.status_code == 409
    assert "Toch niet." in again.content.decode()

    Measure.objects.update(done_on=today - timedelta(days=3))
    filed_case(case.organisation, at=timezone.now(), subject=case.subject)
    assert "zaken die u mag zien: 1." in client.get(f"{page}{measure.pk}/oordeel/").content.decode()
    judged = {"effect": "failed", "reason": "Het gebeurde nog eens.", "revision": revision}
    assert client.post(f"{page}{measure.pk}/oordeel/", judged | {"reason": ""}).status_code == 422
    assert client.post(f"{page}{measure.pk}/oordeel/", judged).status_code == 302
    measure.refresh_from_db()
    assert (measure.document, measure.effect, measure.repeats) == (document, "failed", 1)
    told = client.get(f"/beheer/zaken/{case.reference}/").content.decode()
    assert "Staat in het handboek." in told
    assert "Het gebeurde nog eens." in told
    assert "1 nieuwe klacht" in told


def test_register_counts_and_narrows(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    csm = people["csm"]
    promised(case, csm, "MAATREGEL-OPEN")
    promised(case, csm, "MAATREGEL-LAAT", days=-2)
    done, early, worked = (
        promised(case, people["manager"], f"MAATREGEL-{each}") for each in ("KLAAR", "VROEG", "GOED")
    )
    now, actor = timezone.now(), actor_of(csm, case)
    for each in (done, early, worked):
        kind = Measure.Kind.CORRECTIVE
        measures.finish(each, "Gezien.", kind=kind, done_on=timezone.localdate(), actor=actor, at=now)
    measures.judge(early, Measure.Effect.TOO_EARLY, "Wacht.", repeats=0, actor=actor, at=now)
    measures.judge(worked, Measure.Effect.WORKED, "Ja.", repeats=0, actor=actor, at=now)
    client = signed_in(csm)

    def shown(query: str) -> set[str]:
        body = client.get(LIST + query).content.decode()
        return {each for each in ("OPEN", "LAAT", "KLAAR", "VROEG", "GOED") if f"MAATREGEL-{each}" in body}

    assert shown("") == {"OPEN", "LAAT"}
    assert shown("?state=late") == {"LAAT"}
    assert shown("?state=judge") == {"KLAAR", "VROEG"}
    assert shown("?state=done") == {"KLAAR", "VROEG", "GOED"}
    assert shown("?state=all") == {"OPEN", "LAAT", "KLAAR", "VROEG", "GOED"}
    assert shown("?state=all&whose=me") == {"OPEN", "LAAT"}
    assert shown("?state=all&kind=corrective") == {"KLAAR", "VROEG", "GOED"}
    assert shown("?state=all&year=1999") == set()
    assert "?state=late&amp;whose=me" in client.get("/beheer/zaken/").content.decode()
    assert "whose=me" not in signed_in(people["manager"]).get("/beheer/zaken/").content.decode()


def test_measure_is_known_to_whoever_may_know_of_its_case(
    organisation: Organisation, opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    other = filed_case(organisation, at=timezone.now(), about=people["manager"].name)
    with scope(organisation.pk):
        about = Party.objects.get(case=other, kind=Party.Kind.RESPONDENT)
        if about.membership_id is None:
            link_respondent(other, about, people["manager"], actor=actor_of(people["csm"], other), at=timezone.now())
    promised(case, people["csm"], "PLANT-EEN", days=-2)
    late = promised(other, people["csm"], "PLANT-TWEE", days=-2)
    with scope(organisation.pk):
        Measure.objects.filter(pk=late.pk).update(member=people["manager"])  # as a decision's table would

    def told(member: Membership) -> set[str]:
        client = signed_in(member)
        body = client.get(LIST + "?state=all").content.decode()
        file = client.post(EXPORT, {"form": "csv", "state": "all"}).content.decode()
        found = {each for each in ("PLANT-EEN", "PLANT-TWEE") if each in body}
        assert found == {each for each in ("PLANT-EEN", "PLANT-TWEE") if each in file}
        return found

    assert told(people["csm"]) == {"PLANT-EEN", "PLANT-TWEE"}
    assert told(people["handler"]) == {"PLANT-EEN"}, "only the case that is theirs"
    assert told(people["manager"]) == {"PLANT-EEN"}, "the other one is about them"
    assert "whose=me" not in signed_in(people["manager"]).get("/beheer/zaken/").content.decode()
    assert signed_in(people["assessor"]).get(LIST).status_code == 403
    page = f"/beheer/zaken/{other.reference}/maatregel/{late.pk}/"
    assert signed_in(people["manager"]).post(page, {}).status_code == 404
    wrong = f"/beheer/zaken/{case.reference}/maatregel/{late.pk}/"
    assert signed_in(people["csm"]).get(wrong).status_code == 404, "a measure of another case"


def test_files_are_inert_and_who_takes_them_is_noted(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    case, _code = opened
    promised(case, people["csm"], '=HYPERLINK("https://kwaad.example")')
    client = signed_in(people["csm"])
    lines = csv_of(client.post(EXPORT, {"form": "csv"}).content)
    assert lines[1][2] == '\'=HYPERLINK("https://kwaad.example")'
    sheet = sheets_of(client.post(EXPORT, {"form": "xlsx"}).content)["Maatregelen"]
    assert sheet[1][:3] == [case.reference, case.subject, '=HYPERLINK("https://kwaad.example")']
    assert sheet[1][5] == timezone.localdate() + timedelta(days=9)
    assert client.post(EXPORT, {"form": "pdf"}).status_code == 400
    assert Reading.objects.filter(case=case, what=Reading.What.EXPORT, member=people["csm"]).count() == 2
    unproved = Client()
    unproved.force_login(people["csm"].user)
    assert unproved.post(EXPORT, {"form": "csv"}).status_code == 403


@pytest.mark.parametrize("rows", [1, 30])
def test_register_costs_the_same_for_one_and_for_thirty(
    opened: tuple[Case, str],
    people: dict[str, Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    case, _code = opened
    for number in range(rows):
        promised(case, people["csm"], f"Maatregel {number}")
    Measure.objects.update(done_on=timezone.localdate(), remind_at=None)
    client = signed_in(people["csm"])
    client.get(LIST)
    with django_assert_num_queries(QUERIES):
        assert client.get(LIST + "?state=done").status_code == 200


def test_what_was_promised_in_a_case_that_was_merged_can_still_be_done(
    opened: tuple[Case, str], people: dict[str, Membership], signed_in: SignedIn
) -> None:
    main, _code = opened
    now = timezone.now()
    younger = filed_case(main.organisation, at=now, name="Jolanda Verweij", email=EMAIL)
    measure = promised(younger, people["csm"], "Bel terug.")
    with scope(main.organisation_id):
        Letter.objects.filter(case=younger).update(try_at=None)
        ours, theirs = (Case.objects.get(pk=each.pk) for each in (younger, main))
        side, other = (Side(each, actor_of(people["csm"], each), each.revision) for each in (ours, theirs))
        merge(side, other, at=now)
        younger.refresh_from_db()
    client, page = signed_in(people["csm"]), f"/beheer/zaken/{younger.reference}/"
    told = client.get(page).content.decode()
    assert f"{page}maatregel/{measure.pk}/klaar/" in told
    assert f'"{page}maatregel/"' not in told
    today = timezone.localdate()
    done = {"kind": "corrective", "done_on": f"{today.day}-{today.month}-{today.year}", "evidence": "Gebeld."}
    assert client.get(f"{page}maatregel/").status_code == 409
    answer = client.post(f"{page}maatregel/{measure.pk}/klaar/", done | {"revision": younger.revision})
    assert answer.status_code == 302
