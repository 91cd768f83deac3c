"""Who files for somebody else: what the form asks of a representative, whatever the procedure (KK-02)."""

from __future__ import annotations

from collections.abc import Mapping

from complaints.actions import Representative
from complaints.actions.documents import AUTHORISATION
from procedures.definition import Condition, Field, FieldKind, Procedure, Text

REPRESENTED = "represented"
_IF_SO = (Condition(fact=REPRESENTED, values=(True,)),)
_PREFIX = "representative_"

FIELDS = (
    Field(
        REPRESENTED,
        Text("Dient u deze klacht in voor iemand anders?", "Are you filing this complaint for somebody else?"),
        FieldKind.YES_NO,
        help=Text(
            "Bijvoorbeeld als ouder, als begeleider of als advocaat. Vul dan bij “Over u” de gegevens in van de "
            "persoon die de klacht heeft.",
            "For example as a parent, a support worker or a lawyer. Then fill in under “About you” the details of the "
            "person who has the complaint.",
        ),
    ),
    Field(
        f"{_PREFIX}name",
        Text("Wat is uw eigen naam?", "What is your own name?"),
        personal=True,
        when=_IF_SO,
    ),
    Field(
        f"{_PREFIX}email",
        Text("Wat is uw eigen e-mailadres?", "What is your own e-mail address?"),
        FieldKind.EMAIL,
        required=False,
        personal=True,
        purpose=Text("Hier sturen wij onze brieven heen.", "This is where we send our letters."),
        when=_IF_SO,
    ),
    Field(
        f"{_PREFIX}phone",
        Text("Op welk nummer kunnen wij u bellen?", "On which number can we call you?"),
        FieldKind.PHONE,
        required=False,
        personal=True,
        when=_IF_SO,
    ),
    Field(
        AUTHORISATION,
        Text("Uw machtiging", "Your authorisation"),
        FieldKind.DOCUMENT,
        required=False,
        personal=True,
        help=Text(
            "Een brief waarin de ander schrijft dat u dit mag doen. Hebt u die nog niet? Dan vragen wij er later om.",
            "A letter in which the other person writes that you may do this. If you do not have it yet, we will ask "
            "for it later.",
        ),
        when=_IF_SO,
    ),
)


def fields(procedure: Procedure) -> tuple[Field, ...]:
    """What is asked, where the procedure lets somebody else file."""
    return FIELDS if procedure.intake.may_be_represented else ()


def take_out(answers: dict[str, object]) -> Representative | None:
    """The representative among the answers, taken out of them; None when people file for themselves."""
    given: Mapping[str, str] = {
        name.removeprefix(_PREFIX): str(answers.pop(name)) for name in list(answers) if name.startswith(_PREFIX)
    }
    return Representative(**given) if answers.get(REPRESENTED) == "yes" and given else None
