"""The shipped models read what they read before. If a change is meant: python tests/golden.py, and look at the difference."""

import json

import numpy as np
import pytest

from golden import CELLS, FILE, read
from karyogram.metrics.detection import iou_matrix

GOLDEN = json.loads(FILE.read_text("utf-8"))
#: Processors round 8-bit networks differently: so many chromosomes of a cell may be named or cut otherwise.
SLACK = 1


def test_every_golden_cell_is_kept():
    assert list(GOLDEN) == list(CELLS)
    assert sum(len(cell["chromosomes"]) for cell in GOLDEN.values()) > 11 * 45


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_read_as_before(name):
    was, now = GOLDEN[name], read(name)
    overlap = iou_matrix(*(np.array([row[1:] for row in cell["chromosomes"]], float) for cell in (was, now)))
    same = np.array([[a[0] == b[0] for b in now["chromosomes"]] for a in was["chromosomes"]])
    lost = np.flatnonzero(~((overlap > 0.8) & same).any(1)).tolist()
    assert len(lost) <= SLACK, [was["chromosomes"][number] for number in lost]
    assert abs(len(now["chromosomes"]) - len(was["chromosomes"])) <= SLACK
    if not lost and len(was["chromosomes"]) == len(now["chromosomes"]):
        assert (now["iscn"], now["count"], now["warnings"]) == (was["iscn"], was["count"], was["warnings"])
