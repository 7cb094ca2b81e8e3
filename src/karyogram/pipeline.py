"""The steps in order: read, flatten, segment, classify, arrange, describe. The page to read first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from karyogram.classify.predict import agree, combine, predict
from karyogram.files import Picture, read_picture
from karyogram.image.background import flatten
from karyogram.image.polarity import find_ground, to_dark_on_white
from karyogram.karyotype.arrange import arrange, choose
from karyogram.karyotype.describe import describe, make_candidate
from karyogram.karyotype.domain import is_metaphase, judge_domain
from karyogram.records import Candidate, Instance, Karyotype
from karyogram.segment.cell import find_cell
from karyogram.segment.detect import find_rivals
from karyogram.segment.levels import Levels, threshold_levels
from karyogram.segment.outlines import EDGE
from karyogram.segment.reconstruct import separate
from karyogram.segment.scene import looks_like_metaphase
from karyogram.segment.segmenters import Segmenter, open_segmenter
from karyogram.segment.spare import rank_spare
from karyogram.shape.size import cell_scale
from karyogram.weights.catalogue import DEFAULT, load_model
from karyogram.weights.record import Model

#: Larger pictures cannot be segmented in bounded memory.
MAX_PIXELS = 25_000_000

#: Chromosomes, if so many are found, tell a cell's size better than its stain if they differ from that by this factor.
ENOUGH, AGAIN = 20, 1.15
#: Pixels of a chromosome's mask for each of its pixels at Otsu's threshold.
MASK_AREA = 1.08


@dataclass(frozen=True)
class Reader:
    """What reads a metaphase: a classifier and a segmenter."""

    classifier: Model
    segmenter: Segmenter

    def identity(self) -> dict[str, str]:
        """Return what a result says of the models that made it: names and SHA-256."""
        return {**self.classifier.identity(), **self.segmenter.identity()}


def make_reader(model: str = DEFAULT, segmenter: str = "auto", threads: int = 0) -> Reader:
    """Open the models; ``segmenter`` is one of ``SEGMENTERS``, or a network's name or file. Raises ModelError."""
    return Reader(load_model(model, "classifier", threads), open_segmenter(segmenter, threads))


def open_metaphase(path: str | Path) -> Picture:
    """Read a picture file and turn it to dark chromosomes on white.

    Raises PictureError, naming file and reason, for what is no picture and for more than ``MAX_PIXELS`` pixels.
    """
    return dark_on_white(read_picture(path, MAX_PIXELS))


def dark_on_white(picture: Picture) -> Picture:
    """Turn a picture to dark chromosomes on white; its warnings say so if that changed it."""
    ground = find_ground(picture.pixels)
    notes = {"white": (), "black": ("bright on black: inverted",), "cut-out": ("cut-out on black: ground made white",)}
    return Picture(to_dark_on_white(picture.pixels, ground), (*picture.warnings, *notes[ground]))


def read_karyotype(picture: Picture, name: str, reader: Reader) -> Karyotype:
    """Read the karyotype off a dark-on-white metaphase; ``name`` is what the result calls the picture.

    A picture that shows no metaphase gives an empty karyotype, one that looks foreign a warning.
    """
    flat = flatten(picture.pixels)
    found = find_chromosomes(flat, reader)
    return tell(picture, name, flat, found, *name_chromosomes(flat, found, reader), reader)


def tell(
    picture: Picture, name: str, flat: np.ndarray, found: "Found", probabilities: np.ndarray, up: np.ndarray, reader: Reader
) -> Karyotype:
    """Return the karyotype of what was ``found`` in a picture, flattened ``flat``, and named as by :func:`name_chromosomes`."""
    classes = arrange(probabilities, np.array([item.score for item in found.instances])).classes
    noted = Picture(picture.pixels, (*picture.warnings, *found.warnings))
    made = describe(name, noted, found.instances, probabilities, up, classes, reader.identity())
    made = replace(made, candidates=found.spare)
    doubtful = not is_metaphase(made)
    return judge_domain(made, picture.warnings, doubtful and looks_like_metaphase(flat, found.instances))


@dataclass(frozen=True, eq=False)
class Candidates:
    """Masks that may be the chromosomes of a picture's cell; of ``rivals``, pairs of numbers, one at most is.

    ``sharing`` are the pairs that share pixels and may both be, (one, other, share of the smaller). ``scale`` is the factor
    that brings the cell to the reference size, ``opinions`` float (N, 24) the segmenter's own probabilities of the classes, not
    normalised, ``probabilities`` (N, 24) those joined with the classifier's first look, ``arms`` bool (N, A) which arms of
    clusters each holds. ``stain`` bool (H, W) is where redrawn masks may lie.
    """

    instances: list[Instance]
    scale: float
    opinions: np.ndarray
    probabilities: np.ndarray
    rivals: list[tuple[int, int]]
    sharing: list[tuple[int, int, float]]
    arms: np.ndarray
    stain: np.ndarray
    warnings: tuple[str, ...] = ()

    @property
    def sure(self) -> np.ndarray:
        """How sure each mask is, float (N,)."""
        return np.array([item.score for item in self.instances])

    @cached_property
    def chosen(self) -> list[int]:
        """The numbers of the masks that together make the likeliest cell."""
        return choose(self.probabilities, self.sure, self.rivals, self.arms, self.sharing)


@dataclass(frozen=True, eq=False)
class Found:
    """The chromosomes of a picture's cell, the factor that brings it to the reference size, and what the segmenter thinks.

    ``opinions`` is float (N, 24), the segmenter's own probabilities of the classes, not normalised; ``first`` (N, 24) are those
    joined with the classifier's look at the masks as they were when they were chosen. ``spare`` are masks that were not.
    """

    instances: list[Instance]
    scale: float
    opinions: np.ndarray
    first: np.ndarray
    warnings: tuple[str, ...] = ()
    spare: tuple[Candidate, ...] = ()


def find_chromosomes(flat: np.ndarray, reader: Reader) -> Found:
    """Segment a flattened picture, uint8 (H, W), and keep the cell: of rivals, those that together make the likeliest one."""
    return finish(flat, find_candidates(flat, reader), reader)


def finish(flat: np.ndarray, found: Candidates, reader: Reader) -> Found:
    """Return the candidates chosen, with their masks redrawn where they meet, and shared densities parted."""
    chosen = [found.instances[number] for number in found.chosen]
    instances = separate(flat, reader.segmenter.redraw(flat, chosen, found.stain, found.scale))
    seen = found.opinions[found.chosen], found.probabilities[found.chosen]
    return Found(instances, found.scale, *seen, found.warnings, spare_candidates(found))


def spare_candidates(found: Candidates) -> tuple[Candidate, ...]:
    """Return the masks that were not chosen and may be chromosomes all the same, likeliest first."""
    boxes = np.array([item.bbox for item in found.instances]).reshape(-1, 4)
    return tuple(
        make_candidate(found.instances[number], found.probabilities[number], score)
        for number, score in rank_spare(boxes, found.sure, found.chosen).items()
    )


def name_chromosomes(flat: np.ndarray, found: Found, reader: Reader) -> tuple[np.ndarray, np.ndarray]:
    """Return class probabilities (N, 24) and those that the short arm is up (N,).

    The cut-outs as they are now and as they were when they were chosen are two looks at one chromosome, and count alike.
    """
    seen = predict(reader.classifier, flat, found.instances, found.scale)
    return agree(combine(seen.probabilities, found.opinions), found.first), seen.up


def find_candidates(flat: np.ndarray, reader: Reader) -> Candidates:
    """Segment a flattened picture, uint8 (H, W), and keep the cell, rivals and all.

    The stain tells how large chromosomes are, and misleads where there is more than one cell. What is found tells better:
    where it does, the cell is cut once more.
    """
    levels = threshold_levels(flat)
    if levels is None:
        nothing = np.zeros((0, 24))
        return Candidates([], 1.0, nothing, nothing, [], [], np.zeros((0, 0), bool), np.zeros(flat.shape, bool))
    found = _cut(flat, reader, levels, cell_scale(levels.area))
    scale = measure_scale(levels.area, [found.instances[number] for number in found.chosen])
    return found if scale == found.scale else _cut(flat, reader, levels, scale)


def measure_scale(stained: int, masks: Sequence[Instance]) -> float:
    """Return the factor that brings a cell to the reference size.

    ``stained`` pixels tell it, unless the cell's ``masks``, if these are ``ENOUGH``, say by a factor of ``AGAIN`` otherwise.
    """
    scale = cell_scale(stained)
    if len(masks) < ENOUGH:
        return scale
    own = cell_scale(round(sum(item.area for item in masks) / MASK_AREA), len(masks))
    return own if max(own / scale, scale / own) > AGAIN else scale


def _cut(flat: np.ndarray, reader: Reader, levels: Levels, scale: float) -> Candidates:
    """Segment a flattened picture whose cell ``scale`` brings to the reference size."""

    def look(items: Sequence[Instance]) -> tuple[np.ndarray, np.ndarray]:
        seen = predict(reader.classifier, flat, items, scale, views=1)
        return seen.probabilities, seen.whole

    found = reader.segmenter.cut(flat, look, levels, scale)
    rivals, sharing = find_rivals(found.instances)
    probabilities = combine(found.probabilities, found.classes)
    own, warnings = find_cell(found.instances, probabilities, rivals)
    place = {number: k for k, number in enumerate(own)}
    rivals = [(place[a], place[b]) for a, b in rivals if a in place and b in place]
    sharing = [(place[a], place[b], share) for a, b, share in sharing if a in place and b in place]
    instances, opinions = [found.instances[number] for number in own], found.classes[own]
    stain = levels.stain[EDGE]
    return Candidates(instances, scale, opinions, probabilities[own], rivals, sharing, found.arms[own], stain, warnings)
