"""An analysis after some edits: the machine's karyotype, and what people have made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from karyogram.errors import EditError
from karyogram.karyotype.findings import count_classes, find_changes
from karyogram.karyotype.structure import is_difference
from karyogram.karyotype.summary import Summary, summarize
from karyogram.labels import INDEX, LABELS
from karyogram.records import Chromosome, Karyotype

#: The one review reason that follows from the rest of the cell and is told anew.
EXTRA_COPY = "extra copy"
#: What a cell says whose homologues could not be compared after an edit.
UNCOMPARED = "homologues were not compared after the last edit: the picture could not be read"


@dataclass(frozen=True)
class State:
    """``records`` are all chromosomes there are or were, the order of each class's copies that of the karyogram.

    Their ``overlaps`` count deleted ones in. ``deleted`` and ``confirmed`` are ids, the latter of those whose class a person
    has told or agreed to. ``structural`` are the rearrangements that a person entered for the cell, None if nobody looked.
    ``differs`` tells by id how chromosomes differ from their homologues, None if those could not be compared; it stands
    beside the records, whose ``review`` does not hold it, since it depends on both of a pair.
    """

    machine: Karyotype
    records: tuple[Chromosome, ...]
    deleted: frozenset[int] = field(default_factory=frozenset)
    confirmed: frozenset[int] = field(default_factory=frozenset)
    structural: tuple[str, ...] | None = None
    differs: Mapping[int, tuple[str, ...]] | None = field(default_factory=dict)

    @classmethod
    def start(cls, machine: Karyotype) -> "State":
        """Return the state before any edit."""
        records = tuple(replace(c, review=tuple(r for r in c.review if not is_difference(r))) for c in machine.chromosomes)
        differs = {c.id: found for c in machine.chromosomes if (found := tuple(filter(is_difference, c.review)))}
        return cls(machine, records, differs=differs)

    @cached_property
    def living(self) -> tuple[Chromosome, ...]:
        """The chromosomes that are not deleted, in karyogram order."""
        return tuple(sorted((c for c in self.records if c.id not in self.deleted), key=_class))

    @property
    def tray(self) -> tuple[Chromosome, ...]:
        """The deleted chromosomes."""
        return tuple(c for c in self.records if c.id in self.deleted)

    @property
    def checked(self) -> bool:
        """Whether a person has told the class of every chromosome, or agreed to it."""
        return bool(self.living) and all(c.id in self.confirmed for c in self.living)

    @cached_property
    def karyotype(self) -> Karyotype:
        """The record of this state; of one that nothing is changed in, the machine's own."""
        if self == State.start(self.machine):
            return self.machine
        summary, gained = _sum_up(self)
        doubts = set(_sum_up(State.start(self.machine))[0].warnings)
        own = tuple(warning for warning in self.machine.warnings if warning not in doubts)
        return replace(
            self.machine,
            chromosomes=tuple(self._shown(c, gained) for c in self.living),
            counts=summary.counts,
            findings=summary.findings,
            iscn=summary.iscn,
            quality=summary.quality,
            warnings=(*own, *summary.warnings, *([UNCOMPARED] if self.differs is None else [])),
        )

    def get(self, number: int, deleted: bool = False) -> Chromosome:
        """Return the chromosome with an id. Raises EditError unless it is there, and deleted or not as asked."""
        found = next((c for c in self.records if c.id == number), None)
        if found is None:
            raise EditError(f"there is no chromosome {number}")
        if (number in self.deleted) != deleted:
            raise EditError(f"chromosome {number} is {'not deleted' if deleted else 'deleted: restore it first'}")
        return found

    def put(self, *changed: Chromosome) -> "State":
        """Return the state with records exchanged for others of the same id."""
        by_id = {c.id: c for c in changed}
        return replace(self, records=tuple(by_id.get(c.id, c) for c in self.records))

    def add(self, made: Iterable[Chromosome], gone: Iterable[int] = ()) -> "State":
        """Return the state with new records, or new masks of old ids, and others deleted; their overlaps hold both ways."""
        new = {c.id: c for c in made}
        known = {c.id for c in self.records}
        kept = [new.get(c.id) or _linked(c, new) for c in self.records]
        added = [c for c in new.values() if c.id not in known]
        return replace(self, records=(*kept, *added), deleted=self.deleted | set(gone))

    def _shown(self, chromosome: Chromosome, gained: set[str]) -> Chromosome:
        """Return a record as the karyotype has it: no word of what is deleted, what depends on its homologues told anew."""
        extra = chromosome.label in gained and chromosome.id not in self.confirmed
        review = chromosome.review
        if (EXTRA_COPY in review) != extra:
            review = (*review, EXTRA_COPY) if extra else tuple(reason for reason in review if reason != EXTRA_COPY)
        if self.differs and chromosome.id not in self.confirmed:
            review += self.differs.get(chromosome.id, ())
        return replace(chromosome, overlaps=self.across(chromosome), review=review)

    def across(self, chromosome: Chromosome) -> tuple[int, ...]:
        """Return the ids of the living chromosomes that lie across one."""
        return tuple(i for i in chromosome.overlaps if i not in self.deleted)


def difference(before: State, after: State) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what of one state another has not, and the other way round, each {id: facts, "iscn": text, "count": n}."""
    told = [_facts(state) for state in (before, after)]
    return tuple({key: facts for key, facts in own.items() if other.get(key) != facts} for own, other in (told, told[::-1]))  # type: ignore[return-value]


def _facts(state: State) -> dict[str, Any]:
    facts: dict[str, Any] = {
        str(c.id): {
            "label": c.label,
            "probability": c.probability,
            "flipped": c.flipped,
            "angle": c.angle,
            "bbox": list(c.bbox),
            "review": list(c.review),
            "deleted": c.id in state.deleted,
            "confirmed": c.id in state.confirmed,
        }
        for c in state.records
    }
    places: dict[str | None, int] = {}
    for c in state.living:
        facts[str(c.id)]["place"] = places[c.label] = places.get(c.label, -1) + 1
    structural = None if state.structural is None else list(state.structural)
    return facts | {"iscn": state.karyotype.iscn, "count": sum(state.karyotype.counts.values()), "structural": structural}


def _class(chromosome: Chromosome) -> int:
    return len(LABELS) if chromosome.label is None else INDEX[chromosome.label]


def _linked(chromosome: Chromosome, new: Mapping[int, Chromosome]) -> Chromosome:
    """Return a record whose overlaps agree with those of new ones."""
    across = {i for i in chromosome.overlaps if i not in new} | {i for i, c in new.items() if chromosome.id in c.overlaps}
    return chromosome if across == set(chromosome.overlaps) else replace(chromosome, overlaps=tuple(sorted(across)))


def _sum_up(state: State) -> tuple[Summary, set[str]]:
    """Return what the living chromosomes add up to, and the classes that have too many; a person's word is certain."""
    living = state.living
    classes = np.array([-1 if c.label is None else INDEX[c.label] for c in living], int)
    told = [1.0 if c.id in state.confirmed else c.probability * c.score for c in living]
    belief = np.where(classes >= 0, told, 0.0)
    gained = {found.label for found in find_changes(count_classes(classes), classes, belief) if found.change > 0}
    return summarize(classes, belief, state.checked, state.structural), gained
