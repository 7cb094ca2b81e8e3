"""Homologues compared anew where an edit has changed a pair: what is said of how they differ must not outlive the pair."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from karyogram.karyotype.review import is_clear
from karyogram.labels import LABELS
from karyogram.web.edits.kinds import Look
from karyogram.web.edits.state import State

Differences = Mapping[int, tuple[str, ...]]


def compare_anew(before: State, after: State, look: Look) -> Differences | None:
    """Return how chromosomes of ``after`` differ from their homologues, by id.

    What ``before``, or the machine, says of a pair holds as long as the pair is the same; ``look`` tells of the others, in
    which somebody still has to look at one. None if it cannot.
    """
    pairs, asked = _pairs(after), set()
    told: dict[int, tuple[str, ...]] = {}
    known = [(_pairs(state), state.differs) for state in (before, State.start(after.machine)) if state.differs is not None]
    for label, members in pairs.items():
        said = next((differs for old, differs in known if old[label] == members), None)
        if said is not None:
            told |= {member[0]: said[member[0]] for member in members if member[0] in said}
        elif any(member[0] not in after.confirmed for member in members):
            asked.add(label)
    if not asked:
        return told
    found = look.compare([replace(c, overlaps=after.across(c)) for c in after.living], asked)
    return None if found is None else told | {number: reasons for number, reasons in found.items() if reasons}


def _pairs(state: State) -> dict[str, set[tuple[Any, ...]]]:
    """Return, by class, what a comparison of its chromosomes rests on."""
    pairs: dict[str, set[tuple[Any, ...]]] = {label: set() for label in LABELS}
    for c in state.living:
        if c.label is not None:
            pairs[c.label].add((c.id, c.polygon, c.angle, c.flipped, is_clear(c.probability, c.score, state.across(c))))
    return pairs
