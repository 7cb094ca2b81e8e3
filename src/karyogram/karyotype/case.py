"""Several cells of one person to a case: number, clones, text, and the cells to show."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from karyogram.errors import DataError
from karyogram.karyotype.clones import FEMALE, MALE, Clones, all_terms, find_clones, origin_of
from karyogram.karyotype.iscn_case import KINDS, case_text, clone_text, in_order
from karyogram.karyotype.iscn_terms import UNKNOWN, check_term, is_loss
from karyogram.karyotype.margins import margins_of
from karyogram.karyotype.quality import overlaps_of, rank, spread_of
from karyogram.karyotype.readings import Reading, read_counts, read_text
from karyogram.karyotype.summary import PLAUSIBLE
from karyogram.karyotype.together import find_together
from karyogram.labels import ACROCENTRIC, AUTOSOMES
from karyogram.records import Case, Cell, Clone, Finding, Karyotype

USES = ("karyogram", "counted", "excluded")
SEXES = {"XX": FEMALE, "XY": MALE}


@dataclass(frozen=True)
class Entry:
    """One cell as it comes to a case: its karyotype, or what a person says of it.

    ``use`` is one of ``USES``; ``number`` and ``iscn`` are a person's, and overrule the karyotype; ``bands`` is an estimate of
    its band level.
    """

    image: str
    karyotype: Karyotype | None = None
    use: str = "karyogram"
    number: int | None = None
    iscn: str = ""
    note: str = ""
    bands: int | None = None


def make_case(
    name: str,
    cells: Sequence[Entry | Karyotype],
    kind: str = "constitutional",
    sex: str | None = None,
    structural: Sequence[str] = (),
    karyograms: int = 3,
) -> Case:
    """Put the cells of one person together.

    ``kind`` is one of ``KINDS``; ``sex`` ("XX" or "XY") is the constitutional pair, by default what most cells show;
    ``structural`` are rearrangements that a person found in all cells, see
    :func:`karyogram.karyotype.iscn_terms.check_term`; ``karyograms`` is how many cells to propose, at least one of each clone.

    A cell takes part in clones if its karyotype is complete or a person entered one, and in the modal number if its number is
    known; excluded cells do neither. Cells that no person told of take part in ``findings``, with a text or without, if the
    number of placed chromosomes is ``PLAUSIBLE``: half a cell has lost nothing. Raises AnnotationError for texts that are no
    karyotype, DataError for other wrong values.
    """
    if kind not in KINDS or sex not in (None, *SEXES):
        raise DataError(f"case {name}: kind is one of {', '.join(KINDS)}, sex one of {', '.join(SEXES)}, not {kind!r}, {sex!r}")
    terms = tuple(check_term(term) for term in structural)
    entries = [cell if isinstance(cell, Entry) else Entry(cell.image, cell) for cell in cells]
    if unknown := next((entry for entry in entries if entry.use not in USES), None):
        raise DataError(f"{unknown.image}: a cell's use is one of {', '.join(USES)}, not {unknown.use!r}")
    if twice := [image for image, times in Counter(entry.image for entry in entries).items() if times > 1]:
        raise DataError(f"{twice[0]} is twice in case {name}")

    readings = [_read(entry, terms) for entry in entries]
    known = [(entry, reading) for entry, reading in zip(entries, readings, strict=True) if reading]
    told = SEXES[sex] if sex else origin_of([reading for _, reading in known])
    origin = told or FEMALE
    clones = find_clones([all_terms(reading, origin) for _, reading in known])
    checked = [reading.entered for _, reading in known]
    made = _clones(clones, [entry.image for entry, _ in known], origin, kind, checked)
    judged = [_cell(entry, reading, origin, kind) for entry, reading in zip(entries, readings, strict=True)]
    judged.sort(key=lambda cell: (cell.use == "excluded", -cell.quality, cell.image))
    unread = [entry.karyotype for entry in entries if entry.use == "karyogram" and entry.karyotype and not entry.iscn]
    together = find_together([margins_of(cell) for cell in unread if sum(bool(c.label) for c in cell.chromosomes) in PLAUSIBLE])
    numbers = Counter(cell.number for cell in judged if cell.number is not None and cell.use != "excluded")
    return Case(
        name=name,
        kind=kind,
        cells=_propose(judged, made, karyograms),
        karyotypes=tuple(entry.karyotype for entry in entries if entry.karyotype),
        modal_number=min(numbers, key=lambda number: (-numbers[number], number)) if numbers else None,
        clones=made,
        iscn=case_text(clones, origin, kind, checked),
        structural=terms,
        findings=together,
        warnings=(*_warnings(known, judged, clones, made, told, kind), *_unshown(together, made)),
    )


def _read(entry: Entry, structural: Sequence[str]) -> Reading | None:
    """Return what a cell holds, None where nobody knows; a person's word overrules the program's."""
    if entry.use == "excluded":
        return None
    if entry.iscn:
        return read_text(entry.iscn)
    complete = entry.use == "karyogram" and entry.number is None and entry.karyotype is not None and entry.karyotype.iscn
    return read_counts(entry.karyotype.counts, structural) if complete and entry.karyotype else None


def _cell(entry: Entry, reading: Reading | None, origin: tuple[int, int], kind: str) -> Cell:
    """Build the record of one cell."""
    karyotype = entry.karyotype if entry.use == "karyogram" else None
    spread, overlaps = (spread_of(karyotype), overlaps_of(karyotype)) if karyotype else (None, None)
    text = clone_text(all_terms(reading, origin), origin, kind, not reading.entered) if reading else ""
    return Cell(
        image=entry.image,
        use=entry.use,
        number=reading.number if reading else entry.number,
        iscn=entry.iscn or text,
        entered=bool(entry.iscn) or entry.number is not None,
        quality=rank(karyotype.quality, spread or 0.0, overlaps or 0.0, entry.bands) if karyotype else 0.0,
        spread=None if spread is None else round(spread, 2),
        overlaps=None if overlaps is None else round(overlaps, 4),
        bands=entry.bands if karyotype else None,
        note=entry.note,
    )


def _clones(
    clones: Clones, images: Sequence[str], origin: tuple[int, int], kind: str, checked: Sequence[bool]
) -> tuple[Clone, ...]:
    """Build the records of the clones, in the order of the text."""
    return tuple(
        Clone(text, tuple(Counter(dict(group.terms)).elements()), tuple(images[number] for number in group.cells))
        for group, text in in_order(clones, origin, kind, checked)
    )


def _propose(cells: Sequence[Cell], clones: Sequence[Clone], number: int) -> tuple[Cell, ...]:
    """Mark the best cell of each clone, and the best of the rest until there are ``number``; cells come best first."""
    shown = [cell.image for cell in cells if cell.use == "karyogram" and cell.iscn and cell.quality]
    firsts = [next((image for image in shown if image in clone.cells), None) for clone in clones]
    wanted = [image for image in firsts if image]
    wanted += [image for image in shown if image not in wanted][: max(0, number - len(wanted))]
    return tuple(replace(cell, proposed=cell.image in wanted) for cell in cells)


def _warnings(
    known: Sequence[tuple[Entry, Reading]],
    cells: Sequence[Cell],
    clones: Clones,
    made: Sequence[Clone],
    told: tuple[int, int] | None,
    kind: str,
) -> tuple[str, ...]:
    """Return what a person should know before believing the text."""
    silent = sum(cell.use == "karyogram" and not cell.iscn for cell in cells)
    lone = [entry.image for number, (entry, _) in enumerate(known) if number in clones.apart]
    seen = {image for entry, reading in known if reading.entered for image in [entry.image]}
    lost = {
        term for clone in made if not seen & set(clone.cells) for term in clone.terms if is_loss(term) and term[1:] in AUTOSOMES
    }
    pairs = Counter(reading.sex for _, reading in known if reading.sex in (FEMALE, MALE))
    doubts = {
        "no cell could be read": not known,
        f"{pairs[FEMALE]} cells were read as XX and {pairs[MALE]} as XY: misread, or of two persons": len(pairs) > 1,
        f"{silent} cell{'s' * (silent > 1)} could not be read for certain: no part in the clones": silent > 0,
        f"in no clone, changes of their own: {', '.join(lone)}": bool(lone),
        f"loss of an autosome, to be confirmed by a person: {' '.join(sorted(lost))}": bool(lost),
        "possible rob: a D or G chromosome is missing or fused, to be told by a person": any("?" in c.terms for c in made),
        "constitutional sex chromosomes unknown, taken for XX": kind == "acquired" and told is None and bool(known),
    }
    return tuple(text for text, applies in doubts.items() if applies)


def _unshown(together: Sequence[Finding], clones: Sequence[Clone]) -> tuple[str, ...]:
    """Return a warning for each finding of all cells together that no clone has."""
    held, warnings = {term for clone in clones for term in clone.terms}, []
    for finding in together:
        term = f"{'+' if finding.change > 0 else '-'}{finding.label}"
        fused = finding.change < 0 and finding.label in ACROCENTRIC
        if term not in held and not (fused and UNKNOWN in held):
            what = f"possible rob, {term}" if fused else term
            warnings.append(f"together the cells speak for {what} ({finding.probability:.2f}), to be told by a person")
    return tuple(warnings)
