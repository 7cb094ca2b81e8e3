"""The typeface of all drawings, and text that fits."""

from functools import cache

from PIL import ImageFont


@cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Return Aileron, the scalable font inside Pillow, in ``size`` pixels."""
    font = ImageFont.load_default(size=size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("this build of Pillow has no FreeType: install the one from PyPI")
    return font


def fit(text: str, size: int, width: float, least: int = 10) -> tuple[str, ImageFont.FreeTypeFont]:
    """Return ``text`` and the largest font, ``least`` to ``size`` pixels, in which it is at most ``width`` pixels wide.

    Text too long even for the least size loses its middle to dots. Aileron has the characters of ASCII; others become
    ``?``.
    """
    text = "".join(c if " " <= c <= "~" else "?" for c in text)
    for pixels in range(size, least - 1, -1):
        if typeface(pixels).getlength(text) <= width:
            return text, typeface(pixels)
    font, keep = typeface(least), len(text)
    while keep > 2 and font.getlength(_shorten(text, keep)) > width:
        keep -= 1
    return _shorten(text, keep), font


def _shorten(text: str, keep: int) -> str:
    return f"{text[: (keep + 1) // 2]}...{text[len(text) - keep // 2 :]}"
