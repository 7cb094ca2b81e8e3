"""Cells that look foreign are told, pictures of no cell stay empty, and a common cell hears nothing."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import karyogram
from bars import Bar, draw_cell
from karyogram.bands import length
from karyogram.datasets.mfish import metaphase_names
from karyogram.karyotype.domain import LIMITS, belief, certainty, is_metaphase, judge_domain, misfit, size
from karyogram.labels import LABELS
from karyogram.records import Finding, Karyotype


def cell(sure=0.999, quality=0.95, scale=1.0, sizes=lambda label: length(label, "bp")):
    """Two bars of each autosome and of X, of areas as of their classes; ``sure`` is how sure each class is."""
    labels = [label for label in LABELS[:-1] for _ in range(2)]
    made = draw_cell([Bar(label, 60) for label in labels])[1]
    chromosomes = []
    for chromosome in made.chromosomes:
        left, top = chromosome.bbox[:2]
        width, height = 22 * scale, 22 * scale * sizes(chromosome.label) * 6
        corners = ((0, 0), (width, 0), (width, height), (0, height))
        others = (1 - sure) / 23
        chromosomes.append(
            replace(
                chromosome,
                polygon=tuple((left + x, top + y) for x, y in corners),
                probabilities=tuple(sure if label == chromosome.label else others for label in LABELS),
            )
        )
    findings = (Finding("21", 1, 0.9),)
    return replace(made, chromosomes=tuple(chromosomes), quality=quality, findings=findings, iscn="46,XX", warnings=("pale",))


def test_a_common_cell_hears_nothing():
    assert judge_domain(cell()) == cell()


@pytest.mark.parametrize(
    ("given", "said", "claims"),
    [
        ({"sure": 0.7}, "foreign bands: classes are told with 0.70 only; another stain or species?", False),
        ({"scale": 0.3}, "foreign scale: chromosomes of 12 x 12 pixels on average, not about 35 x 35", True),
        ({"scale": 3.0}, "foreign scale: chromosomes of 118 x 118 pixels", True),
        ({"sizes": lambda _: 0.5}, "foreign sizes: chromosomes are off the sizes of their classes by ", False),
    ],
)
def test_a_foreign_cell_is_told_and_what_rests_on_its_classes_not_claimed(given, said, claims):
    judged = judge_domain(cell(**given))
    assert judged.warnings[0] == "pale"
    (warning,) = judged.warnings[1:]
    assert warning.startswith(said)
    assert len(judged.chromosomes) == 46
    assert bool(judged.iscn) == bool(judged.findings) == claims


def test_what_is_no_metaphase_is_empty():
    judged = judge_domain(cell(quality=0.3), ["3 pages"])
    assert judged.warnings == (
        "3 pages",
        "no metaphase: 46 objects, too few that are surely chromosomes",
        "no chromosomes found",
    )
    assert (judged.chromosomes, judged.findings, judged.iscn, judged.quality) == ((), (), "", 0.0)
    assert not any(judged.counts.values())


def test_what_looks_like_a_metaphase_and_is_hardly_believed_is_kept_and_nothing_claimed_of_it():
    judged = judge_domain(cell(quality=0.3), looks_like_one=True)
    assert judged.chromosomes == cell().chromosomes
    assert (judged.findings, judged.iscn) == ((), "")
    assert judged.warnings == ("pale", "poor metaphase: 46 objects, few that are surely chromosomes; nothing is claimed of it")
    assert not judge_domain(cell(quality=0.2), looks_like_one=True).chromosomes
    assert judge_domain(cell(), looks_like_one=True) == cell()


def test_few_objects_have_to_be_surer_than_many():
    few = replace(cell(quality=0.6), chromosomes=cell().chromosomes[:3])
    assert belief(few) == pytest.approx(0.3)
    assert not is_metaphase(few)
    assert is_metaphase(cell(quality=0.6))
    assert judge_domain(Karyotype("a", 9, 9)) == Karyotype("a", 9, 9)


def test_clusters_alone_make_no_cell_foreign():
    made = cell()
    doubtful = cell(sure=0.2).chromosomes[:20]
    assert certainty(replace(made, chromosomes=(*doubtful, *made.chromosomes[20:]))) == pytest.approx(0.999)


def test_sizes_are_measured_whatever_the_scale():
    assert misfit(cell(scale=0.5)) == pytest.approx(misfit(cell()), abs=0.01)
    assert size(cell(scale=0.5)) == pytest.approx(size(cell()) / 2, rel=0.01)
    assert all(low < high for low, high, _ in LIMITS.values())


def test_a_photograph_of_something_else_gives_no_karyotype():
    import skimage

    for name in ("camera.png", "moon.png", "page.png"):
        found = karyogram.analyze(Path(skimage.__file__).parent / "data" / name)
        assert (found.chromosomes, found.findings, found.iscn) == ((), (), ""), name
        assert any(warning.startswith("no metaphase: ") for warning in found.warnings), name


@pytest.mark.data
def test_another_stain_is_told_and_no_text_is_made_of_it(data_folder):
    names = metaphase_names(data_folder / "mfish")[::24]
    found = [karyogram.analyze(data_folder / "mfish" / f"{name}_dapi.png") for name in names]
    told = [any(warning.startswith(("foreign ", "no metaphase")) for warning in one.warnings) for one in found]
    assert len(names) >= 6
    assert np.mean(told) >= 0.85
    assert not any(one.iscn for one in found)


@pytest.mark.parametrize("shape", [(2, 30_000), (30_000, 1), (60, 30_000)])
def test_a_strip_of_nothing_is_read_and_drawn(shape):
    picture = np.full(shape, 220, np.uint8)
    cv2.line(picture, (0, 0), (shape[1] // 2, shape[0] - 1), 60, 2)
    found = karyogram.analyze(picture)
    assert not found.chromosomes
    assert found.warnings
    assert found.draw().size
    assert found.overlay().shape[:2] == shape
