"""The colours of all drawings, as (red, green, blue), 0..255."""

from types import MappingProxyType

from karyogram.labels import LABELS

_CLASSES = (
    "845400 0000fc 0090e4 fc009c 009c00 e46c00 309cb4 f000fc 900c60 9c9000 fc0000 0060fc "
    "c07890 6c9048 fc0060 780ccc 3c2448 303c00 9c0024 cc60d8 480078 005448 542418 8460a8"
)

#: One colour a class: far apart in CIE Lab (at least 30) and dark enough to be read on white (contrast at least 3).
CLASS_COLOURS = MappingProxyType(
    {label: tuple(bytes.fromhex(code)) for label, code in zip(LABELS, _CLASSES.split(), strict=True)}
)

INK = (28, 30, 34)
GREY = (118, 122, 128)
RULE = (150, 154, 160)
PALE = (243, 244, 246)
AMBER = (240, 150, 0)
WHITE = (255, 255, 255)


def class_colour(label: str | None) -> tuple[int, ...]:
    """Return the colour of a class; grey for None."""
    return CLASS_COLOURS[label] if label else GREY
