"""The engine: what is refused and why, what clocks do, and what follows from a moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from procedures import engine
from procedures.calendars import Calendar
from procedures.deadlines import Extended, Pause
from procedures.definition import Procedure
from procedures.engine import ActRefused, Case, Decision, LetterDue, Status
from procedures.loading import read

ZONE = ZoneInfo("Europe/Amsterdam")
SOURCE = """
organisation = "proef"
name = "Proef"
prefix = "PR"
version = 3
in_force_from = 2026-01-01
publisher = "desk"
role = [
  { name = "desk", title = "balie", is_administrator = true },
  { name = "handler", title = "behandelaar", per_case = true, is_handler = true },
  { name = "assessor", title = "beoordelaar", per_case = true, is_outside = true },
]
track = [{ name = "formal", title = "Formeel" }]
phase = [
  { name = "received", title = "Ontvangen", track = "formal", public = "p" },
  { name = "investigation", title = "Onderzoek", track = "formal", public = "p" },
  { name = "decided", title = "Besloten", track = "formal", public = "p" },
  { name = "objection", title = "Bezwaar", track = "formal", public = "p" },
  { name = "closed", title = "Gesloten", track = "formal", public = "p", is_end = true, outcome = "decided" },
]

[retention]
term = "1 year"

[public]
headline = "h"
lead = "l"

[intake]
act = "file"
channel = [{ name = "web", title = "web" }]
field = [
  { name = "happened_on", title = "Wanneer?", kind = "date", required = false },
  { name = "about", title = "Over wie?", kind = "person", required = false },
  { name = "topic", title = "Waarover?", kind = "choice", choices = [
    { value = "money", title = "Geld" },
    { value = "care", title = "Zorg" },
  ] },
  { name = "amount", title = "Hoeveel?", kind = "number", when = { fact = "topic", is = "money" } },
  { name = "paid", title = "Betaald?", kind = "yes_no", when = { fact = "amount", is = 7 } },
]

[intake.window]
from_fact = "happened_on"
term = "12 months"
late = "te laat"

[[act]]
name = "file"
title = "Indienen"
by = ["complainant", "desk"]
opens = true
to = "received"

[[act]]
name = "assign"
title = "Toewijzen"
by = ["desk"]
in = ["received"]
to = "investigation"
independence = "hard"
field = [{ name = "handler", title = "Wie?", kind = "member", role = "handler" }]

[[act]]
name = "reassign"
title = "Opnieuw toewijzen"
by = ["desk"]
in = ["investigation"]
independence = "soft"
field = [{ name = "handler", title = "Wie?", kind = "member", role = "handler" }]

[[act]]
name = "compose"
title = "Commissie"
by = ["desk"]
in = ["objection"]
independence = "hard"
field = [{ name = "assessors", title = "Wie?", kind = "members", role = "assessor", count = 2 }]

[[act]]
name = "talk_money"
title = "Over geld praten"
by = ["handler"]
in = ["investigation"]
when = { fact = "topic", is = "money" }
once = true

[[act]]
name = "ask"
title = "Vragen"
by = ["handler"]
in = ["investigation"]

[[act]]
name = "answer"
title = "Antwoorden"
by = ["complainant"]
in = ["investigation"]
when = { done = "ask" }

[[act]]
name = "extend"
title = "Verlengen"
by = ["handler"]
in = ["investigation"]
extends = "decision"
field = [
  { name = "until", title = "Tot?", kind = "date" },
  { name = "why", title = "Waarom?", kind = "long_text" },
]

[[act]]
name = "extend_once_more"
title = "Uitstel"
by = ["handler"]
in = ["investigation", "received"]
extends = "assignment"

[[act]]
name = "decide"
title = "Besluiten"
by = ["handler"]
in = ["investigation"]
to = "decided"

[[act]]
name = "object"
title = "Bezwaar maken"
by = ["complainant"]
in = ["decided"]
within = "objection"
to = "objection"

[[act]]
name = "object_late"
title = "Te laat bezwaar maken"
by = ["complainant"]
in = ["decided", "closed"]
after = "objection"
to = "objection"

[[act]]
name = "lapse"
title = "Voorbij"
by = ["system"]
in = ["decided"]
on = ["passed:objection"]
to = "closed"

[[act]]
name = "alarm"
title = "Alarm"
by = ["system"]
in = ["*"]
on = ["passed:decision"]
once = true

[[act]]
name = "withdraw"
title = "Intrekken"
by = ["complainant"]
in = ["*"]
to = "closed"

[[check]]
name = "dossier_read"
title = "Dossier gelezen"
by = ["handler"]
in = ["investigation"]
before = ["decide"]

[[check]]
name = "employee_heard"
title = "Medewerker gehoord"
by = ["handler"]
in = ["investigation"]
before = ["decide"]
where_applicable = true
when = { fact = "topic", is = "care" }

[[deadline]]
name = "assignment"
title = "Toewijzing"
kind = "limit"
owed_by = "organisation"
term = "48 hours"
starts = ["file"]
met_by = ["assign"]
extension = { by = "24 hours" }

[[deadline]]
name = "decision"
title = "Besluit"
kind = "limit"
owed_by = "organisation"
term = "10 working days"
starts = ["file"]
met_by = ["sent:decision"]
paused_by = ["ask"]
resumed_by = ["answer"]
extension = { times = 2, at_most = "5 working days", may_be_late = "2 days" }

[[deadline]]
name = "objection"
title = "Bezwaar"
kind = "limit"
owed_by = "complainant"
term = "2 weeks"
starts = ["sent:decision"]
met_by = ["object"]
roll = "forward"

[[letter]]
name = "decision"
title = "Besluit"
on = ["decide"]
to = ["complainant"]
release = "after_look"
release_by = "desk"
subject = "s"
body = "b"

[[letter]]
name = "reminder"
title = "Herinnering"
on = ["before:decision:2 working days"]
to = ["handler"]
subject = "s"
body = "b"

[[letter]]
name = "escalation"
title = "Te laat"
on = ["passed:decision", "passed:assignment"]
to = ["desk"]
subject = "s"
body = "b"
"""


@cache
def procedure() -> Procedure:
    found, _ = read(SOURCE)
    assert found
    return found


def calendar(closed: Mapping[date, str] | None = None) -> Calendar:
    return Calendar.for_policy(procedure().calendar, closed)


def at(text: str) -> datetime:
    """A local moment: "11-02 09:00" in 2026."""
    year = "" if text.startswith("20") else "2026-"
    return datetime.fromisoformat((year + text).replace(" ", "T")).replace(tzinfo=ZONE)


def do(
    case: Case,
    act: str,
    moment: str,
    *,
    by: Collection[str] = ("desk", "handler", "complainant"),
    respondents: Collection[str] = (),
    **facts: object,
) -> Decision:
    return engine.decide(
        procedure(), case, act, at=at(moment), by=by, facts=facts, calendar=calendar(), respondents=respondents
    )


def sent(case: Case, letter: str, moment: str) -> Decision:
    return engine.happen(procedure(), case, f"sent:{letter}", at=at(moment), facts={}, calendar=calendar())


def passed(case: Case, moment: str) -> tuple[Decision, ...]:
    return engine.pass_time(procedure(), case, at=at(moment), calendar=calendar())


def after(case: Case, moment: str) -> Case:
    decisions = passed(case, moment)
    return decisions[-1].case if decisions else case


def tick(case: Case, check: str, moment: str, *, by: Collection[str] = ("handler",), not_applicable: str = "") -> Case:
    return engine.tick(
        procedure(), case, check, at=at(moment), by=by, calendar=calendar(), not_applicable=not_applicable
    ).case


def filed(moment: str = "11-02 09:00", **facts: object) -> Case:
    """Filed on Monday 2 November 2026: the decision is due on Monday 16 November."""
    facts.setdefault("topic", "care")
    decision = engine.decide(
        procedure(), Case(), "file", at=at(moment), by=("complainant",), facts=facts, calendar=calendar()
    )
    return decision.case


def investigated(**facts: object) -> Case:
    return do(filed("11-02 09:00", **facts), "assign", "11-03 09:00", handler="h1").case


def ready() -> Case:
    case = tick(investigated(), "dossier_read", "11-04 09:00")
    return tick(case, "employee_heard", "11-04 09:00", not_applicable="er is niemand")


def due(case: Case, rule: str) -> date | datetime:
    deadline = case.deadline(rule)
    assert deadline
    return deadline.due.due


def status(case: Case, rule: str) -> tuple[Status, datetime | None]:
    deadline = case.deadline(rule)
    assert deadline
    return deadline.status, deadline.met_at


def refused(
    case: Case, act: str, moment: str, *, by: Collection[str] = ("desk", "handler", "complainant"), **facts: object
) -> ActRefused:
    respondents = facts.pop("respondents", ())
    assert isinstance(respondents, tuple)
    with pytest.raises(ActRefused) as refusal:
        do(case, act, moment, by=by, respondents=respondents, **facts)
    return refusal.value


# ---------------------------------------------------------------------------------------------- refusals


def test_an_act_that_the_document_lacks_is_refused() -> None:
    assert refused(filed(), "sing", "11-03 09:00").code == "unknown"


def test_an_act_of_another_phase_is_refused_and_says_where_it_belongs() -> None:
    refusal = refused(filed(), "decide", "11-03 09:00")
    assert (refusal.code, str(refusal.reason)) == (
        "phase",
        "Dat kan niet in de fase “Ontvangen”. Het kan in: Onderzoek.",
    )


def test_an_act_before_anything_was_filed_is_refused() -> None:
    assert "nog niet ingediend" in refused(Case(), "decide", "11-03 09:00").reason.nl


def test_a_case_is_opened_once() -> None:
    assert refused(filed(), "file", "11-03 09:00", topic="care").code == "phase"


def test_an_act_of_another_role_is_refused() -> None:
    assert refused(filed(), "assign", "11-03 09:00", by=("handler",), handler="h1").code == "role"


def test_what_the_clock_does_is_refused_to_people() -> None:
    case = sent(do(ready(), "decide", "11-05 09:00").case, "decision", "11-05 09:00").case
    assert refused(case, "lapse", "11-06 09:00").code == "role"


def test_an_act_in_every_phase_is_refused_once_the_case_is_closed() -> None:
    case = do(filed(), "withdraw", "11-03 09:00").case
    assert case.phase == "closed"
    assert refused(case, "withdraw", "11-03 09:01").code == "phase"


def test_an_act_that_does_not_apply_is_refused() -> None:
    assert refused(investigated(), "talk_money", "11-04 09:00").code == "condition"


def test_an_act_that_waits_for_another_is_refused_until_that_is_done() -> None:
    case = investigated()
    assert refused(case, "answer", "11-04 09:00").code == "condition"
    case = do(case, "ask", "11-04 09:00").case
    assert do(case, "answer", "11-04 10:00").acts == ("answer",)


def test_an_act_for_once_is_refused_the_second_time() -> None:
    case = do(investigated(topic="money", amount=5), "talk_money", "11-04 09:00").case
    assert refused(case, "talk_money", "11-04 10:00").code == "done"


def test_an_act_that_waits_for_checks_names_those_that_are_missing() -> None:
    refusal = refused(investigated(), "decide", "11-04 09:00")
    assert (refusal.code, refusal.reason.nl) == (
        "checks",
        "Dat kan pas als dit is gedaan: Dossier gelezen, Medewerker gehoord.",
    )


def test_a_check_that_does_not_apply_to_the_case_is_not_waited_for() -> None:
    case = tick(investigated(topic="money", amount=5), "dossier_read", "11-04 09:00")
    assert do(case, "decide", "11-04 09:00").case.phase == "decided"


def test_every_wrong_answer_is_named_at_once() -> None:
    refusal = refused(Case(), "file", "11-02 09:00", topic="sport", happened_on="31-11", colour="red")
    assert (refusal.code, sorted(refusal.fields)) == ("answers", ["colour", "happened_on", "topic"])


def test_a_question_is_required_only_when_it_is_asked() -> None:
    assert sorted(refused(Case(), "file", "11-02 09:00", topic="money").fields) == ["amount"]
    assert filed(topic="care").facts == {"topic": "care", "filed_late": False}


def test_an_answer_that_another_answer_makes_needless_is_dropped_with_what_hangs_on_it() -> None:
    assert filed(topic="care", amount=7, paid=True).facts == {"topic": "care", "filed_late": False}


def test_the_channel_and_the_wish_for_silence_may_be_told_at_filing_only() -> None:
    assert filed(channel="web", represented="ja").facts == {
        "topic": "care",
        "channel": "web",
        "represented": True,
        "filed_late": False,
    }
    assert list(refused(filed(), "assign", "11-03 09:00", handler="h1", channel="web").fields) == ["channel"]


def test_a_channel_or_wish_that_the_document_lacks_is_refused() -> None:
    given = {"topic": "care", "channel": "duif", "confidentiality": "stil", "meant_as_complaint": "misschien"}
    assert sorted(refused(Case(), "file", "11-02 09:00", **given).fields) == [
        "channel",
        "confidentiality",
        "meant_as_complaint",
    ]


# ---------------------------------------------------------------------------------------------- independence


def test_a_respondent_as_handler_is_refused_where_independence_is_hard() -> None:
    refusal = refused(filed(), "assign", "11-03 09:00", handler="h1", respondents=("h1",), independence_reason="x")
    assert refusal.code == "independence"


def test_a_respondent_among_several_members_is_refused() -> None:
    case = replace(investigated(), phase="objection")
    assert refused(case, "compose", "11-04 09:00", assessors=("a1", "a2"), respondents=("a2",)).code == "independence"
    assert do(case, "compose", "11-04 09:00", assessors=("a1", "a2"), respondents=("a3",)).acts == ("compose",)


def test_a_respondent_as_handler_needs_a_reason_where_independence_is_soft() -> None:
    case = investigated()
    refusal = refused(case, "reassign", "11-04 09:00", handler="h2", respondents=("h2",))
    assert (refusal.code, list(refusal.fields)) == ("independence", ["independence_reason"])
    decision = do(
        case, "reassign", "11-04 09:00", handler="h2", respondents=("h2",), independence_reason="niemand anders"
    )
    assert decision.facts == {"handler": "h2", "independence_reason": "niemand anders"}


# ---------------------------------------------------------------------------------------------- checks


def test_a_check_is_refused_to_another_role_in_another_phase_and_twice() -> None:
    case = investigated()
    codes = []
    for attempt in (
        lambda: tick(filed(), "dossier_read", "11-03 09:00"),
        lambda: tick(case, "dossier_read", "11-04 09:00", by=("desk",)),
        lambda: tick(tick(case, "dossier_read", "11-04 09:00"), "dossier_read", "11-04 09:01"),
        lambda: tick(case, "dossier_read", "11-04 09:00", not_applicable="geen zin"),
        lambda: tick(case, "dossier_burnt", "11-04 09:00"),
    ):
        with pytest.raises(ActRefused) as refusal:
            attempt()
        codes.append(refusal.value.code)
    assert codes == ["phase", "role", "done", "not_applicable", "unknown"]


def test_ticks_are_kept_with_why_they_do_not_apply() -> None:
    assert ready().checks == {"dossier_read": "", "employee_heard": "er is niemand"}


def test_checks_open_with_the_phase() -> None:
    assert do(filed(), "assign", "11-03 09:00", handler="h1").checks_opened == ("dossier_read", "employee_heard")


# ---------------------------------------------------------------------------------------------- clocks


def test_hours_run_through_a_clock_change_and_end_sharp() -> None:
    case = filed("03-27 16:00")
    assert due(case, "assignment") == at("03-29 17:00")
    assert after(case, "03-29 16:59") == case
    assert status(after(case, "03-29 17:00"), "assignment") == (Status.MISSED, None)


def test_a_day_term_is_missed_once_its_day_is_over() -> None:
    case = after(investigated(), "11-16 23:59")
    assert status(case, "decision") == (Status.OPEN, None)
    assert status(after(case, "11-17 00:00"), "decision") == (Status.MISSED, None)


def test_a_missed_deadline_that_is_met_late_stays_missed_and_tells_when() -> None:
    case = after(ready(), "11-18 00:00")
    case = sent(do(case, "decide", "11-18 09:00").case, "decision", "11-18 10:00").case
    assert status(case, "decision") == (Status.MISSED, at("11-18 10:00").astimezone(UTC))


def test_a_letter_that_was_posted_before_the_end_turns_missed_into_met() -> None:
    case = do(ready(), "decide", "11-16 16:00").case
    case = after(case, "11-18 00:00")
    assert status(case, "decision") == (Status.MISSED, None)
    case = sent(case, "decision", "11-16 17:00").case  # known only later
    assert status(case, "decision") == (Status.MET, at("11-16 17:00").astimezone(UTC))


def test_time_brings_reminder_then_end_with_their_letters() -> None:
    decisions = passed(investigated(), "11-20 00:00")
    assert [(d.occurrence, d.at, d.letters) for d in decisions] == [
        (
            "before:decision:2 working days",
            at("11-12 08:00").astimezone(UTC),
            (LetterDue("reminder", ("handler",), "before:decision:2 working days", "decision"),),
        ),
        (
            "passed:decision",
            at("11-17 00:00").astimezone(UTC),
            (LetterDue("escalation", ("desk",), "passed:decision", "decision"),),
        ),
    ]
    assert decisions[-1].acts == ("alarm",)


def test_an_automatic_act_for_once_comes_once() -> None:
    case = after(investigated(), "11-17 00:00")
    case = do(case, "extend", "11-18 09:00", until=date(2026, 11, 19), why="w").case
    (again,) = (d for d in passed(case, "11-21 00:00") if d.occurrence == "passed:decision")
    assert (again.acts, case.done.count("alarm")) == ((), 1)


def test_nothing_is_left_to_come_when_time_has_passed_twice() -> None:
    case = after(investigated(), "12-01 00:00")
    assert passed(case, "12-01 00:00") == ()


def test_clocks_stop_when_the_case_closes() -> None:
    case = do(investigated(), "withdraw", "11-04 09:00").case
    assert [(d.rule, d.status) for d in case.deadlines] == [("assignment", Status.MET), ("decision", Status.DROPPED)]
    assert case.wake_at is None


def test_a_letter_that_leaves_after_the_case_closed_starts_no_clock() -> None:
    case = do(do(ready(), "decide", "11-05 09:00").case, "withdraw", "11-05 10:00").case
    assert sent(case, "decision", "11-05 11:00").case.deadline("objection") is None


def test_within_a_term_only_while_it_runs_and_after_it_only_then() -> None:
    case = do(ready(), "decide", "11-05 09:00").case
    assert refused(case, "object", "11-05 10:00").reason.nl == "De termijn “Bezwaar” loopt nog niet."
    case = sent(case, "decision", "11-05 09:00").case
    assert due(case, "objection") == date(2026, 11, 19)
    assert do(case, "object", "11-19 23:59").case.phase == "objection"
    assert refused(case, "object", "11-20 00:00").code == "late"
    assert refused(case, "object_late", "11-19 23:59").code == "early"
    closed = after(case, "11-20 00:00")
    assert (closed.phase, do(closed, "object_late", "11-20 09:00").case.phase) == ("closed", "objection")


def test_a_last_day_in_the_weekend_rolls_for_the_complainant() -> None:
    case = sent(do(ready(), "decide", "11-07 09:00").case, "decision", "11-07 09:00").case
    deadline = case.deadline("objection")
    assert deadline
    assert (deadline.due.raw, deadline.due.due, deadline.due.rolled) == (date(2026, 11, 21), date(2026, 11, 23), True)


def test_what_is_filed_long_after_the_event_is_marked_late_and_not_refused() -> None:
    assert filed(happened_on="2025-11-01").facts["filed_late"] is False
    assert filed(happened_on="2025-10-29").facts["filed_late"] is True
    assert filed().facts["filed_late"] is False  # nobody knows since when


def test_the_filing_window_rolls_over_the_weekend() -> None:
    """Twelve months after 31 October 2025 is a Saturday."""
    assert filed("11-02 23:59", happened_on="2025-10-31").facts["filed_late"] is False
    assert filed("11-03 00:00", happened_on="2025-10-31").facts["filed_late"] is True


# ---------------------------------------------------------------------------------------------- extensions


def test_an_extension_moves_the_end_and_is_kept_with_both() -> None:
    case = do(investigated(), "extend", "11-10 09:00", until=date(2026, 11, 20), why="ziek").case
    deadline = case.deadline("decision")
    assert deadline
    assert deadline.due.due == date(2026, 11, 20)
    assert deadline.history == (
        Extended(
            at=at("11-10 09:00").astimezone(UTC),
            raw_due_before=date(2026, 11, 16),
            raw_due=date(2026, 11, 20),
            reason="extend",
            in_time=True,
        ),
    )


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (date(2026, 11, 16), "Kies een dag na 16-11-2026."),
        (date(2026, 11, 24), "Kies een dag tot en met 23-11-2026."),
        ("morgen", "Vul een bestaande datum in"),
    ],
)
def test_an_extension_beyond_its_bounds_is_refused(until: object, reason: str) -> None:
    refusal = refused(investigated(), "extend", "11-10 09:00", until=until, why="w")
    assert reason in refusal.fields["until"].nl


def test_an_extension_to_its_last_possible_day_is_allowed() -> None:
    assert due(do(investigated(), "extend", "11-10 09:00", until="2026-11-23", why="w").case, "decision") == date(
        2026, 11, 23
    )


def test_an_extension_more_often_than_allowed_is_refused() -> None:
    case = do(investigated(), "extend", "11-10 09:00", until="2026-11-17", why="w").case
    case = do(case, "extend", "11-10 09:00", until="2026-11-18", why="w").case
    assert "hoogstens 2 keer" in refused(case, "extend", "11-10 09:00", until="2026-11-19", why="w").reason.nl


def test_a_late_extension_is_allowed_as_long_as_the_document_says_and_is_marked() -> None:
    case = after(investigated(), "11-18 09:00")
    extended = do(case, "extend", "11-18 23:59", until="2026-11-20", why="w").case.deadline("decision")
    assert extended
    assert (extended.status, [part.in_time for part in extended.extensions]) == (Status.OPEN, [False])
    refusal = refused(case, "extend", "11-19 00:00", until="2026-11-20", why="w")
    assert refusal.reason.nl == "Verlengen kon nog tot en met 18-11-2026."


def test_an_extension_by_a_fixed_amount_counts_from_the_old_end() -> None:
    case = do(filed(), "extend_once_more", "11-03 09:00").case
    assert due(case, "assignment") == at("11-05 09:00")


def test_a_deadline_that_was_met_is_not_extended() -> None:
    assert refused(investigated(), "extend_once_more", "11-03 10:00").code == "extension"


def test_an_extended_deadline_is_reminded_of_again() -> None:
    case = after(investigated(), "11-12 08:00")
    case = do(case, "extend", "11-13 09:00", until="2026-11-23", why="w").case
    assert [d.occurrence for d in passed(case, "11-23 23:00")] == ["before:decision:2 working days"]


# ---------------------------------------------------------------------------------------------- pauses


def paused() -> Case:
    return do(investigated(), "ask", "11-10 09:00").case


def test_a_paused_clock_neither_reminds_nor_ends() -> None:
    assert passed(paused(), "2027-06-01 00:00") == ()


def test_a_resumed_clock_ends_as_many_working_days_later() -> None:
    case = do(paused(), "answer", "11-12 15:00").case
    assert due(case, "decision") == date(2026, 11, 18)
    deadline = case.deadline("decision")
    assert deadline
    assert deadline.history == (Pause(at("11-10 09:00").astimezone(UTC), at("11-12 15:00").astimezone(UTC)),)


def test_a_clock_that_resumes_late_looks_back_at_no_moment() -> None:
    """Its reminder would have come before it ran again."""
    case = do(paused(), "answer", "11-30 09:00").case
    assert due(case, "decision") == date(2026, 12, 4)
    assert [(d.occurrence, d.at) for d in passed(case, "12-05 00:00")] == [
        ("before:decision:2 working days", at("12-02 08:00").astimezone(UTC)),
        ("passed:decision", at("12-05 00:00").astimezone(UTC)),
    ]


def test_what_is_done_during_a_pause_is_in_time_however_late() -> None:
    case = tick(tick(paused(), "dossier_read", "11-11 09:00"), "employee_heard", "11-11 09:00")
    case = sent(do(case, "decide", "12-20 09:00").case, "decision", "12-20 09:00").case
    assert status(case, "decision") == (Status.MET, at("12-20 09:00").astimezone(UTC))
    deadline = case.deadline("decision")
    assert deadline
    assert not deadline.is_paused


def test_a_pause_that_began_too_late_changes_nothing() -> None:
    case = do(after(investigated(), "11-18 00:00"), "ask", "11-18 09:00").case
    case = do(case, "answer", "11-25 09:00").case
    assert (due(case, "decision"), status(case, "decision")) == (date(2026, 11, 16), (Status.MISSED, None))


# ---------------------------------------------------------------------------------------------- other


def test_a_closing_day_moves_open_deadlines_only_when_they_are_counted_anew() -> None:
    case = investigated()
    closed = calendar({date(2026, 11, 9): "studiedag"})
    counted = engine.happen(procedure(), case, engine.RECOUNT, at=at("11-04 09:00"), facts={}, calendar=closed)
    assert due(case, "decision") == date(2026, 11, 16)
    assert [(each.rule, each.due.due) for each in counted.moved] == [("decision", date(2026, 11, 17))]


def test_a_decision_tells_what_changed() -> None:
    decision = do(filed(), "assign", "11-03 09:00", handler="h1")
    assert [each.rule for each in decision.changed] == ["assignment"]
    assert [each.rule for each in decision.turned(Status.MET)] == ["assignment"]
    assert (decision.started, decision.moved, decision.acts) == ((), (), ("assign",))


def test_offers_hold_every_act_of_the_phase_with_why_it_cannot_be_done() -> None:
    offers = engine.offers(procedure(), investigated(), at=at("11-04 09:00"), by=("handler",))
    assert {offer.act.name: offer.refusal.code if offer.refusal else "" for offer in offers} == {
        "reassign": "role",
        "talk_money": "condition",
        "ask": "",
        "answer": "role",
        "extend": "",
        "extend_once_more": "extension",
        "decide": "checks",
        "withdraw": "role",
    }


def test_before_filing_only_opening_acts_are_offered() -> None:
    offers = engine.offers(procedure(), Case(), at=at("11-02 09:00"), by=("desk",))
    assert [(offer.act.name, offer.refusal) for offer in offers] == [("file", None)]


# --- Handled together with another case -------------------------------------------------------------------------------


def stopped(case: Case, moment: str) -> Decision:
    return engine.happen(procedure(), case, engine.STOP, at=at(moment), facts={}, calendar=calendar())


def resumed(case: Case, moment: str, *clocks: str) -> Decision:
    facts = {engine.CLOCKS: clocks}
    return engine.happen(procedure(), case, engine.RESUME, at=at(moment), facts=facts, calendar=calendar())


def test_a_stopped_case_has_no_clock_and_nothing_to_do_and_nothing_follows_from_a_letter_that_leaves() -> None:
    case = stopped(investigated(), "11-04 09:00").case
    assert {each.status for each in case.deadlines if each.met_at is None} == {Status.DROPPED}
    assert passed(case, "2027-11-04 09:00") == ()
    assert engine.offers(procedure(), case, at=at("11-05 09:00"), by=("desk", "handler", "complainant")) == ()
    assert engine.checks_of(procedure(), case) == ()
    with pytest.raises(ActRefused) as refusal:
        do(case, "assign", "11-05 09:00", handler="h2")
    assert refusal.value.code == "stopped"
    for letter in procedure().letters:
        left = sent(case, letter.name, "11-05 09:00")
        assert (left.case, left.letters) == (case, ())


def test_a_case_that_goes_on_has_the_clocks_back_that_were_stopped() -> None:
    case = investigated()
    decision = stopped(case, "11-04 09:00")
    clocks = [each.name for each in decision.changed]
    assert clocks == ["decision#1"]
    assert resumed(decision.case, "11-05 09:00", *clocks).case == case
    assert status(resumed(decision.case, "11-05 09:00").case, "decision") == (Status.DROPPED, None)
    late = resumed(decision.case, "12-01 09:00", *clocks).case
    assert [each.occurrence for each in passed(late, "12-01 09:00")][-1] == "passed:decision"
    assert status(after(late, "12-01 09:00"), "decision") == (Status.MISSED, None)


# ---------------------------------------------------------------------------------------------- moments that meet


def test_moments_that_fall_together_are_told_as_one() -> None:
    """Two working days and four days before a Monday are the same Thursday morning."""
    twice = 'on = ["before:decision:2 working days", "before:decision:4 days", "before:decision:1 working day"]'
    found, _ = read(SOURCE.replace('on = ["before:decision:2 working days"]', twice))
    assert found
    decisions = engine.pass_time(found, investigated(), at=at("11-16 23:00"), calendar=calendar())
    assert [(d.occurrence, d.at, [each.letter for each in d.letters]) for d in decisions] == [
        ("before:decision:2 working days", at("11-12 08:00").astimezone(UTC), ["reminder"]),
        ("before:decision:1 working day", at("11-13 08:00").astimezone(UTC), ["reminder"]),
    ]
    clock = decisions[0].case.deadline("decision")
    assert clock
    assert clock.reminded == ("before:decision:2 working days", "before:decision:4 days")
    assert [d.occurrences for d in decisions] == [set(clock.reminded), {"before:decision:1 working day"}]


def test_an_act_can_wait_for_a_moment_before_an_end() -> None:
    nudge = (
        '[[act]]\nname = "nudge"\ntitle = "Por"\nby = ["system"]\nin = ["*"]\non = ["before:decision:1 working day"]\n'
    )
    found, _ = read(SOURCE.replace('[[act]]\nname = "alarm"', f'{nudge}\n[[act]]\nname = "alarm"'))
    assert found
    decisions = engine.pass_time(found, investigated(), at=at("11-16 23:00"), calendar=calendar())
    assert [(d.occurrence, d.acts) for d in decisions] == [
        ("before:decision:2 working days", ()),
        ("before:decision:1 working day", ("nudge",)),
    ]


def test_a_case_that_was_taken_over_has_the_facts_and_the_end_that_were_told_and_takes_no_step() -> None:
    parts = [("03-02 12:00", {"channel": "web"}), ("03-20 12:00", {"verdict": "upheld", engine.PHASE: "closed"})]
    case = Case()
    for moment, facts in parts:
        case = engine.happen(procedure(), case, engine.TAKE_OVER, at=at(moment), facts=facts, calendar=calendar()).case
    assert case == Case(
        phase="closed",
        opened_at=at("03-02 12:00"),
        facts={"channel": "web", "verdict": "upheld"},
        is_stopped=True,
        is_taken_over=True,
    )
    assert engine.offers(procedure(), case, at=at("11-05 09:00"), by=("desk", "handler", "complainant")) == ()
    with pytest.raises(ActRefused, match="eerder register"):
        do(case, "assign", "11-05 09:00", handler="h2")
