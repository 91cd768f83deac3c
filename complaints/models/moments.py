"""Moments of the whole installation, of no organisation: the last sweep, and since when work is on hold."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Moment(models.Model):
    """When something happened last. In the database, so that every machine sees it, also without a broker."""

    class Name(models.TextChoices):
        SWEEP = "sweep"  # the last sweep that came to its end
        MAIL = "mail"  # the last look in the mailboxes
        HOLD = "hold"  # a backup was restored: from then on nothing is done until a person says so

    name = models.CharField(max_length=20, choices=Name, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]
