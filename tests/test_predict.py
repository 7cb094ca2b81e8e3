"""Opinions on canvases: who is looked at again, and what becomes of two looks."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, softmax

from karyogram.classify.predict import agree, predict_canvases

#: What a canvas says by its upper left pixel, seen as it is and seen upside down: logits of class 0 and of "up".
FIRST = {1: (20.0, 9.0), 2: (0.5, 9.0), 3: (20.0, 0.5)}
SECOND = {1: (0.0, 0.0), 2: (8.5, -7.0), 3: (12.0, -1.5)}


class Session:
    """A network that answers from the tables above and remembers how many canvases it was shown."""

    def __init__(self):
        self.shown = []

    def run(self, _, inputs):
        canvases = inputs["canvases"]
        self.shown.append(len(canvases))
        said = [FIRST[above] if above else SECOND[below] for above, below in canvases[:, [0, -1], 0].tolist()]
        logits, up = np.array(said).T
        return [np.eye(24)[[0] * len(logits)] * logits[:, None], up, np.full(len(logits), 2.0)]


def ask(marks, **options):
    session = Session()
    canvases = [np.pad([[mark]], ((0, 7), (0, 3))).astype(np.uint8) for mark in marks]
    found = predict_canvases(SimpleNamespace(session=session, metadata={"temperature": 2.0}), canvases, **options)
    return session.shown, found


def test_only_what_is_in_doubt_is_looked_at_again():
    shown, found = ask([1, 2, 1, 3, 1])
    assert shown == [5, 2]
    assert found.probabilities[:, 0] == pytest.approx([softmax([v / 2.0, *[0.0] * 23])[0] for v in (20, 4.5, 20, 16, 20)])
    assert found.up == pytest.approx(expit([9.0, (9.0 + 7.0) / 2, 9.0, (0.5 + 1.5) / 2, 9.0]))  # upside down, up is down
    assert found.whole == pytest.approx([expit(2.0)] * 5)


def test_one_view_is_one_look_and_no_doubt_needs_no_second():
    assert ask([2, 3], views=1)[0] == [2]
    assert ask([1, 1])[0] == [2]
    shown, found = ask([])
    assert shown == []
    assert found.probabilities.shape == (0, 24)


def test_two_looks_count_alike_and_a_doubtful_one_decides_less():
    doubtful, sure, other = np.full(24, 0.3 / 23), np.full(24, 0.001 / 23), np.full(24, 0.1 / 23)
    doubtful[0], sure[1], other[0] = 0.7, 0.999, 0.9
    one, two = np.stack([doubtful, other]), np.stack([sure, other])
    found = agree(one, two)
    assert found.sum(1) == pytest.approx([1, 1])
    assert found.argmax(1).tolist() == [1, 0]
    assert found[1] == pytest.approx(other)
    assert np.allclose(found, agree(two, one))
