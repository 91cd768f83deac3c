"""What erasing does with each table that can hold personal data: the one place that says so.

A table stands here once. Its rows go; or they stay for the figures and the history with their personal columns emptied;
or nothing of a case is in it, and it says why. A test fails for a table with texts or files that is in no entry, and
for a column of a table whose rows stay that is neither emptied nor said to be kept.

The order is that of erasing: a row goes before the rows that it points to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from django.db.models import FileField, Model, Q, QuerySet

from complaints import models
from complaints.models import Answer, Case, Deadline, IncomingMail, Party
from procedures import engine
from procedures.catalogue import procedure_of
from procedures.definition import FieldKind
from procedures.models import ClosingDay, ProcedureVersion

# What an answer may be to stay: chosen from what the procedure offers, or a number or a day that says nothing.
COUNTED: Final = frozenset(
    {
        FieldKind.CHOICE,
        FieldKind.CHOICES,
        FieldKind.YES_NO,
        FieldKind.NUMBER,
        FieldKind.DATE,
        FieldKind.MOMENT,
        FieldKind.MEMBER,
        FieldKind.MEMBERS,
    }
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case and those that were merged into it, as they are before they are erased; and whom and what they name."""

    cases: tuple[Case, ...]
    references: frozenset[str]
    names: frozenset[str]
    emails: frozenset[str]
    phones: frozenset[str]

    @property
    def keys(self) -> list[int]:
        return [each.pk for each in self.cases]

    def mentions(self, text: str) -> bool:
        """Whether a text that somebody looks for holds a number or an address of this dossier, or part of a name."""
        parts = {part.casefold() for name in self.names for part in name.split() if len(part) >= 4}
        plain = text.casefold()
        whole = any(each.casefold() in plain for each in self.references | self.emails | self.phones)
        return whole or bool(parts & set(plain.split()))


def dossier_of(cases: tuple[Case, ...]) -> Dossier:
    """The dossier with what has to be gone afterwards. One query."""
    parties = list(Party.objects.filter(case__in=cases))
    return Dossier(
        cases,
        frozenset(each.reference for each in cases),
        frozenset(" ".join(each.name.split()) for each in parties) - {""},
        frozenset(each.email.strip() for each in parties) - {""},
        frozenset(each.phone.strip() for each in parties) - {""},
    )


@dataclass(frozen=True, slots=True)
class Treatment:
    """What erasing does with the rows of one table that are about a dossier.

    `empty`: the columns that are emptied, with what they hold then, or a function of the row that says so; None: the
    rows go. `kept`: the columns with texts that stay, and why. `live`: which rows belong to something that is still
    kept, so that a name in them is no leftover; None where every row counts. `certified`: the columns that hold the
    numbers of what was erased, for the certificate.
    """

    model: type[Model]
    rows: Callable[[Dossier], QuerySet[Any]] | None = None  # None: nothing of a case is in it
    empty: Mapping[str, object] | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    live: Q | None = None
    certified: tuple[str, ...] = ()
    why: str = ""

    @property
    def file_columns(self) -> list[str]:
        return [each.name for each in self.model._meta.get_fields() if isinstance(each, FileField)]  # noqa: SLF001


def _of(model: type[Model], path: str = "case") -> Callable[[Dossier], QuerySet[Any]]:
    return lambda dossier: model.objects.filter(**{f"{path}__in": dossier.keys})  # type: ignore[attr-defined]


def _live(path: str = "case") -> Q:
    return Q(**{f"{path}__erased_at": None})


def _going(model: type[Model], path: str = "case") -> Treatment:
    return Treatment(model, _of(model, path), live=_live(path))


def _links(dossier: Dossier) -> QuerySet[Any]:
    return models.CaseLink.objects.filter(Q(case__in=dossier.keys) | Q(other__in=dossier.keys))


def _mails(dossier: Dossier) -> QuerySet[Any]:
    """What belongs to the cases, and what was put aside that came from who complains in them, or seemed to belong."""
    aside = Q(case=None, state=IncomingMail.State.ASIDE)
    known = Q(suggested__in=dossier.keys) | Q(letter__case__in=dossier.keys)
    for each in sorted(dossier.emails):
        known |= Q(sender__iexact=each)
    return IncomingMail.objects.filter(Q(case__in=dossier.keys) | (aside & known))


def _dealings(dossier: Dossier) -> QuerySet[Any]:
    return models.MailDealing.objects.filter(mail__in=_mails(dossier).values("pk"))


def _batches(dossier: Dossier) -> QuerySet[Any]:
    return models.Batch.objects.filter(letters__letter__case__in=dossier.keys).distinct()


def _filters(dossier: Dossier) -> QuerySet[Any]:
    found = [
        each.pk
        for each in models.SavedFilter.objects.all()
        if dossier.mentions(each.name) or any(dossier.mentions(value) for _name, value in parse_qsl(each.query))
    ]
    return models.SavedFilter.objects.filter(pk__in=found)


def _told(dossier: Dossier) -> QuerySet[Answer]:
    """The answers that say something of somebody: what was typed, and what the procedure calls personal."""
    found = []
    for case in dossier.cases:
        kinds = {each.name: each.kind for each in procedure_of(case.version).every_field()}
        for each in Answer.objects.filter(case=case):
            is_counted = kinds.get(each.name) in COUNTED or each.name in COUNTED_BESIDE
            if each.is_personal or not is_counted:
                found.append(each.pk)
    return Answer.objects.filter(pk__in=found)


def _earlier(dossier: Dossier) -> QuerySet[Any]:
    """From which lists the cases were taken out before."""
    return models.ListedCase.objects.filter(case__in=dossier.keys, taken_out_at__isnull=False)


def _history(row: Deadline) -> object:
    """Extensions and pauses without the reasons that somebody wrote."""
    return [{**each, "reason": ""} if "reason" in each else each for each in row.history]


def _ticks(row: Case) -> object:
    """What was ticked, without why a point did not apply."""
    return dict.fromkeys(row.checks, "")


def _shell(row: Case) -> object:
    """In small letters, so that nothing that can be typed as a number finds it."""
    return f"gewist-{row.pk:x}"


COUNTED_BESIDE: Final = frozenset({*engine.INTAKE_FACTS, engine.FILED_LATE})
OF_THE_PROCEDURE = "a name that the procedure gives"
OPAQUE = "a hash, a random name or a key"

TREATMENTS: Final = (
    Treatment(
        models.MailDealing,
        _dealings,
        empty={"reason": ""},
        live=Q(mail__case__erased_at=None, mail__case__isnull=False)
        | Q(mail__case=None) & ~Q(mail__state=IncomingMail.State.ASIDE),
    ),
    Treatment(
        IncomingMail,
        _mails,
        empty={
            "file": "",
            "body_sha256": "",
            "envelope_from": None,
            "envelope_to": [],
            "mail_id": "",
            "sender": "",
            "sender_name": "",
            "subject": "",
            "refused": [],
            "suggested": None,
            "message": None,
            "letter": None,
        },
        kept={"sha256": "so that the same mail, fetched again, does not come back"},
        # What waits for a person is new: it may be the next complaint of the same person.
        live=Q(case__erased_at=None, case__isnull=False) | Q(case=None) & ~Q(state=IncomingMail.State.ASIDE),
    ),
    _going(models.HearingParty, "hearing__case"),
    _going(models.Hearing),
    _going(models.Request),
    _going(models.Disclosure, "document__case"),
    _going(models.RoomDocument, "room__case"),
    _going(models.RoomNote, "room__case"),
    _going(models.Opinion, "room__case"),
    _going(models.RoomMember, "room__case"),
    _going(models.Room),
    _going(models.Notice),
    _going(models.Delivery),
    Treatment(
        models.Measure,
        _of(models.Measure),
        empty={
            "what": "",
            "owner": "",
            "member": None,
            "evidence": "",
            "document": None,
            "effect_reason": "",
            "remind_at": None,
        },
        kept={"kind": "corrective or preventive", "effect": "whether it worked"},
        live=_live(),
    ),
    _going(models.Document),
    _going(models.Message),
    _going(models.Note),
    _going(models.Reading),
    Treatment(models.CaseLink, _links, live=_live()),
    _going(models.Assignment),
    Treatment(
        models.Batch,
        _batches,
        empty={"pdf": "", "sha256": ""},  # the whole file: the letters of one case cannot be taken out of it
    ),
    Treatment(models.BatchedLetter, why="which letter lay in which batch; no texts"),
    Treatment(
        models.Letter,
        _of(models.Letter),
        empty={
            "party": None,
            "to_name": "",
            "to_organisation": "",
            "to_address": [],
            "to_email": "",
            "error": "",
            "subject": "",
            "html": "",
            "text": "",
            "wording": "",
            "salt": "",
            "pdf": "",
            "sha256": "",
            "try_at": None,
        },
        kept={
            "key": OPAQUE,
            "name": OF_THE_PROCEDURE,
            "deadline": OF_THE_PROCEDURE,
            "recipient": "a role, by the name that the procedure gives",
            "language": "a code",
            "channel": "how it left",
            "message_id": OPAQUE,
            "bounce_status": "the code of a mail server",
        },
        live=_live(),
    ),
    _going(models.EarlierNumber),
    _going(Party),
    Treatment(Answer, _told, live=_live()),
    Treatment(
        Deadline,
        _of(Deadline),
        empty={"history": _history},
        kept={
            "rule": OF_THE_PROCEDURE,
            "kind": "limit or target",
            "owed_by": "a side",
            "skipped": "days and what they are called",
            "reminded": OF_THE_PROCEDURE,
        },
        live=_live(),
    ),
    _going(models.RetentionHold),
    Treatment(models.ListedCase, _earlier, live=_live(), certified=("reference", "also")),
    Treatment(models.SavedFilter, _filters, why="a choice that names somebody goes; the others are nobody's file"),
    Treatment(
        Case,
        lambda dossier: Case.objects.filter(pk__in=dossier.keys),
        empty={
            "reference": _shell,
            "subject": "",
            "checks": _ticks,
            "nonce": None,
            "access_hash": "",
            "words": None,
            "wake_at": None,
            "next_due_at": None,
        },
        kept={
            "track": OF_THE_PROCEDURE,
            "phase": OF_THE_PROCEDURE,
            "outcome": OF_THE_PROCEDURE,
            "channel": OF_THE_PROCEDURE,
            "language": "a code",
            "done": OF_THE_PROCEDURE,
        },
        live=Q(erased_at=None),
    ),
    # --- Nothing of these goes with a case ---
    Treatment(
        models.Event,
        why="the history: keys, choices and hashes whose salts are gone; the database refuses to change it",
        live=_live(),
    ),
    Treatment(models.ErasureList, why="who proposed and approved, and the certificate, which names numbers alone"),
    Treatment(models.DoomedFile, why="random names of files, until they are gone"),
    Treatment(models.RetentionWatch, why="days"),
    Treatment(models.YearReport, why="figures that point at nobody, and words that are looked at for names", live=Q()),
    Treatment(models.DutyDone, why="that a yearly duty was done", live=Q()),
    Treatment(models.ReferenceCounter, why="how many numbers were given out"),
    Treatment(models.Attempt, why="hashes of network addresses, for a short while"),
    Treatment(models.Draft, why="not filed yet; goes by itself within days", live=Q()),
    Treatment(models.DraftFile, why="goes with its draft", live=Q()),
    Treatment(models.Membership, why="who works in the organisation", live=Q()),
    Treatment(models.Substitution, why="who stands in for whom"),
    Treatment(models.Webhook, why="where other systems are told what happens", live=Q()),
    Treatment(models.ApiKey, why="with what other systems get in; a colleague names it", live=Q()),
    Treatment(models.Subscription, why="a colleague's calendar"),
    Treatment(ProcedureVersion, why="the published procedure, which names its own bodies and people", live=Q()),
    Treatment(ClosingDay, why="days on which the organisation is closed", live=Q()),
)

# Tables of no organisation, by label: why nothing of a case is in them.
BESIDE_CASES: Final = {
    "procedures.Organisation": "an organisation",
    "complaints.Moment": "moments of the whole installation",
    "complaints.User": "an account of somebody who works in an organisation",
    "admin.LogEntry": "what was done to accounts; entries that name the case's number go all the same",
    "auth.Group": "unused",
    "auth.Permission": "Django's own",
    "contenttypes.ContentType": "Django's own",
    "sessions.Session": "half an hour of one browser",
    "account.EmailAddress": "of accounts",
    "account.EmailConfirmation": "of accounts",
    "mfa.Authenticator": "of accounts",
    "socialaccount.SocialAccount": "of accounts",
    "socialaccount.SocialApp": "of issuers",
    "socialaccount.SocialToken": "of accounts",
}
