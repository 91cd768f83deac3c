"""The facts as rows: people, cases and what hangs on them; and what is not a case yet."""

from complaints.models.api import ApiKey, Delivery, Webhook
from complaints.models.attempts import Attempt
from complaints.models.batches import Batch, BatchedLetter
from complaints.models.cases import Answer, Assignment, Case, EarlierNumber, Party, ReferenceCounter
from complaints.models.committees import Opinion, Room, RoomDocument, RoomMember, RoomNote
from complaints.models.deadlines import Deadline
from complaints.models.desks import SavedFilter, Subscription, Substitution
from complaints.models.documents import Document
from complaints.models.drafts import Draft, DraftFile
from complaints.models.history import (
    BESIDE,
    IMPORTED,
    IMPORTED_DECISION,
    IMPORTED_END,
    IMPORTING,
    Event,
)
from complaints.models.inbox import IncomingMail, MailDealing
from complaints.models.letters import Letter
from complaints.models.links import CaseLink
from complaints.models.measures import Measure
from complaints.models.messages import Message
from complaints.models.moments import Moment
from complaints.models.notes import Note
from complaints.models.notices import Notice
from complaints.models.people import Membership, User, organisations_of
from complaints.models.reading import Reading
from complaints.models.reports import DutyDone, YearReport
from complaints.models.retention import DoomedFile, ErasureList, ListedCase, RetentionHold, RetentionWatch
from complaints.models.sides import Disclosure, Hearing, HearingParty, Request

__all__ = [
    "BESIDE",
    "IMPORTED",
    "IMPORTED_DECISION",
    "IMPORTED_END",
    "IMPORTING",
    "Answer",
    "ApiKey",
    "Assignment",
    "Attempt",
    "Batch",
    "BatchedLetter",
    "Case",
    "CaseLink",
    "Deadline",
    "Delivery",
    "Disclosure",
    "Document",
    "DoomedFile",
    "Draft",
    "DraftFile",
    "DutyDone",
    "EarlierNumber",
    "ErasureList",
    "Event",
    "Hearing",
    "HearingParty",
    "IncomingMail",
    "Letter",
    "ListedCase",
    "MailDealing",
    "Measure",
    "Membership",
    "Message",
    "Moment",
    "Note",
    "Notice",
    "Opinion",
    "Party",
    "Reading",
    "ReferenceCounter",
    "Request",
    "RetentionHold",
    "RetentionWatch",
    "Room",
    "RoomDocument",
    "RoomMember",
    "RoomNote",
    "SavedFilter",
    "Subscription",
    "Substitution",
    "User",
    "Webhook",
    "YearReport",
    "organisations_of",
]
