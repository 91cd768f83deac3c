"""A report on paper: a cover, what is in it, its parts with their pictures and tables, and how was counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation

from complaints.letters.rendering import mark
from complaints.reports import contents
from complaints.reports.charts import on_paper
from complaints.reports.figures import Figures
from complaints.reports.words import INTRODUCTION
from procedures.definition import Procedure, Text

LANGUAGE = "nl"


def pdf(
    figures: Figures,
    procedure: Procedure,
    words: Mapping[str, str],
    *,
    at: datetime,
    adopted_by: Text | None = None,
) -> bytes:
    """The report as a PDF to send on (PDF/A-2a, PDF/UA-1), in Dutch. `adopted_by` is the title of the role that adopted
    it at the instant `at`; without one it says that it is a draft of that moment."""
    from complaints.letters import printing  # loading it takes half a second that only this needs

    with translation.override(LANGUAGE):
        parts = [
            (
                part,
                [(block, on_paper(block.picture, procedure.theme) if block.picture else "") for block in part.blocks],
            )
            for part in contents.parts(figures, procedure, words)
        ]
        page = render_to_string(
            "paper/report.html",
            {
                "procedure": procedure,
                "mark": mark(procedure.theme),
                "figures": figures,
                "scores": contents.scores(figures, procedure),
                "introduction": words.get(INTRODUCTION, "").strip(),
                "parts": parts,
                "counted": contents.counted(figures),
                "at": at,
                "adopted_by": adopted_by,
            },
        )
    return printing.report(page)
