"""What Hypothesis draws from: records as we write them, and files, names and pictures as nobody should."""

import json

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from karyogram.labels import LABELS
from karyogram.records import Candidate, Chromosome, Finding, Karyotype

# records

SIDE = 1000
SHARES = st.floats(0, 1)
PIXELS = st.integers(0, SIDE)
BOXES = st.tuples(PIXELS, PIXELS, PIXELS, PIXELS)
POLYGONS = st.lists(st.tuples(st.floats(0, SIDE), st.floats(0, SIDE)), min_size=3, max_size=5).map(tuple)
CHROMOSOMES = st.builds(
    Chromosome,
    id=st.integers(),
    label=st.sampled_from([*LABELS, None]),
    probability=SHARES,
    probabilities=st.lists(SHARES, min_size=24, max_size=24).map(tuple),
    score=SHARES,
    bbox=BOXES,
    polygon=POLYGONS,
    angle=st.floats(-180, 180),
    flipped=st.booleans(),
    length_px=st.floats(0, 1e4),
    centromere=st.none() | SHARES,
    overlaps=st.lists(st.integers(), max_size=3).map(tuple),
    review=st.lists(st.text(), max_size=3).map(tuple),
)
FINDINGS = st.builds(Finding, st.sampled_from(LABELS), st.integers(-2, 3).filter(bool), probability=SHARES)
CANDIDATES = st.builds(Candidate, st.sampled_from(LABELS), SHARES, SHARES, BOXES, POLYGONS)
KARYOTYPES = st.builds(
    Karyotype,
    image=st.text(),
    width=st.integers(SIDE, 5 * SIDE),
    height=st.integers(SIDE, 5 * SIDE),
    chromosomes=st.lists(CHROMOSOMES, max_size=3).map(tuple),
    counts=st.dictionaries(st.sampled_from(LABELS), st.integers(0, 5)),
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    iscn=st.text(),
    quality=SHARES,
    warnings=st.lists(st.text(), max_size=2).map(tuple),
    model=st.dictionaries(st.text(), st.text(), max_size=2),
    candidates=st.lists(CANDIDATES, max_size=2).map(tuple),
)

# files

_EDITS = st.tuples(
    st.sampled_from(["set", "cut", "insert", "repeat"]), st.floats(0, 1, exclude_max=True), st.binary(max_size=4)
)


@st.composite
def damaged(draw, *files: bytes) -> bytes:
    """One of the files after one to four edits: bytes set, inserted or repeated, or everything from some place on cut off."""
    data = draw(st.sampled_from(files))
    for how, where, piece in draw(st.lists(_EDITS, min_size=1, max_size=4)):
        place = int(where * len(data))
        if how == "cut":
            data = data[:place]
        elif how == "repeat":
            data = data[:place] + data[max(0, place - 40) : place] * 20 + data[place:]
        else:
            data = data[:place] + piece + data[place + len(piece) * (how == "set") :]
    return data


_ODD = st.sampled_from(
    [None, True, -1, 0, 2**70, 1e308, float("nan"), float("inf"), "", "25", "../../x", [], [[]], {}, {"": 0}]
)


@st.composite
def altered(draw, value: object) -> str:
    """Text of JSON of which one value, anywhere in it, is another one, has gone, or stands there twice."""
    root = {"root": json.loads(json.dumps(value))}
    place, key = root, "root"
    while isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 5)):
        place = place[key]
        key = draw(st.sampled_from(sorted(place))) if isinstance(place, dict) else draw(st.integers(0, len(place) - 1))
    how = draw(st.sampled_from(["odd", "gone", "wrapped"])) if place is not root else "odd"
    if how == "gone":
        del place[key]
    else:
        place[key] = draw(_ODD) if how == "odd" else [place[key]] * 2
    return json.dumps(root["root"])


#: File names that are hard on whoever makes a folder of them.
NAMES = st.sampled_from(
    ["...png", "..png", "a..png", " .png", "é\u0301.png", "a\nb.png", "CON.png", "-o.png", "%2e%2e.png", "a b.PNG"]
)

# pictures

_DEEP = st.sampled_from([0, 1, 255, 4095, 32768, 65534, 65535])
_FLOATS = st.sampled_from([0.0, 1.0, -1.0, 1e-30, 3e38, -3e38, float("nan"), float("inf"), float("-inf")])
_SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))
#: Arrays of 16 bits and of floats, uint16 or float32 (H, W), with all that such a number can be.
DEEP = arrays.arrays(np.uint16, _SHAPES, elements=_DEEP) | arrays.arrays(np.float32, _SHAPES, elements=_FLOATS)
