"""The room of whoever judges an appeal: three assessors at one organisation, a single third party at another."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from complaints.actions import THE_COMPLAINANT, note_sent, open_case, perform, send_message, tick_check
from complaints.actions.notices import _told_to_staff, secret_of
from complaints.models import (
    Assignment,
    Case,
    Deadline,
    Event,
    Membership,
    Note,
    Notice,
    Opinion,
    Party,
    Room,
    RoomMember,
    RoomNote,
)
from procedures import engine
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import (
    PUBLISHED_AT,
    act_answers,
    actor_of,
    definition,
    intake_answers,
    member,
    published,
    staffed,
)
from tests.complaints.test_every_address import ADDRESSES, patterns

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Membership], Client]
INTERNAL = "Alleen voor collega's onder elkaar"
SECRET = "Ik vind dit gegrond, want de afspraak stond op papier."


def filed(organisation: Organisation, at: datetime) -> Case:
    return open_case(
        answers=intake_answers(definition(organisation.slug), at=at, name="Jolanda Verweij"),
        actor=THE_COMPLAINANT,
        received_at=at,
        recorded_at=at,
        files={"files": [SimpleUploadedFile("offerte.pdf", files.pdf())]},
    ).case


def act(case: Case, name: str, who: Membership | None, people: dict[str, Membership], at: datetime) -> None:
    actor = actor_of(who, case) if who else THE_COMPLAINANT
    answers = act_answers(definition(case.organisation.slug), case, name, people, at=at)
    perform(case, name, answers=answers, actor=actor, at=at)
    case.refresh_from_db()


def objected(organisation: Organisation, people: dict[str, Membership]) -> Case:
    """A case at Klik Onderwijs with an objection that waits for its committee."""
    at = timezone.now()
    with scope(organisation.pk):
        case = filed(organisation, at)
        act(case, "acknowledge", people["csm"], people, at)
        act(case, "assign", people["csm"], people, at)
        for check in ("dossier_read", "filer_contacted", "employee_heard", "documents_requested"):
            tick_check(case, check, actor=actor_of(people["handler"], case), at=at)
        act(case, "decide", people["handler"], people, at)
        note_sent(case, "decision", at=at, recorded_at=at)
        case.refresh_from_db()
        act(case, "object", None, people, at)
        Note.objects.create(case=case, member=people["csm"], text=INTERNAL, written_at=at)
        return case


@pytest.fixture
def assessors(organisation: Organisation, people: dict[str, Membership]) -> list[Membership]:
    with scope(organisation.pk):
        return list(Membership.objects.select_related("user").filter(roles=["assessor"]).order_by("pk"))


@pytest.fixture
def waiting(organisation: Organisation, people: dict[str, Membership], media_folder: Path) -> Case:
    return objected(organisation, people)


def address(case: Case, rest: str = "commissie/") -> str:
    return f"/beheer/zaken/{case.reference}/{rest}"


def revision(case: Case) -> str:
    with scope(case.organisation_id):
        return str(Case.objects.get(pk=case.pk).revision)


def composed(case: Case, csm: Client, chosen: list[Membership]) -> int:
    sent = {"assessors": [str(each.pk) for each in chosen], "revision": revision(case)}
    return csm.post(address(case, "handeling/compose_committee/"), sent).status_code


def judged(case: Case, client: Client, judgement: str) -> tuple[int, str]:
    sent = {
        "revision": revision(case),
        "judgement": judgement,
        "judgement_reasons": "Omdat de afspraak op papier stond.",
        "consequences": "Betaal het bedrag terug.",
    }
    answer = client.post(address(case, "handeling/judge/"), sent)
    return answer.status_code, answer.content.decode()


def assert_two_weeks(case: Case) -> None:
    """The judgement has to be carried out in two weeks, or on the first working day after."""
    clock = Deadline.objects.get(case=case, rule="consequences")
    assert clock.due_on is not None
    assert timedelta(days=14) <= clock.due_on - timezone.localdate() <= timedelta(days=18)


def occurrences(case: Case) -> list[str]:
    with scope(case.organisation_id):
        events = Event.objects.filter(case=case, occurrence__startswith="beside:")
        return [each.removeprefix("beside:") for each in events.values_list("occurrence", flat=True)]


@pytest.mark.rule("KO-16", "KO-18", "KO-19")
def test_committee_of_three_walks_from_invitation_to_binding_judgement(
    waiting: Case,
    people: dict[str, Membership],
    assessors: list[Membership],
    signed_in: SignedIn,
    settings: Settings,
):
    first, second, third = assessors
    third.user.set_unusable_password()
    third.user.save()
    csm = signed_in(people["csm"])
    assert composed(waiting, csm, assessors) == 302
    with scope(waiting.organisation_id):
        room = Room.objects.get()
        with room.file.open("rb") as stored:
            kept = stored.read()
        assert hashlib.sha256(kept).hexdigest() == room.sha256 == room.manifest["pdf"]["sha256"]
        with pikepdf.open(io.BytesIO(kept)) as pdf:
            assert len(pdf.pages) == room.manifest["pdf"]["pages"] > 1
        assert [(each.membership_id, each.is_chair) for each in room.members.all()] == [
            (first.pk, True),
            (second.pk, False),
            (third.pk, False),
        ]
        assert [each.document.title for each in room.documents.all()] == ["offerte.pdf"]
        link = Notice.objects.get(kind=Notice.Kind.INVITE)
        assert link.member_id == third.pk
        secret = secret_of(link)
    # The link: looking changes nothing, a password uses it up, and the second factor comes before the room.
    settings.STAFF_SECOND_FACTOR = True
    browser, path = Client(), f"/klik-onderwijs/commissie/link/{secret}/"
    assert [browser.get(path).status_code for _ in range(2)] == [200, 200]
    assert browser.post(path, {"new_password1": "kort", "new_password2": "kort"}).status_code == 422
    password = {"new_password1": "een lang wachtwoord hoor", "new_password2": "een lang wachtwoord hoor"}
    led = browser.post(path, password)
    assert (led.status_code, led["Location"]) == (302, address(waiting))
    assert browser.get(address(waiting))["Location"].startswith("/beheer/tweede-stap/instellen/?next=")
    assert Client().get(path).status_code == Client().post(path, password).status_code == 410
    settings.STAFF_SECOND_FACTOR = False
    one, two, three = signed_in(first), signed_in(second), browser
    shown = one.get(address(waiting)).content.decode()
    assert "Het dossier" in shown
    assert INTERNAL not in shown
    assert "bindend" in shown
    assert one.get(address(waiting, "")).headers["Location"] == address(waiting)
    sealed = three.get(address(waiting, "commissie/dossier/"))
    assert hashlib.sha256(sealed.getvalue()).hexdigest() == room.sha256
    # Notes, drafts and votes.
    assert one.post(address(waiting, "commissie/notitie/"), {"note": "Zullen wij haar horen?"}).status_code == 302
    assert "Zullen wij haar horen?" in two.get(address(waiting)).content.decode()
    half = one.post(address(waiting, "commissie/stem/"), {"verdict": "upheld", "reasons": "", "vote": "1"})
    assert (half.status_code, "Schrijf op waarom." in half.content.decode()) == (422, True)
    for client, verdict in ((one, "upheld"), (two, "not_upheld")):
        vote = {"verdict": verdict, "reasons": SECRET, "vote": "1"}
        assert client.post(address(waiting, "commissie/stem/"), vote).status_code == 302
    before = three.get(address(waiting)).content.decode()
    assert ("2 van 3 stemden." in before, SECRET in before, "Meerderheid:" in before) == (True, False, False)
    assert judged(waiting, one, "upheld")[0] == 422  # not everybody has voted
    assert three.post(address(waiting, "commissie/sluiten/")).status_code == 404  # only the chair closes
    vote = {"verdict": "upheld", "reasons": "Eens.", "vote": "1"}
    assert three.post(address(waiting, "commissie/stem/"), vote).status_code == 302
    after = three.get(address(waiting)).content.decode()
    assert (SECRET in after, "Meerderheid: Het bezwaar is gegrond" in after) == (True, True)
    assert two.post(address(waiting, "commissie/stem/"), vote).status_code == 409
    # The judgement, by the procedure's own act, with what they wrote in it.
    agreed = {"text": "Het bezwaar is gegrond, zeggen wij samen."}
    assert one.post(address(waiting, "commissie/tekst/"), agreed).status_code == 302
    form = two.get(address(waiting, "handeling/judge/")).content.decode()
    assert agreed["text"] in form
    wrong = judged(waiting, two, "not_upheld")
    assert (wrong[0], "Dit is niet wat de meerderheid heeft gestemd." in wrong[1]) == (422, True)
    assert judged(waiting, two, "upheld")[0] == 302
    for client in (one, two, three):
        assert client.get(address(waiting)).status_code == 404
        assert waiting.reference not in client.get("/beheer/zaken/").content.decode()
    with scope(waiting.organisation_id):
        waiting.refresh_from_db()
        assert waiting.phase == "judged"
        assert_two_weeks(waiting)
    worklist = signed_in(people["general_director"]).get("/beheer/zaken/").content.decode()
    assert "(bindend)" in worklist
    assert "handeling/carry_out/" in signed_in(people["general_director"]).get(address(waiting, "")).content.decode()
    told = occurrences(waiting)
    assert [each for each in told if each in ("dossier_sealed", "room_invited")] == ["dossier_sealed", "room_invited"]
    assert (told.count("room_entered"), told.count("room_voted")) == (3, 3)
    with scope(waiting.organisation_id):
        history = str(list(Event.objects.filter(case=waiting).values_list("facts", flat=True)))
    assert SECRET not in history


def test_somebody_involved_or_working_here_cannot_judge(
    waiting: Case, people: dict[str, Membership], assessors: list[Membership], signed_in: SignedIn
):
    csm = signed_in(people["csm"])
    colleague = member(waiting.organisation, "Bas Beide", "manager", "assessor")
    respondent = member(waiting.organisation, "Rita Raak", "assessor")
    former = member(waiting.organisation, "Hans Handig", "assessor")
    with scope(waiting.organisation_id):
        Party.objects.create(case=waiting, kind=Party.Kind.RESPONDENT, name="Rita Raak", membership=respondent)
        Case.objects.filter(pk=waiting.pk).update(handler=former)
    for unfit in (colleague, respondent, former):
        assert composed(waiting, csm, [assessors[0], assessors[1], unfit]) == 422, unfit.name
    with scope(waiting.organisation_id):
        assert not Room.objects.exists()


def test_who_is_replaced_or_hindered_is_out_at_once_and_the_chair_may_close(
    waiting: Case, people: dict[str, Membership], assessors: list[Membership], signed_in: SignedIn
):
    csm = signed_in(people["csm"])
    spare = member(waiting.organisation, "Nina Nieuw", "assessor")
    other = member(waiting.organisation, "Otto Later", "assessor")
    assert composed(waiting, csm, assessors) == 302
    one, two, three = (signed_in(each) for each in assessors)
    assert "Nina Nieuw" in csm.get(address(waiting)).content.decode()
    with scope(waiting.organisation_id):
        place = RoomMember.objects.get(membership=assessors[0])
    sent = {"member": str(spare.pk), "instead_of": str(place.pk)}
    assert csm.post(address(waiting, "commissie/vragen/"), sent).status_code == 302
    assert one.get(address(waiting)).status_code == 404
    assert signed_in(spare).get(address(waiting)).status_code == 200
    assert three.post(address(waiting, "commissie/verhinderd/")).status_code == 302
    assert three.get(address(waiting)).status_code == 404
    with scope(waiting.organisation_id):
        told = Notice.objects.get(kind=Notice.Kind.MESSAGE)
        assert (told.member_id, _told_to_staff(told)[0]) == (people["csm"].pk, "notice_hindered")
    assert csm.post(address(waiting, "commissie/vragen/"), {"member": str(other.pk)}).status_code == 302
    with scope(waiting.organisation_id):
        assert RoomMember.objects.get(membership=spare).is_chair
        assert set(Assignment.objects.filter(case=waiting, role="assessor").values_list("membership", flat=True)) == {
            assessors[1].pk,
            spare.pk,
            other.pk,
        }
    vote = {"verdict": "upheld", "reasons": "Eens.", "vote": "1"}
    chair = signed_in(spare)
    two.post(address(waiting, "commissie/stem/"), vote)
    chair.post(address(waiting, "commissie/sluiten/"))
    assert judged(waiting, two, "upheld")[0] == 422  # one vote is not half of three
    chair.post(address(waiting, "commissie/stem/"), vote)
    assert chair.post(address(waiting, "commissie/sluiten/")).status_code == 302
    assert "Meerderheid: Het bezwaar is gegrond" in two.get(address(waiting)).content.decode()
    assert judged(waiting, two, "upheld")[0] == 302


def test_staff_never_reads_what_the_committee_writes_and_gives_what_came_later(
    waiting: Case, people: dict[str, Membership], assessors: list[Membership], signed_in: SignedIn
):
    csm = signed_in(people["csm"])
    assert composed(waiting, csm, assessors) == 302
    one = signed_in(assessors[0])
    one.post(address(waiting, "commissie/notitie/"), {"note": SECRET})
    one.post(address(waiting, "commissie/stem/"), {"verdict": "upheld", "reasons": SECRET, "vote": "1"})
    one.post(address(waiting, "commissie/tekst/"), {"text": SECRET})
    for role in ("csm", "general_director", "manager"):
        client = signed_in(people[role])
        for page in ("", "commissie/"):
            shown = client.get(address(waiting, page))
            assert (shown.status_code, SECRET in shown.content.decode(), "Stemmen" in shown.content.decode()) == (
                200,
                False,
                False,
            )
        for verb in ("notitie", "stem", "tekst", "sluiten", "verhinderd"):
            sent = {"note": "x", "verdict": "upheld", "reasons": "x", "text": "x"}
            assert client.post(address(waiting, f"commissie/{verb}/"), sent).status_code == 404, (role, verb)
    with scope(waiting.organisation_id):
        send_message(
            waiting,
            "Dit vond ik nog.",
            actor=THE_COMPLAINANT,
            at=timezone.now(),
            files=[SimpleUploadedFile("later.pdf", files.pdf())],
        )
        later = waiting.documents.get(title="later.pdf")
    assert one.get(address(waiting, f"commissie/stuk/{later.pk}/")).status_code == 404
    assert csm.post(address(waiting, "commissie/erbij/"), {"document": str(later.pk)}).status_code == 302
    assert "later toegevoegd op" in one.get(address(waiting)).content.decode()
    assert one.get(address(waiting, f"commissie/stuk/{later.pk}/")).status_code == 200
    with scope(waiting.organisation_id):
        assert (RoomNote.objects.count(), Opinion.objects.count()) == (1, 1)


def test_assessor_reaches_nothing_but_the_room(
    waiting: Case, people: dict[str, Membership], assessors: list[Membership], signed_in: SignedIn
):
    foreign = objected(waiting.organisation, people)
    assert composed(waiting, signed_in(people["csm"]), assessors) == 302
    client = signed_in(assessors[0])
    listed = client.get("/beheer/zaken/").content.decode()
    assert (waiting.reference in listed, foreign.reference in listed) == (True, False)
    assert client.get("/beheer/zaken/", {"q": "Verweij"}).status_code == 403
    with scope(waiting.organisation_id):
        keys = {"stuk": waiting.documents.get().pk, "brief": waiting.letters.values_list("pk", flat=True)[0]}
    mine = {"", "handeling/<slug:act>/", "commissie/", "commissie/dossier/", "commissie/stuk/<int:pk>/"}
    mine |= {f"commissie/{each}/" for each in ("notitie", "stem", "sluiten", "tekst", "verhinderd")}
    begins = "beheer/zaken/<slug:reference>/"
    open_to_all = ("beheer/zaken/", "beheer/", "beheer/organisatie/", "beheer/password", "beheer/tweede-stap")
    for pattern in patterns(get_resolver().url_patterns):
        if ADDRESSES[pattern] not in ("staff", "case") or pattern in open_to_all or pattern.startswith(open_to_all[3:]):
            continue
        rest = pattern.removeprefix(begins)
        for case in (waiting, foreign):
            if case is waiting and pattern.startswith(begins) and rest in mine:
                continue
            path = "/" + pattern.replace("<slug:reference>", case.reference).replace("<slug:act>", "acknowledge")
            path = path.replace("<slug:check>", "dossier_read").replace("<int:number>", "1")
            for part, key in keys.items():
                path = path.replace(f"{part}/<int:pk>", f"{part}/{key}")
            path = path.replace("<int:pk>", "1").replace("<int:party>", "1")
            for method in ("get", "post"):
                assert getattr(client, method)(path).status_code in (403, 404, 405), (method, path)


@pytest.mark.rule("O21-01", "O21-23")
def test_single_third_party_reads_writes_and_judges_without_a_vote(signed_in: SignedIn, media_folder: Path):
    organisation, at = published("o21"), timezone.now()
    people = staffed(organisation)
    with scope(organisation.pk):
        case = filed(organisation, at)
        act(case, "reject", people["directie"], people, at)
        note_sent(case, "rejection", at=at, recorded_at=at)
        case.refresh_from_db()
        act(case, "appeal", None, people, at)
    desk = signed_in(people["secretariaat"])
    sent = {"third_party": str(people["third_party"].pk), "revision": revision(case)}
    assert desk.post(address(case, "handeling/forward_appeal/"), sent).status_code == 302
    client = signed_in(people["third_party"])
    shown = client.get(address(case)).content.decode()
    assert ("Het dossier" in shown, "Stemmen" in shown, "Notities voor elkaar" in shown) == (True, False, False)
    assert client.post(address(case, "commissie/stem/"), {"verdict": "upheld", "vote": "1"}).status_code == 404
    client.post(address(case, "commissie/tekst/"), {"text": "Neem de klacht in behandeling."})
    assert "Neem de klacht in behandeling." in client.get(address(case, "handeling/judge/")).content.decode()
    sent = {
        "revision": revision(case),
        "judgement": "upheld",
        "judgement_reasons": "Zij is de klant.",
        "has_consequences": "yes",
        "consequences": "Neem de klacht in behandeling.",
    }
    assert client.post(address(case, "handeling/judge/"), sent).status_code == 302
    assert client.get(address(case)).status_code == 404
    with scope(organisation.pk):
        assert_two_weeks(case)
    assert "(bindend)" in signed_in(people["directie"]).get(address(case, "")).content.decode()


def test_new_link_ends_the_one_before_and_a_term_ends_both(
    waiting: Case, people: dict[str, Membership], assessors: list[Membership], signed_in: SignedIn
):
    for each in assessors:
        each.user.set_unusable_password()
        each.user.save()
    csm = signed_in(people["csm"])
    assert composed(waiting, csm, assessors) == 302
    with scope(waiting.organisation_id):
        first = Notice.objects.get(kind=Notice.Kind.INVITE, member=assessors[0])
        place = RoomMember.objects.get(membership=assessors[0])
    assert csm.post(address(waiting, f"commissie/link/{place.pk}/")).status_code == 302
    with scope(waiting.organisation_id):
        newest = Notice.objects.filter(kind=Notice.Kind.INVITE, member=assessors[0]).latest("pk")
    path = "/klik-onderwijs/commissie/link/{}/"
    assert Client().get(path.format(secret_of(first))).status_code == 410
    assert Client().get(path.format(secret_of(newest))).status_code == 200
    assert (
        Client().get(path.format(secret_of(newest)).replace("klik-onderwijs", published("o21").slug)).status_code == 410
    )
    assert Client().get(f"/klik-onderwijs/volgen/link/{secret_of(newest)}/").status_code == 410
    with scope(waiting.organisation_id):
        Notice.objects.filter(pk=newest.pk).update(expires_at=PUBLISHED_AT)
    assert Client().get(path.format(secret_of(newest))).status_code == 410


def test_room_takes_as_many_questions_for_one_note_as_for_thirty(
    waiting: Case,
    people: dict[str, Membership],
    assessors: list[Membership],
    signed_in: SignedIn,
    django_assert_num_queries: DjangoAssertNumQueries,
):
    assert composed(waiting, signed_in(people["csm"]), assessors) == 302
    client = signed_in(assessors[0])
    client.get(address(waiting))
    for total in (1, 30):
        with scope(waiting.organisation_id):
            room = Room.objects.get()
            written = room.notes.count()
            RoomNote.objects.bulk_create(
                RoomNote(
                    room=room, member=assessors[1], text="x", written_at=timezone.now(), organisation=room.organisation
                )
                for _ in range(total - written)
            )
        with django_assert_num_queries(44):
            client.get(address(waiting))


def test_procedure_itself_refuses_whom_the_complaint_is_about(waiting: Case, people: dict[str, Membership]):
    with scope(waiting.organisation_id):
        about = member(waiting.organisation, "Rita Raak", "assessor")
        Party.objects.create(case=waiting, kind=Party.Kind.RESPONDENT, name="Rita Raak", membership=about)
        answers = act_answers(definition("klik-onderwijs"), waiting, "compose_committee", people, at=timezone.now())
        answers["assessors"] = [*answers["assessors"][:2], str(about.pk)]  # type: ignore[index]
        with pytest.raises(engine.ActRefused):
            perform(
                waiting,
                "compose_committee",
                answers=answers,
                actor=actor_of(people["csm"], waiting),
                at=timezone.now(),
            )
