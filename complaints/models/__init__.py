"""The facts as rows: people, cases and what hangs on them; and what is not a case yet."""

from complaints.models.attempts import Attempt
from complaints.models.cases import Answer, Assignment, Case, Party, ReferenceCounter
from complaints.models.deadlines import Deadline
from complaints.models.documents import Document
from complaints.models.drafts import Draft, DraftFile
from complaints.models.history import BESIDE, Event
from complaints.models.letters import Letter
from complaints.models.measures import Measure
from complaints.models.messages import Message
from complaints.models.notices import Notice
from complaints.models.people import Membership, User, organisations_of

__all__ = [
    "BESIDE",
    "Answer",
    "Assignment",
    "Attempt",
    "Case",
    "Deadline",
    "Document",
    "Draft",
    "DraftFile",
    "Event",
    "Letter",
    "Measure",
    "Membership",
    "Message",
    "Notice",
    "Party",
    "ReferenceCounter",
    "User",
    "organisations_of",
]
