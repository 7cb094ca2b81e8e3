"""The 24 classes of human chromosomes: names, order, Denver groups, and the names other data sets use.

Class ``i`` of every probability vector is ``LABELS[i]``: ``"1".."22"``, ``"X"``, ``"Y"``.
"""

from types import MappingProxyType

AUTOSOMES: tuple[str, ...] = tuple(str(n) for n in range(1, 23))
#: The names of the classes, in the order of every probability vector.
LABELS: tuple[str, ...] = (*AUTOSOMES, "X", "Y")
INDEX = MappingProxyType({label: i for i, label in enumerate(LABELS)})

#: Denver groups (1960), in the order in which a karyogram shows them; the sex chromosomes stand apart.
GROUPS = MappingProxyType(
    {
        "A": ("1", "2", "3"),
        "B": ("4", "5"),
        "C": ("6", "7", "8", "9", "10", "11", "12"),
        "D": ("13", "14", "15"),
        "E": ("16", "17", "18"),
        "F": ("19", "20"),
        "G": ("21", "22"),
        "sex": ("X", "Y"),
    }
)

#: The acrocentric autosomes, the only ones that take part in a Robertsonian translocation.
ACROCENTRIC = frozenset(GROUPS["D"] + GROUPS["G"])


def parse_label(name: str) -> str | None:
    """Return the class a data set's own name stands for, or None.

    Understands ``"7"``, ``"x"``, ``"chr7"``, the Denver names of Tseng et al. (``"C7"``, ``"G22"``)
    and the numbers 23 (X) and 24 (Y) of CIR-Net.

    >>> [parse_label(n) for n in ("A1", "chrX", "23", "24", "07", "marker")]
    ['1', 'X', 'X', 'Y', '7', None]
    """
    text = name.strip().upper().removeprefix("CHR")
    if len(text) > 1 and text[0] in "ABCDEFG" and text[1:].isdigit():
        text = text[1:]
    text = text.lstrip("0")
    text = {"23": "X", "24": "Y"}.get(text, text)
    return text if text in INDEX else None


def voc_name(label: str) -> str:
    """Return the class name as Tseng et al. write it in their VOC files.

    >>> voc_name("7"), voc_name("X")
    ('C7', 'X')
    """
    for group, members in GROUPS.items():
        if label in members and group != "sex":
            return group + label
    return label
