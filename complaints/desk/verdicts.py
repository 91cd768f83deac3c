"""A verdict that is not what its points say: the form says so at the question, and asks to mend or to confirm it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.forms import AnswersForm
from complaints.said import spoken
from procedures.definition import Act, Field
from procedures.verdicts import contradicts, judged_in

MEANT = "verdict_meant"


def ask_whether_meant(form: AnswersForm, act: Act) -> None:
    """Asks it on a form that was sent, where what was typed contradicts itself. A confirmation holds for what it was
    given for: with other answers it is asked again."""
    judged = judged_in(act)
    if judged is None or not form.is_bound:
        return
    whole, points = judged
    if not {whole.name, points.name} <= set(form.fields):  # earlier answers made one needless
        return
    verdict = str(form.data.get(whole.name, ""))
    rows = form.fields[points.name].widget.value_from_datadict(form.data, form.files, points.name)
    found = [row["verdict"] for row in rows]
    if not contradicts(whole, verdict, points, found):
        return
    sign = "-".join([verdict, *sorted(found)])
    form.put_after(
        whole.name,
        MEANT,
        forms.MultipleChoiceField(
            label=_("Is dit oordeel zo bedoeld?"),
            choices=[(sign, _("Ja, dit oordeel is zo bedoeld. Ik leg het uit in het besluit."))],
            widget=forms.CheckboxSelectMultiple,
            required=False,
            error_messages={"invalid_choice": _("U hebt het oordeel veranderd. Kijk er nog eens naar.")},
        ),
    )

    def judge(cleaned: dict[str, Any]) -> None:
        if whole.name in cleaned and points.name in cleaned and not cleaned.get(MEANT):
            form.add_error(whole.name, _said(whole, verdict, points, found))

    form.judges.append(judge)


def _said(whole: Field, verdict: str, points: Field, found: list[str]) -> str:
    counted = [
        ngettext("%(n)d punt “%(title)s”", "%(n)d punten “%(title)s”", number)
        % {"n": number, "title": choice.title.in_language(spoken())}
        for choice in points.choices
        if (number := found.count(choice.value))
    ]
    return _(
        "Dit oordeel past niet bij de punten. Het is “%(verdict)s”, maar u vond %(points)s. Verbeter het, of vink aan "
        "dat het zo is bedoeld."
    ) % {"verdict": whole.choice_title(verdict).in_language(spoken()), "points": ", ".join(counted)}
