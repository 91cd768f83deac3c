"""Walking through a case without a database: what is filled in, what follows, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from procedures.definition import Channel
from procedures.engine import ActRefused, Status
from procedures.simulation import BadStory, Planned, Rehearsal, SentLetter, local, simulate
from tests.procedures.test_engine import procedure

ZONE = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}".replace(" ", "T")).replace(tzinfo=ZONE)


def rehearsed(*acts: tuple[str, str], **facts: object) -> Rehearsal:
    facts.setdefault("topic", "care")
    rehearsal = Rehearsal(procedure(), facts=facts)
    rehearsal.do("file", at=at("11-02 09:00"))
    for act, moment in acts:
        rehearsal.do(act, at=at(moment))
    return rehearsal


def test_what_is_not_given_is_filled_in() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"))
    assert rehearsal.case.facts == {"topic": "care", "filed_late": False, "handler": "handler 1"}


def test_a_question_that_a_given_answer_brings_up_is_filled_in_too() -> None:
    assert rehearsed(topic="money").case.facts["amount"] == 1
    assert rehearsed(topic="money", amount="7").case.facts["paid"] is False


def test_an_answer_for_one_act_does_not_reach_another() -> None:
    rehearsal = Rehearsal(procedure(), facts={"topic": "care", "assign.handler": "h1", "reassign.handler": "h2"})
    rehearsal.do("file", at=at("11-02 09:00"))
    rehearsal.do("assign", at=at("11-03 09:00"))
    assert rehearsal.case.facts["handler"] == "h1"
    rehearsal.do("reassign", at=at("11-03 10:00"))
    assert rehearsal.case.facts["handler"] == "h2"


def test_an_extension_without_a_day_goes_as_far_as_the_document_allows() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"), ("extend", "11-10 09:00"))
    deadline = rehearsal.case.deadline("decision")
    assert deadline
    assert deadline.due.due == date(2026, 11, 23)


def test_checks_that_an_act_waits_for_are_ticked_first() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"), ("decide", "11-04 09:00"))
    assert [(step.decision.occurrence, step.by) for step in rehearsal.steps[2:]] == [
        ("check:dossier_read", ("handler",)),
        ("check:employee_heard", ("handler",)),
        ("decide", ("handler",)),
        ("sent:decision", ("system",)),
    ]


def test_without_ticking_the_checklist_holds_the_act_back() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"))
    with pytest.raises(ActRefused) as refusal:
        rehearsal.do("decide", at=at("11-04 09:00"), tick=False)
    assert refusal.value.code == "checks"


def test_an_act_that_is_refused_leaves_no_ticks_behind() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"))
    before = rehearsal.case, len(rehearsal.steps)
    with pytest.raises(ActRefused):
        rehearsal.do("decide", at=at("11-04 09:00"), facts={"colour": "red"})
    assert (rehearsal.case, len(rehearsal.steps)) == before


def test_letters_leave_at_once_by_their_first_channel() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"), ("decide", "11-04 09:00"))
    assert rehearsal.letters == [
        SentLetter(
            letter="decision",
            to=("complainant",),
            channel=Channel.EMAIL,
            at=at("11-04 09:00").astimezone(UTC),
            because="decide",
            after_look=True,
        )
    ]
    objection = rehearsal.case.deadline("objection")
    assert objection
    assert rehearsal.finish().started_by(objection) == "sent:decision"


def test_a_letter_that_is_held_leaves_when_it_is_sent() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"))
    rehearsal.do("decide", at=at("11-04 09:00"), hold=["decision"])
    assert rehearsal.case.deadline("objection") is None
    rehearsal.send("decision", at=at("11-05 09:00"))
    objection = rehearsal.case.deadline("objection")
    assert objection
    assert objection.due.due == date(2026, 11, 19)


def test_time_passes_before_each_act_and_brings_its_letters() -> None:
    rehearsal = rehearsed(("assign", "11-05 09:00"))
    assert [(letter.letter, letter.at) for letter in rehearsal.letters] == [
        ("escalation", at("11-04 09:00").astimezone(UTC))
    ]


def test_time_does_not_go_back() -> None:
    with pytest.raises(BadStory, match="2026-11-01T09:00 ligt voor 2026-11-02T09:00"):
        rehearsed(("assign", "11-01 09:00"))


def test_time_goes_on_through_the_hour_that_comes_twice() -> None:
    rehearsal = Rehearsal(procedure(), facts={"topic": "care"})
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZONE)
    rehearsal.do("file", at=first)
    rehearsal.do("assign", at=first.replace(minute=10, fold=1))  # forty minutes later
    deadline = rehearsal.case.deadline("assignment")
    assert deadline
    assert deadline.met_at == rehearsal.steps[0].decision.at + timedelta(minutes=40)


def test_whom_the_complaint_names_may_not_handle_it() -> None:
    with pytest.raises(ActRefused) as refusal:
        rehearsed(("assign", "11-03 09:00"), about="handler 1")
    assert refusal.value.code == "independence"


def test_a_closing_day_may_come_later() -> None:
    rehearsal = rehearsed(("assign", "11-03 09:00"))
    rehearsal.recount(at=at("11-04 09:00"), closed={date(2026, 11, 9): "studiedag"})
    deadline = rehearsal.case.deadline("decision")
    assert deadline
    assert deadline.due.due == date(2026, 11, 17)
    assert rehearsal.replay() == rehearsal.case


def test_a_simulation_tells_all() -> None:
    simulated = simulate(
        procedure(),
        received=at("11-02 09:00"),
        acts=[
            Planned("check:dossier_read", at("11-04 09:00")),
            Planned("assign", at("11-03 09:00")),  # out of order: they are done by time
        ],
        facts={"topic": "care"},
        closed={date(2026, 11, 9): "studiedag"},
        until=at("11-20 00:00"),
    )
    assert [(each.rule, each.due.due, each.status) for each in simulated.case.deadlines] == [
        ("assignment", at("11-04 09:00"), Status.MET),
        ("decision", date(2026, 11, 17), Status.MISSED),
    ]
    assert [letter.letter for letter in simulated.letters] == ["reminder", "escalation"]
    assert [(each.act.name, each.waits_for) for each in simulated.open_acts] == [
        ("reassign", ()),
        ("ask", ()),
        ("extend", ()),
        ("decide", ("employee_heard",)),
        ("withdraw", ()),
    ]
    assert simulated.at == at("11-20 00:00")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"acts": [Planned("sing", datetime(2026, 11, 3, tzinfo=UTC))]}, "er is geen handeling “sing”; wel: file,"),
        ({"opening": "assign"}, "met “assign” begint geen zaak; wel met: file"),
        ({"facts": {"colour": "red"}}, "geen handeling vraagt naar “colour”"),
        ({"facts": {"assign.colour": "red"}}, "de handeling “assign” vraagt niet naar “colour”"),
        ({"facts": {"sing.colour": "red"}}, "er is geen handeling “sing”"),
        ({"until": datetime(2026, 11, 1, tzinfo=UTC)}, "ligt voor"),
    ],
)
def test_a_story_that_cannot_be_is_refused_with_what_can(given: dict[str, object], message: str) -> None:
    story: dict[str, object] = {"received": at("11-02 09:00"), "facts": {"topic": "care"}, **given}
    with pytest.raises(BadStory) as bad:
        simulate(procedure(), **story)  # type: ignore[arg-type]
    assert message in str(bad.value)


def test_nothing_can_be_told_before_anything_happened() -> None:
    with pytest.raises(BadStory):
        Rehearsal(procedure()).finish()


@pytest.mark.parametrize(
    ("moment", "end_of_day", "instant"),
    [
        (datetime.fromisoformat("2026-07-01T09:00"), False, datetime(2026, 7, 1, 7, tzinfo=UTC)),
        (datetime.fromisoformat("2026-12-01T09:00"), True, datetime(2026, 12, 1, 8, tzinfo=UTC)),
        (datetime(2026, 12, 1, 9, tzinfo=UTC), False, datetime(2026, 12, 1, 9, tzinfo=UTC)),
        (date(2026, 12, 1), False, datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (date(2026, 12, 1), True, datetime(2026, 12, 1, 22, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_moments_are_local_unless_they_carry_an_offset(
    moment: datetime | date, end_of_day: bool, instant: datetime
) -> None:
    assert local(moment, zone=ZONE, end_of_day=end_of_day) == instant
