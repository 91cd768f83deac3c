"""What of the numbers may be shown so that nobody can be recognised in them. Pure, and knows no complaint.

A number of 1 to 4 is not shown: in a small organisation colleagues know who "the two about a trainer" are. Five is what
Dutch public statistics use for the same reason. Nor is shown what would let somebody compute such a number.

Every table of the report is a *breakdown*: parts that add up to a total, and each total is a number of a year that the
procedures themselves want told. Two breakdowns of one total have nothing but that total in common, no number is a part
of two breakdowns, and numbers of several years are never added up. So each breakdown can be judged by itself: what
holds for one holds for all of them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

FEWEST: Final = 5  # the smallest number that is shown, besides 0: nobody is recognised in "none"


class Hidden(StrEnum):
    """What is said instead of a number, and what a reader may conclude from that."""

    FEW = "few"  # 1 to 4
    WITHHELD = "withheld"  # 5 or more, but a FEW beside it could be computed from it
    CLOSED = "closed"  # nothing of this breakdown is shown: any part may be 0, or the whole total


Shown = int | Hidden


def alone(number: int) -> Shown:
    """What is shown of a number that is part of no breakdown."""
    return Hidden.FEW if 0 < number < FEWEST else number


def parts(numbers: Sequence[int]) -> tuple[Shown, ...]:
    """What is shown of the parts of a breakdown whose total is shown.

    The numbers of 1 to 4 are FEW. Where the rest would tell more of one of them than "1 to 4", other parts are WITHHELD
    as well, in the order in which they stand, until it does not: in that order and not by size, because a choice that
    hangs on the numbers tells something about them. Where no other part is left, the whole breakdown is CLOSED.

    So whoever sees the result and knows the total still finds each of 1, 2, 3 and 4 possible for every FEW, at least
    four numbers for every WITHHELD, and everything from 0 to the total for every CLOSED; and even who knows this
    function and tries every breakdown on it never finds a single one left. (test_suppression.py tries it.)
    """
    few = [at for at, number in enumerate(numbers) if 0 < number < FEWEST]
    if not few or len(numbers) == 1:  # of a single part the total tells all; that it is shown was decided before
        return tuple(numbers)
    others = [at for at, number in enumerate(numbers) if number >= FEWEST]
    withheld: list[int] = []
    while not _is_enough(len(few), len(withheld), sum(numbers[at] for at in (*few, *withheld))):
        if not others:
            return (Hidden.CLOSED,) * len(numbers)
        withheld.append(others.pop(0))
    hidden = {**dict.fromkeys(few, Hidden.FEW), **dict.fromkeys(withheld, Hidden.WITHHELD)}
    return tuple(hidden.get(at, number) for at, number in enumerate(numbers))


def breakdown(numbers: Sequence[int]) -> tuple[Shown, tuple[Shown, ...]]:
    """A total that nobody asks for by itself, and its parts: where the total is a FEW, its parts are not shown."""
    total = alone(sum(numbers))
    return total, (Hidden.CLOSED,) * len(numbers) if total is Hidden.FEW else parts(numbers)


def share(part: Shown | None, total: Shown | None) -> int | None:
    """A percentage, only of numbers that are shown themselves; None when it may not be told, or of nothing."""
    if isinstance(part, Hidden) or isinstance(total, Hidden) or part is None or not total:
        return None
    return round(100 * part / total)


def _is_enough(few: int, withheld: int, together: int) -> bool:
    """Whether a reader who knows what the hidden parts are together finds each FEW anything from 1 to 4."""
    may_be_most = together >= (FEWEST - 1) + (few - 1) + FEWEST * withheld
    may_be_least = withheld > 0 or together <= 1 + (FEWEST - 1) * (few - 1)
    return may_be_most and may_be_least
