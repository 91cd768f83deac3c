"""Filters that place things in the picture of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django import template

if TYPE_CHECKING:
    from complaints.intake.pages import PictureStep

register = template.Library()

LINE = 22  # pixels between lines of text


@register.filter
def line_y(number: int, start: int) -> int:
    """Where the line with this number stands, below `start`."""
    return start + LINE * number


@register.filter
def last_x(steps: Sequence[PictureStep]) -> int:
    return steps[-1].x + 8 if steps else 0


@register.filter
def last_y(steps: Sequence[PictureStep]) -> int:
    return steps[-1].y if steps else 0


@register.filter
def tall_height(steps: Sequence[PictureStep]) -> int:
    return (steps[-1].y if steps else 0) + 60
