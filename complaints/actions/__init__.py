"""Every write: each action is one transaction, and says what it does in which order."""

from complaints.actions.actors import THE_CLOCK, THE_COMPLAINANT, Actor, staff
from complaints.actions.beside import CORRECTABLE, correct_contact, note_own_data, note_read, send_message
from complaints.actions.cases import (
    CaseMovedOn,
    Opened,
    Representative,
    TooLate,
    expire_due,
    has_moved_on,
    link_respondent,
    note_sent,
    open_case,
    opened_with,
    perform,
    respondents_of,
    tick_check,
)
from complaints.actions.choices import NotKept, drop_filter, keep_filter
from complaints.actions.drafts import discard, draft_of, files_of, forget_expired, keep_draft, put_away
from complaints.actions.notices import ask_link, link_works, send_notices, use_link, write_notice
from complaints.actions.posting import (
    INCOMPLETE,
    NotReleased,
    confirm_posted,
    release_letter,
    retry_letter,
    send_waiting,
)
from complaints.actions.reading import note_reading

__all__ = [
    "CORRECTABLE",
    "INCOMPLETE",
    "THE_CLOCK",
    "THE_COMPLAINANT",
    "Actor",
    "CaseMovedOn",
    "NotKept",
    "NotReleased",
    "Opened",
    "Representative",
    "TooLate",
    "ask_link",
    "confirm_posted",
    "correct_contact",
    "discard",
    "draft_of",
    "drop_filter",
    "expire_due",
    "files_of",
    "forget_expired",
    "has_moved_on",
    "keep_draft",
    "keep_filter",
    "link_respondent",
    "link_works",
    "note_own_data",
    "note_read",
    "note_reading",
    "note_sent",
    "open_case",
    "opened_with",
    "perform",
    "put_away",
    "release_letter",
    "respondents_of",
    "retry_letter",
    "send_message",
    "send_notices",
    "send_waiting",
    "staff",
    "tick_check",
    "use_link",
    "write_notice",
]
