"""What a person does at the bench, and what they see there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from playwright.sync_api import expect

from karyogram.records import Chromosome, Karyotype

#: From pixels of the photograph to pixels of the page.
PLACE = """([x, y]) => {
    const matrix = document.querySelector("#metaphase svg > g").getScreenCTM();
    const point = new DOMPoint(x, y).matrixTransform(matrix);
    return [point.x, point.y];
}"""


def misread(karyotype: Karyotype, wrong: dict[int, str]) -> Karyotype:
    """Return a karyotype in which some chromosomes got another class, and are marked for review."""

    def spoil(c: Chromosome) -> Chromosome:
        return replace(c, label=wrong[c.id], probability=0.4 + c.id / 1000, review=("class uncertain",))

    return replace(karyotype, chromosomes=tuple(spoil(c) if c.id in wrong else c for c in karyotype.chromosomes))


def stopped(page):
    """Let a page's clock stand still: it asks what others have done when :func:`look` says so, and never by itself."""
    page.clock.install(time=datetime(2030, 1, 1))
    page.clock.pause_at(datetime(2030, 1, 1, 0, 0, 1))
    return page


def look(page) -> None:
    """Let a stopped page ask what others have done."""
    page.clock.run_for(2100)


def opened(page, analysis: int):
    """Open an analysis and wait until the bench can be used."""
    page.goto(f"/analyses/{analysis}")
    page.wait_for_selector("#main[aria-busy=false]")
    return page


def saved(page) -> None:
    expect(page.locator("#saved")).to_have_text("Saved", timeout=20_000)


def held(page, slot: str) -> list[int]:
    """Return the ids of the chromosomes that stand in a slot."""
    found = page.locator(f"[data-slot='{slot}'] [data-chromosome]")
    return [int(found.nth(i).get_attribute("data-chromosome")) for i in range(found.count())]


def drag(page, chromosome: int, slot: str) -> None:
    """Carry a chromosome of the karyogram to a slot."""
    here = page.locator(f"[data-chromosome='{chromosome}']").bounding_box()
    there = page.locator(f"[data-slot='{slot}']").bounding_box()
    page.mouse.move(here["x"] + here["width"] / 2, here["y"] + here["height"] / 2)
    page.mouse.down()
    page.mouse.move(there["x"] + there["width"] / 2, there["y"] + 20, steps=4)
    page.mouse.up()


def on_picture(page, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where points of the photograph lie on the page."""
    return [tuple(page.evaluate(PLACE, list(point))) for point in points]


def stroke(page, points: Sequence[tuple[float, float]]) -> None:
    """Draw a line on the photograph, given in its pixels."""
    first, *rest = on_picture(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def under(page, at: tuple[float, float]) -> list[float]:
    """Return the point of the photograph at a place on the page, and how many pixels of the page one of its pixels has."""
    script = """([x, y]) => {
        const matrix = document.querySelector("#metaphase svg > g").getScreenCTM();
        const point = new DOMPoint(x, y).matrixTransform(matrix.inverse());
        return [point.x, point.y, matrix.a];
    }"""
    return page.evaluate(script, list(at))


class Fingers:
    """Fingers on the screen, by Chromium's own touch events."""

    def __init__(self, page):
        self.session = page.context.new_cdp_session(page)

    def _touch(self, kind: str, places: Sequence[tuple[float, float]]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self, places: Sequence[tuple[float, float]]) -> None:
        self._touch("touchStart", places)

    def move(self, places: Sequence[tuple[float, float]]) -> None:
        self._touch("touchMove", places)

    def up(self) -> None:
        self._touch("touchEnd", [])

    def slide(self, start: Sequence[tuple[float, float]], end: Sequence[tuple[float, float]], steps: int = 8) -> None:
        """Put fingers down, move them, and lift them."""
        self.down(start)
        for step in range(1, steps + 1):
            self.move(
                [tuple(a + (b - a) * step / steps for a, b in zip(*pair, strict=True)) for pair in zip(start, end, strict=True)]
            )
        self.up()
