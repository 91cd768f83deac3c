"""The mark-up of letters and public texts as HTML and as plain text; the caller says what a placeholder stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from procedures.placeholders import Block, Bold, Bullets, Document, Heading, Paragraph, Placeholder, Plain, Runs


@dataclass(frozen=True, slots=True)
class Voice:
    """What placeholders stand for: `say` within a sentence, `block` as (safe HTML, plain text) on its own."""

    say: Callable[[Placeholder], str]
    block: Callable[[Placeholder], tuple[str, str]]


def render(document: Document, voice: Voice, *, heading: str = "h2") -> tuple[SafeString, str]:
    """The document as safe HTML and as plain text, its parts apart by blank lines."""
    html: list[str] = []
    text: list[str] = []
    for part in document.parts:
        match part:
            case Paragraph(runs):
                html.append(format_html("<p>{}</p>", html_of(runs, voice)))
                text.append(text_of(runs, voice))
            case Heading(runs):
                html.append(format_html(f"<{heading}>{{}}</{heading}>", html_of(runs, voice)))
                text.append(text_of(runs, voice).upper())
            case Bullets(items):
                rows = format_html_join("", "<li>{}</li>", ((html_of(item, voice),) for item in items))
                html.append(format_html('<ul class="ticks">{}</ul>', rows))
                text.append("\n".join(f"- {text_of(item, voice)}" for item in items))
            case Block(placeholder):
                block_html, block_text = voice.block(placeholder)
                html.append(block_html)
                text.append(block_text)
    return mark_safe("\n".join(html)), "\n\n".join(part for part in text if part)  # noqa: S308  # all parts are safe


def html_of(runs: Runs, voice: Voice) -> SafeString:
    pieces = []
    for run in runs:
        match run:
            case Plain(text):
                pieces.append(escape(text))
            case Bold(within):
                pieces.append(format_html("<strong>{}</strong>", html_of(within, voice)))
            case Placeholder():
                pieces.append(escape(voice.say(run)))
    return mark_safe("".join(pieces))  # noqa: S308  # every piece was escaped


def text_of(runs: Runs, voice: Voice) -> str:
    pieces = []
    for run in runs:
        match run:
            case Plain(text):
                pieces.append(text)
            case Bold(within):
                pieces.append(text_of(within, voice))
            case Placeholder():
                pieces.append(voice.say(run))
    return "".join(pieces)
