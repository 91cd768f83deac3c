"""Whether a procedure can be carried out: every name known, every phase with a way in and out, every text writable."""

from __future__ import annotations

from procedures.definition import Procedure
from procedures.soundness import acts, clocks, flow, frame, names, texts
from procedures.soundness.findings import Finding
from procedures.soundness.index import Index

__all__ = ["Finding", "problems"]


def problems(procedure: Procedure) -> tuple[Finding, ...]:
    """Everything that is wrong, without consequences: first the names, then the parts, then how they hang together."""
    index = Index(procedure)
    if found := tuple(names.findings(index)):
        return found
    found = (
        *frame.findings(index),
        *acts.findings(index),
        *clocks.findings(index),
        *texts.findings(index),
    )
    return found or tuple(flow.findings(index))
