"""Complaints that are not filed yet: what somebody typed, and the files with it, kept for a short while."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from procedures.scoping import ScopedManager, ScopedModel


class Draft(ScopedModel):
    """A form that was checked or put away, found by its nonce, or by a code of which a keyed hash is kept.

    It goes when the complaint is filed, and at `expires_at` at the latest. So does a file with an earlier register that
    somebody tried and has not confirmed.
    """

    nonce = models.CharField(max_length=64)
    answers: Any = models.JSONField(default=dict)  # as typed: field → list of values
    is_judged = models.BooleanField(default=False)  # somebody asked to go on: what is wrong is shown
    problems: Any = models.JSONField(default=dict)  # of files that were refused and so not kept: field → what was said
    code_hash = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField()

    objects = ScopedManager["Draft"]()

    class Meta(ScopedModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "nonce"], name="draft_nonce_once"),
            models.UniqueConstraint(
                fields=["organisation", "code_hash"], name="draft_code_once", condition=~models.Q(code_hash="")
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="draft_expires")]


class DraftFile(ScopedModel):
    """A file that waits with its draft. It passed the gate; its name on disk is random."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files")
    field = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    file = models.FileField(upload_to="drafts/", max_length=200)

    objects = ScopedManager["DraftFile"]()

    class Meta(ScopedModel.Meta):
        ordering: ClassVar = ["pk"]
