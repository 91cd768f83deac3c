"""The facts as rows: people, cases, their parties, history, clocks, letters, documents and measures."""

from complaints.models.cases import Answer, Assignment, Case, Party, ReferenceCounter
from complaints.models.deadlines import Deadline
from complaints.models.documents import Document
from complaints.models.history import Event
from complaints.models.letters import Letter
from complaints.models.measures import Measure
from complaints.models.people import Membership, User, organisations_of

__all__ = [
    "Answer",
    "Assignment",
    "Case",
    "Deadline",
    "Document",
    "Event",
    "Letter",
    "Measure",
    "Membership",
    "Party",
    "ReferenceCounter",
    "User",
    "organisations_of",
]
