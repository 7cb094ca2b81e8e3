"""The kinds of edits: what each asks for, which masks it makes, and what it does to a state."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from karyogram.errors import AnnotationError, EditError
from karyogram.exchange.outlines import fill
from karyogram.karyotype.iscn_terms import check_term
from karyogram.records import Chromosome, Instance
from karyogram.web.edits import masks
from karyogram.web.edits.state import State

Edit = Mapping[str, Any]

#: A cluster of more chromosomes is parted in steps.
STROKES = 12


class Look(Protocol):
    """Looks at the picture of a cell: it tightens drawn masks, reads masks and compares homologues as the pipeline does."""

    def tighten(self, mask: Instance) -> Instance:
        """Return a mask cut to what is stained. Raises EditError if nothing is."""

    def read(self, drawn: Sequence[Instance], beside: Sequence[Chromosome], first: int) -> list[Chromosome]:
        """Return the records of masks, numbered from ``first``, among the chromosomes ``beside`` of their cell."""

    def compare(self, cell: Sequence[Chromosome], classes: Collection[str]) -> dict[int, tuple[str, ...]] | None:
        """Return, by id, how chromosomes of these classes differ from their homologues in a cell; None if nobody can tell."""


@dataclass(frozen=True)
class Kind:
    """``fields`` are what an edit must say and ``optional`` what it may, each with the form of its value.

    ``apply`` turns a state and an edit into the next state, given the records the edit made. ``draw``, of a kind that makes
    any, returns the masks, the ids of the chromosomes they stand for, and the id of the first.
    """

    fields: Mapping[str, str]
    apply: Callable[[State, Edit, Sequence[Chromosome]], State]
    optional: Mapping[str, str] = field(default_factory=dict)
    draw: Callable[[State, Edit, Look], tuple[list[Instance], tuple[int, ...], int]] | None = None


def _by_person(chromosome: Chromosome, label: str | None) -> Chromosome:
    """Return a record whose class a person told."""
    return replace(chromosome, label=label, probability=1.0 if label else 0.0, review=())


def _move(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    moved = _by_person(state.get(edit["id"]), edit["label"])
    return replace(_put_at(state, moved, edit.get("place")), confirmed=state.confirmed | {moved.id})


def _order(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    """Another place among the homologues, which says nothing of the class."""
    return _put_at(state, state.get(edit["id"]), edit["place"])


def _put_at(state: State, chromosome: Chromosome, place: int | None) -> State:
    """Return the state with a record at a place among those of its class, counted from 0; behind them if there are too few."""
    rest = [c for c in state.records if c.id != chromosome.id]
    homologues = [c for c in rest if c.label == chromosome.label and c.id not in state.deleted]
    at = rest.index(homologues[place]) if place is not None and 0 <= place < len(homologues) else len(rest)
    return replace(state, records=(*rest[:at], chromosome, *rest[at:]))


def _swap(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    a, b = state.get(edit["a"]), state.get(edit["b"])
    if a.id == b.id:
        raise EditError("a chromosome cannot be swapped with itself")
    told = a.label != b.label
    one, other = (_by_person(a, b.label), _by_person(b, a.label)) if told else (a, b)
    places = {a.id: other, b.id: one}
    records = tuple(places.get(c.id, c) for c in state.records)
    return replace(state, records=records, confirmed=state.confirmed | ({a.id, b.id} if told else set()))


def _flip(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    c = state.get(edit["id"])
    centromere = None if c.centromere is None else round(1 - c.centromere, 3)
    review = tuple(reason for reason in c.review if reason != "orientation uncertain")
    return state.put(replace(c, flipped=not c.flipped, centromere=centromere, review=review))


def _rotate(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    c = state.get(edit["id"])
    angle = round(180 - (180 - c.angle - edit["degrees"]) % 360, 2)
    return state.put(replace(c, angle=angle))


def _delete(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    return replace(state, deleted=state.deleted | {state.get(edit["id"]).id})


def _restore(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    return replace(state, deleted=state.deleted - {state.get(edit["id"], deleted=True).id})


def _confirm(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    c = state.get(edit["id"])
    return replace(state.put(_by_person(c, c.label)), confirmed=state.confirmed | {c.id})


def _confirm_all(state: State, _: Edit, __: Sequence[Chromosome]) -> State:
    told = state.put(*(_by_person(c, c.label) for c in state.living))
    return replace(told, confirmed=state.confirmed | {c.id for c in state.living})


def _structure(state: State, edit: Edit, _: Sequence[Chromosome]) -> State:
    try:
        return replace(state, structural=tuple(check_term(term) for term in edit["terms"]))
    except AnnotationError as error:
        raise EditError(str(error)) from error


def _divided(state: State, edit: Edit, made: Sequence[Chromosome]) -> State:
    """The parents give way to what was made of them."""
    return state.add(made, gone=[state.get(number).id for number in parents(edit)])


def _outlined(state: State, edit: Edit, made: Sequence[Chromosome]) -> State:
    """A new chromosome, or an old one in a new outline, which keeps the class that a person told."""
    (new,) = made
    told = "label" in edit or new.id in state.confirmed
    if told:
        new = _by_person(new, edit["label"] if "label" in edit else state.get(new.id).label)
    return replace(state.add([new]), confirmed=state.confirmed | ({new.id} if told else set()))


def parents(edit: Edit) -> tuple[int, ...]:
    """Return the ids of the chromosomes that an edit makes others of."""
    return tuple(dict.fromkeys(edit["ids"])) if "ids" in edit else (edit["id"],)


def _masks(state: State, numbers: Sequence[int]) -> list[Instance]:
    return [fill(state.get(number), (state.machine.height, state.machine.width)) for number in numbers]


def _next(state: State) -> int:
    return 1 + max((c.id for c in state.records), default=0)


def _draw_cut(state: State, edit: Edit, _: Look) -> tuple[list[Instance], tuple[int, ...], int]:
    (item,) = _masks(state, [edit["id"]])
    return masks.cut(item, edit["line"]), parents(edit), _next(state)


def _draw_join(state: State, edit: Edit, _: Look) -> tuple[list[Instance], tuple[int, ...], int]:
    if len(parents(edit)) < 2:
        raise EditError("joining takes two chromosomes or more")
    return [masks.join(_masks(state, parents(edit)))], parents(edit), _next(state)


def _draw_strokes(state: State, edit: Edit, _: Look) -> tuple[list[Instance], tuple[int, ...], int]:
    if not 2 <= len(edit["strokes"]) <= STROKES:
        raise EditError(f"parting takes two strokes, or up to {STROKES}")
    return masks.part(_masks(state, parents(edit)), edit["strokes"]), parents(edit), _next(state)


def _draw_outline(state: State, edit: Edit, look: Look) -> tuple[list[Instance], tuple[int, ...], int]:
    old = edit.get("replaces")
    mask = look.tighten(masks.enclose(edit["polygon"], (state.machine.height, state.machine.width)))
    if mask.area < masks.LEAST:
        raise EditError("the outline encloses too little that is stained")
    return [mask], () if old is None else (state.get(old).id,), _next(state) if old is None else old


KINDS: Mapping[str, Kind] = {
    "move": Kind({"id": "id", "label": "label"}, _move, {"place": "number"}),
    "order": Kind({"id": "id", "place": "number"}, _order),
    "swap": Kind({"a": "id", "b": "id"}, _swap),
    "flip": Kind({"id": "id"}, _flip),
    "rotate": Kind({"id": "id", "degrees": "degrees"}, _rotate),
    "delete": Kind({"id": "id"}, _delete),
    "restore": Kind({"id": "id"}, _restore),
    "confirm": Kind({"id": "id"}, _confirm),
    "confirm_all": Kind({}, _confirm_all),
    "structure": Kind({"terms": "texts"}, _structure),
    "cut": Kind({"id": "id", "line": "line"}, _divided, draw=_draw_cut),
    "join": Kind({"ids": "ids"}, _divided, draw=_draw_join),
    "strokes": Kind({"strokes": "lines"}, _divided, {"id": "id", "ids": "ids"}, _draw_strokes),
    "outline": Kind({"polygon": "polygon"}, _outlined, {"replaces": "id", "label": "label"}, _draw_outline),
}
