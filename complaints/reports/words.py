"""What a report calls its parts, tables and lines; the titles of a procedure stand in its document."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from complaints.reports.figures import KEPT, MISSED, NO, YES

INTRODUCTION = "introduction"
# The parts that a report may have, in order; those that stand together as one share the words of the first.
PARTS: Mapping[str, tuple[str, ...]] = {
    "number": ("number",),
    "nature": ("nature",),
    "channel": ("channel", "track"),
    "outcomes": ("verdicts", "admissibility"),
    "throughput": ("throughput",),
    "terms": ("terms",),
    "appeals": ("appeals",),
    "measures": ("measures",),
    "effectiveness": ("effectiveness",),
    "repeats": ("repeats",),
    "bottlenecks": ("bottlenecks",),
}
HEADINGS = {
    INTRODUCTION: gettext_lazy("Vooraf"),
    "number": gettext_lazy("Hoeveel klachten kwamen er?"),
    "nature": gettext_lazy("Wat voor klachten waren het?"),
    "channel": gettext_lazy("Hoe kwamen ze binnen?"),
    "outcomes": gettext_lazy("Wat kwam eruit?"),
    "throughput": gettext_lazy("Hoe lang duurde het?"),
    "terms": gettext_lazy("Hielden wij onze termijnen?"),
    "appeals": gettext_lazy("Wie vroeg om een nieuw oordeel?"),
    "measures": gettext_lazy("Wat hebben wij gedaan?"),
    "effectiveness": gettext_lazy("Heeft het geholpen?"),
    "repeats": gettext_lazy("Ging het vaker over hetzelfde?"),
    "bottlenecks": gettext_lazy("Wat zijn de knelpunten?"),
}
# What the writer is asked for in each part.
ASKED = {
    INTRODUCTION: gettext_lazy("Wat wilt u de lezer vooraf zeggen?"),
    "number": gettext_lazy("Wat vindt u van het aantal? Is het anders dan eerst, en weet u waarom?"),
    "nature": gettext_lazy("Wat valt op aan de soort klachten?"),
    "channel": gettext_lazy("Weten mensen ons te vinden?"),
    "outcomes": gettext_lazy("Wat zeggen de uitkomsten?"),
    "throughput": gettext_lazy("Ging het snel genoeg? Waardoor niet?"),
    "terms": gettext_lazy("Waarom was het soms te laat, of kwam er tijd bij?"),
    "appeals": gettext_lazy("Wat leerden wij van de oordelen?"),
    "measures": gettext_lazy("Welke maatregelen zijn genomen, en welke zijn voorgesteld?"),
    "effectiveness": gettext_lazy("Hebben de maatregelen geholpen? Waar ziet u dat aan?"),
    "repeats": gettext_lazy("Over welk onderwerp wordt vaker geklaagd?"),
    "bottlenecks": gettext_lazy("Welke knelpunten ziet u, en wat adviseert u?"),
}
ROWS = {
    "received": gettext_lazy("Ontvangen"),
    "handled": gettext_lazy("Afgehandeld"),
    "open": gettext_lazy("Nog open aan het eind"),
    "1": gettext_lazy("Januari tot en met maart"),
    "2": gettext_lazy("April tot en met juni"),
    "3": gettext_lazy("Juli tot en met september"),
    "4": gettext_lazy("Oktober tot en met december"),
    "upheld": gettext_lazy("Gegrond"),
    "partly_upheld": gettext_lazy("Deels gegrond"),
    "not_upheld": gettext_lazy("Ongegrond"),
    "no_finding": gettext_lazy("Geen oordeel"),
    "settled": gettext_lazy("In overleg opgelost"),
    "withdrawn": gettext_lazy("Ingetrokken"),
    "inadmissible": gettext_lazy("Niet in behandeling genomen"),
    "referred": gettext_lazy("Doorverwezen"),
    "decided": gettext_lazy("Afgerond zonder oordeel"),
    "appealed": gettext_lazy("Afgerond na bezwaar of beroep"),
    "otherwise": gettext_lazy("Anders afgerond"),
    "week": gettext_lazy("Binnen een week"),
    "two_weeks": gettext_lazy("In de tweede week"),
    "four_weeks": gettext_lazy("In de derde of vierde week"),
    "eight_weeks": gettext_lazy("In week 5 tot en met 8"),
    "longer": gettext_lazy("Na meer dan 8 weken"),
    KEPT: gettext_lazy("Op tijd"),
    MISSED: gettext_lazy("Te laat"),
    "client_kept": gettext_lazy("De klant is gebleven"),
    "client_lost": gettext_lazy("De klant is weggegaan"),
    "appeals": gettext_lazy("Klachten waarin iemand om een nieuw oordeel vroeg"),
    "carried_out": gettext_lazy("Uitgevoerde maatregelen"),
    "corrective": gettext_lazy("Om te herstellen"),
    "preventive": gettext_lazy("Om herhaling te voorkomen"),
    "worked": gettext_lazy("Werkte"),
    "failed": gettext_lazy("Werkte niet"),
    "too_early": gettext_lazy("Te vroeg om te zeggen"),
    "": gettext_lazy("Niet gevraagd of niet bekend"),
}
ANSWERS = {YES: gettext_lazy("Ja"), NO: gettext_lazy("Nee")}
QUARTERS = {
    "1": gettext_lazy("jan–mrt"),
    "2": gettext_lazy("apr–jun"),
    "3": gettext_lazy("jul–sep"),
    "4": gettext_lazy("okt–dec"),
}
TITLES = {
    "numbers": gettext_lazy("Aantal klachten"),
    "quarters": gettext_lazy("Ontvangen per kwartaal"),
    "channels": gettext_lazy("Hoe ingediend"),
    "tracks": gettext_lazy("Spoor"),
    "outcomes": gettext_lazy("Uitkomst van afgehandelde klachten"),
    "spans": gettext_lazy("Van ontvangst tot besluit of einde"),
    "extended": gettext_lazy("Klachten waarin een termijn is verlengd"),
    "appeals": gettext_lazy("Bezwaar of beroep"),
    "judgements": gettext_lazy("Oordelen in bezwaar of beroep"),
    "measures": gettext_lazy("Afgesproken maatregelen"),
    "carried_out": gettext_lazy("Uitgevoerde maatregelen"),
    "judged": gettext_lazy("Hebben de maatregelen gewerkt?"),
    "effects": gettext_lazy("Wat er van de klant bekend is"),
    "returned": gettext_lazy("Klaagde dezelfde persoon daarna opnieuw?"),
    "repeats": gettext_lazy("Is er vaker over geklaagd?"),
}
