"""A case in which somebody's name stands wherever it can stand, and ways to let it go."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from complaints.actions import (
    THE_COMPLAINANT,
    disclosing,
    hearings,
    keep_filter,
    measures,
    open_case,
    perform,
    requests,
    send_message,
    write_notice,
)
from complaints.actions.batches import make_batch, take_back
from complaints.actions.notes import link_cases, write_note
from complaints.actions.reading import look_into
from complaints.actions.retaining import approve, propose
from complaints.letters.invitation import Talk
from complaints.models import (
    Case,
    Deadline,
    ErasureList,
    IncomingMail,
    Letter,
    Measure,
    Membership,
    Notice,
    Opinion,
    Party,
    Room,
    RoomDocument,
    RoomMember,
    RoomNote,
)
from complaints.retention.terms import kept
from procedures.models import Organisation
from procedures.scoping import scope
from tests.complaints import files
from tests.complaints.factories import actor_of, definition, filed_case, intake_answers

SLUG = "klik-onderwijs"
NAME, EMAIL, PHONE, ABOUT = (
    "Zebedeus Plantgeheim",
    "z.plantgeheim@wilgenroos.example",
    "06-31415926",
    "Quirina Plantsel",
)


def filled_case(organisation: Organisation, people: dict[str, Membership], *, at: datetime) -> Case:
    """A case of the procedure SLUG, with something of NAME in every table; not closed yet. Needs a media folder."""
    csm = people["csm"]
    text = f"{NAME} ({EMAIL}, {PHONE}) klaagt over {ABOUT}."
    given = {"subject": text[:90], "description": text, "about": ABOUT, "phone": PHONE}
    with scope(organisation.pk):
        case = open_case(
            answers=intake_answers(definition(SLUG), at=at, name=NAME, email=EMAIL, **given),
            actor=THE_COMPLAINANT,
            received_at=at,
            recorded_at=at,
            files={"files": [SimpleUploadedFile("Plantgeheim.pdf", files.pdf())]},
        ).case
        actor = actor_of(csm, case)
        perform(case, "acknowledge", answers={}, actor=actor, at=at)
        person, about = (Party.objects.get(case=case, kind=kind) for kind in ("complainant", "respondent"))
        talk = Talk(starts_at=at + timedelta(days=9), minutes=30, place=NAME, note=text)
        hearings.invite(case, talk, [person], actor=actor, at=at)
        requests.ask(person, text, due_on=(at + timedelta(days=9)).date(), actor=actor, at=at)
        said = hearings.keep_statement(about, hearings.typed(NAME, text), actor=actor, at=at)
        disclosing.put_to(
            said, person, actor=actor, at=at, copy=SimpleUploadedFile("kopie.txt", f"Zonder {ABOUT}".encode())
        )
        send_message(case, text, actor=THE_COMPLAINANT, at=at)
        write_note(case, text, member=csm, at=at)
        write_notice(case, Notice.Kind.LINK, at=at)
        keep_filter(csm, "Over Plantgeheim", "?q=zebedeus+plantgeheim")
        keep_filter(csm, "Maandag", "?pile=today")
        look_into(case, text, member=csm, at=at)
        first = Deadline.objects.filter(case=case, due_on__isnull=False).first()
        assert first
        assert first.due_on
        ends = {"before": first.due_on.isoformat(), "until": first.due_on.isoformat(), "in_time": True, "by": None}
        first.history = [{"extended": at.isoformat(), "reason": text, **ends}]
        first.save()
        Case.objects.filter(pk=case.pk).update(checks={"dossier_read": text})
        event = case.events.earliest("number")
        Measure.objects.create(case=case, event=event, what=text, owner=NAME, due_on=at.date())
        measures.finish(
            Measure.objects.get(case=case),
            text,
            kind=Measure.Kind.PREVENTIVE,
            done_on=at.date(),
            document=case.documents.earliest("pk"),
            actor=actor,
            at=at,
        )
        measures.judge(Measure.objects.get(case=case), Measure.Effect.WORKED, text, repeats=0, actor=actor, at=at)
        Measure.objects.filter(case=case).update(member=csm)
        write_notice(case, Notice.Kind.MEASURE, at=at, member=csm, measure=Measure.objects.get(case=case))
        mail = IncomingMail(
            case=case,
            size=9,
            sha256="5" * 64,
            body_sha256="6" * 64,
            arrived_at=at,
            kept_at=at,
            state=IncomingMail.State.PLACED,
            sender=EMAIL,
            sender_name=NAME,
            subject=text,
            refused=[{"name": NAME}],
        )
        mail.file.save("een.eml", ContentFile(text.encode()))
        Letter.objects.filter(case=case).update(try_at=None, state=Letter.State.SENT, sent_at=at)
        letter = Letter.objects.filter(case=case, name="acknowledgement").get()
        letter.pdf.save("brief.pdf", ContentFile(files.pdf()))
        letter.state = Letter.State.TO_POST
        letter.sha256 = hashlib.sha256(files.pdf()).hexdigest()
        letter.save()
        take_back(make_batch([letter.pk], member=csm, procedure=definition(SLUG), at=at).batch, member=csm, at=at)
        Letter.objects.filter(case=case).update(state=Letter.State.SENT)
        other = filed_case(organisation, at=at, name="Iemand Anders", email="anders@wilgenroos.example")
        link_cases(case, other, "related", actor=actor, at=at)
        LogEntry.objects.create(
            user=csm.user,
            content_type=ContentType.objects.get_for_model(Case),
            object_repr=case.reference,
            action_flag=CHANGE,
            action_time=at,
        )
        room = Room(case=case, event=event, role="assessor", places=3, size=9, sha256="7" * 64, sealed_at=at)
        room.manifest, room.text = {"pieces": [{"title": NAME}]}, text
        room.file.save("dossier.pdf", ContentFile(files.pdf()))
        RoomMember.objects.create(room=room, membership=people["assessor"], came_at=at)
        RoomNote.objects.create(room=room, member=people["assessor"], text=text, written_at=at)
        Opinion.objects.create(room=room, member=people["assessor"], verdict="upheld", text=text, salt="8" * 32)
        RoomDocument.objects.create(room=room, document=case.documents.earliest("pk"), added_at=at)
        case.refresh_from_db()
    return case


def closed(case: Case, *, at: datetime) -> Case:
    """The case, withdrawn by who filed it; without letters that still wait."""
    with scope(case.organisation_id):
        perform(case, "withdraw", answers={}, actor=THE_COMPLAINANT, at=at)
        Letter.objects.filter(case=case).update(try_at=None, state=Letter.State.SENT, sent_at=at)
        case.refresh_from_db()
    return case


def gone_from(case: Case, *, at: datetime) -> datetime:
    with scope(case.organisation_id):
        return kept(Case.objects.filter(pk=case.pk), at=at)[0].gone_from


def approved(organisation: Organisation, people: dict[str, Membership], *, at: datetime) -> ErasureList:
    """A list of what is due, proposed by one and approved by another."""
    procedure = definition(organisation.slug)
    administrator = next(each.name for each in procedure.roles if each.is_administrator)
    second = procedure.publisher if procedure.publisher != administrator else "second"
    with scope(organisation.pk):
        made = propose(member=people[administrator], procedure=procedure, at=at)
        seen = list(made.cases.values_list("pk", flat=True))
        approve(made, seen, member=people[second], procedure=procedure, at=at)
    return made
