"""The second stage: what it is told, what it does untrained, what it learns, and that a trisomy survives."""

import importlib.util

import numpy as np
import pytest

from karyogram.classify.cell import LEAST, canvas_sizes, gather_evidence, refine
from karyogram.errors import DataError
from karyogram.weights.record import open_model

pytestmark = pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="needs the extra train")


def opinions(rows, labels, sizes=None):
    """First-stage opinions on a cell: ``rows`` of {class: probability}, the same in each look."""
    from karyogram.training.opinions import Opinions

    looks = np.full((2, len(rows), 24), 1e-4, np.float32)
    for k, row in enumerate(rows):
        for label, probability in row.items():
            looks[:, k, label] = probability
    looks /= looks.sum(2, keepdims=True)
    return Opinions(looks, np.full((len(rows), 2), 20.0) if sizes is None else sizes, np.array(labels, np.int16))


def doubtful_cell():
    """Two of class 0, sure; two of class 1, one of which might as well be a 0."""
    return opinions([{0: 0.98}, {0: 0.98}, {1: 0.98}, {0: 0.52, 1: 0.46}], [0, 0, 1, 1])


def trisomic_cell():
    """Three of class 0, all sure, and two of class 1."""
    return opinions([{0: 0.98}, {0: 0.98}, {0: 0.98}, {1: 0.98}, {1: 0.98}], [0, 0, 0, 1, 1])


@pytest.fixture(scope="module")
def fitted():
    from karyogram.training.together import fit_cell

    return fit_cell([doubtful_cell(), trisomic_cell()], steps=120, batch=8, rate=4e-3)


def test_sizes_are_measured_on_the_canvas():
    canvas = np.zeros((2, 12, 8), np.uint8)
    canvas[0, 2:11, 3:7] = 9
    canvas[1, 5, 5] = 1
    np.testing.assert_allclose(canvas_sizes(canvas), [[6, 9], [1, 1]])


def test_magnification_tells_nothing():
    rng = np.random.default_rng(0)
    probabilities, sizes = rng.dirichlet(np.ones(24), 5), rng.uniform(5, 50, (5, 2))
    one, other = gather_evidence(probabilities, sizes), gather_evidence(probabilities, 1.7 * sizes)
    assert one.shape == (5, 26)
    np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(one[:, :24], np.log(np.maximum(probabilities, LEAST)), rtol=1e-5)


def test_untrained_it_repeats_what_it_is_told():
    import torch

    from karyogram.training.nets.cell import CellNet

    evidence = torch.randn(2, 5, 26)
    logs = CellNet().eval()(evidence, torch.ones(2, 5, dtype=torch.bool))
    torch.testing.assert_close(logs, evidence[..., :24].log_softmax(-1))


def test_order_does_not_matter_and_absent_ones_are_not_there(fitted):
    import torch

    generator = torch.Generator().manual_seed(0)
    evidence = torch.randn(1, 6, 26, generator=generator)
    present = torch.tensor([[True] * 4 + [False] * 2])
    with torch.no_grad():
        logs = fitted(evidence, present)[0, :4]
        turned = fitted(evidence[:, [2, 0, 3, 1, 5, 4]], present)[0, :4]
        alone = fitted(evidence[:, :4], present[:, :4])[0]
    torch.testing.assert_close(logs[[2, 0, 3, 1]], turned)
    torch.testing.assert_close(logs, alone)


def test_a_drawn_cell_without_disorder_is_the_cell():
    from karyogram.training.together import Disorder, draw_cell

    cell = doubtful_cell()
    evidence, labels = draw_cell([cell], np.random.default_rng(0), Disorder(0, 0, 0, 0, 0, 0, 0))
    np.testing.assert_array_equal(labels, cell.labels)
    np.testing.assert_allclose(evidence, gather_evidence(cell.looks[0], cell.sizes), atol=1e-6)


def test_drawn_cells_lack_chromosomes_and_have_foreign_ones():
    from karyogram.training.together import draw_cell

    cells, rng = [doubtful_cell(), opinions([{5: 0.9}], [-1])], np.random.default_rng(0)
    drawn = [draw_cell(cells, rng) for _ in range(200)]
    counts = {len(labels) for _, labels in drawn}
    assert min(counts) == 1
    assert max(counts) > 4
    assert any((labels == -1).any() and (labels == 0).any() for _, labels in drawn)
    assert all(np.isfinite(evidence).all() and evidence.shape == (len(labels), 26) for evidence, labels in drawn)


def test_the_cell_settles_a_doubt_and_a_trisomy_survives(fitted):
    from karyogram.training.together import decide

    cell = doubtful_cell()
    assert cell.looks[0, 3].argmax() == 0
    assert decide(fitted, cell).argmax(1).tolist() == [0, 0, 1, 1]
    assert decide(fitted, trisomic_cell()).argmax(1).tolist() == [0, 0, 0, 1, 1]


def test_an_exported_second_stage_decides_the_same(fitted, tmp_path):
    from karyogram.training.export import export_cell
    from karyogram.training.together import decide

    model = open_model(export_cell(fitted, tmp_path / "cell.onnx", "cell", 2.0).read_bytes(), "cell", 1)
    cell = doubtful_cell()
    found = refine(model, cell.looks[0], cell.sizes)
    expected = np.exp(decide(fitted, cell) / 2)
    np.testing.assert_allclose(found, expected / expected.sum(1, keepdims=True), atol=1e-4)


def test_one_chromosome_alone_stays_as_it_is(fitted, tmp_path):
    from karyogram.training.export import export_cell

    model = open_model(export_cell(fitted, tmp_path / "cell.onnx", "cell").read_bytes(), "cell", 1)
    cell = doubtful_cell()
    np.testing.assert_array_equal(refine(model, cell.looks[0, 3:], cell.sizes[3:]), cell.looks[0, 3:])


def test_its_temperature_is_that_of_known_chromosomes(fitted):
    from karyogram.training.together import fit_cell_temperature

    assert fit_cell_temperature(fitted, []) == 1.0
    assert fit_cell_temperature(fitted, [opinions([{0: 0.9}, {1: 0.9}], [-1, -1])]) == 1.0
    assert 0.2 <= fit_cell_temperature(fitted, [doubtful_cell()]) < 1.0


def test_without_cells_there_is_nothing_to_learn():
    from karyogram.training.together import fit_cell

    for nothing in (opinions([], []), opinions([{0: 0.9}], [-1])):
        with pytest.raises(DataError, match="nothing to learn"):
            fit_cell([nothing])


@pytest.mark.parametrize("steps", [1, 10])
def test_a_few_steps_are_steps_too(steps):
    from karyogram.training.together import fit_cell

    net = fit_cell([doubtful_cell()], steps=steps, batch=2)
    assert all(bool(weight.isfinite().all()) for weight in net.parameters())


def test_saved_opinions_are_read_again(tmp_path):
    from karyogram.training.opinions import load_opinions, save_opinions

    save_opinions(tmp_path / "a.npz", [doubtful_cell(), trisomic_cell()])
    one, other = load_opinions(tmp_path / "a.npz")
    np.testing.assert_array_equal(one.looks, doubtful_cell().looks)
    np.testing.assert_array_equal(other.labels, [0, 0, 0, 1, 1])
    save_opinions(tmp_path / "b.npz", [])
    assert load_opinions(tmp_path / "b.npz") == []
