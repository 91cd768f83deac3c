"""The room of whoever judges an appeal: the sealed dossier, who sits there, their notes to each other, their votes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Case
from complaints.models.documents import Document
from complaints.models.history import Event
from complaints.models.people import Membership
from procedures.scoping import ScopedManager, ScopedModel


class Room(ScopedModel):
    """One appeal before those who judge it. The dossier is a file that is made once; `sha256` is what it was then.

    `text` is the reasoned judgement that they write together. Nobody of the organisation reads it before it is given.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="rooms")
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="+")  # by which the appeal went to them
    role = models.CharField(max_length=60)  # the outside role that judges
    places = models.PositiveIntegerField()  # how many judge together
    file = models.FileField(upload_to="dossiers/", max_length=200)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    manifest: Any = models.JSONField()
    sealed_at = models.DateTimeField(_("verzegeld"))
    text = models.TextField(_("tekst van het oordeel"), blank=True)
    closed_at = models.DateTimeField(_("stemming gesloten"), null=True, blank=True)  # by the chair, before all voted

    objects = ScopedManager["Room"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]


class RoomMember(ScopedModel):
    """Somebody who judges in a room, or did: `left_at` is when they were replaced or said that they cannot."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="members")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    is_chair = models.BooleanField(_("voorzitter"), default=False)
    came_at = models.DateTimeField()
    invited_at = models.DateTimeField(_("uitgenodigd"), null=True, blank=True)  # by the newest link
    opened_at = models.DateTimeField(_("geopend"), null=True, blank=True)
    is_hindered = models.BooleanField(_("verhinderd"), default=False)
    left_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager["RoomMember"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["room", "membership"], name="room_member_once"),
            models.UniqueConstraint(
                fields=["room"], condition=models.Q(is_chair=True, left_at=None), name="room_one_chair"
            ),
        ]


class RoomNote(ScopedModel):
    """What somebody who judges wrote for the others; nobody of the organisation ever reads it."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="notes")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("notitie"))
    written_at = models.DateTimeField(_("geschreven"))

    objects = ScopedManager["RoomNote"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]


class Opinion(ScopedModel):
    """What one of them thinks: a draft, and a vote from `voted_at` on. `salt` makes its hash in the history opaque."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="opinions")
    member = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(_("oordeel"), max_length=60, blank=True)
    text = models.TextField(_("waarom"), blank=True)
    voted_at = models.DateTimeField(_("gestemd"), null=True, blank=True)
    salt = models.CharField(max_length=32, blank=True)

    objects = ScopedManager["Opinion"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "member"], name="opinion_once")]


class RoomDocument(ScopedModel):
    """A document that those who judge may read: of the sealed dossier, or, with who added it, from later."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="documents")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("toegevoegd"))
    added_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", null=True, blank=True)

    objects = ScopedManager["RoomDocument"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["room", "document"], name="room_document_once")]
