"""What an organisation's colours must keep: readable on each other (WCAG 2.2), and not to be taken for a warning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import atan2, cbrt, degrees, hypot

from procedures.definition import Theme
from procedures.soundness.findings import Finding

PAPER = "#faf8f4"  # the page that the accent stands on
STOP = "#a01c17"  # the red of warnings and mistakes
LEAST_ANGLE = 15  # degrees of hue between the accent and that red
LEAST_CHROMA = 0.02  # below this a colour is grey, and has no hue to speak of
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def findings(theme: Theme) -> Iterator[Finding]:
    wrong = False
    for name in ("accent", "accent_strong", "accent_tint", "accent_line", "on_accent"):
        if not _COLOUR.fullmatch(getattr(theme, name)):
            wrong = True
            yield Finding(("theme", name), "write a colour as # and six of 0-9 a-f, like #0b5d66.")
    if wrong:
        return
    pairs = (
        ("accent", theme.accent, "the paper", PAPER, 4.5),
        ("accent", theme.accent, "accent_tint", theme.accent_tint, 4.5),
        ("on_accent", theme.on_accent, "accent", theme.accent, 4.5),
        ("accent_strong", theme.accent_strong, "accent_tint", theme.accent_tint, 7.0),
    )
    for name, colour, ground_name, ground, least in pairs:
        ratio = contrast(colour, ground)
        if ratio < least:
            message = (
                f"choose a colour with more contrast: on {ground_name} ({ground}) it has {_floor(ratio)} : 1, "
                f"and {least:g} : 1 is needed."
            )
            yield Finding(("theme", name), message)
    (chroma, hue), (_, red) = chroma_and_hue(theme.accent), chroma_and_hue(STOP)
    apart = abs((hue - red + 180) % 360 - 180)
    if chroma >= LEAST_CHROMA and apart < LEAST_ANGLE:
        message = (
            f"choose a colour further from red: people would take buttons and links for warnings ({STOP}). "
            f"Their hues are {apart:.0f} degrees apart in OKLCH, and {LEAST_ANGLE} are needed."
        )
        yield Finding(("theme", "accent"), message)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21, as WCAG 2 counts it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def chroma_and_hue(colour: str) -> tuple[float, float]:
    """Chroma and hue (in degrees) of a colour in OKLCH, as CSS Color 4 counts it."""
    red, green, blue = _linear(colour)
    long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return hypot(a, b), degrees(atan2(b, a)) % 360


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of an sRGB colour without gamma, each from 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _straight(red), _straight(green), _straight(blue)


def _straight(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _floor(ratio: float) -> str:
    """Two decimals, never rounded up to what is needed."""
    return f"{int(ratio * 100) / 100:g}"
