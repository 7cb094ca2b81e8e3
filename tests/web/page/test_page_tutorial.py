"""The walk of docs/tutorial/correct.md over the bench: a missed chromosome is outlined, the case signed, and handed on.

SCREENS=docs/tutorial pytest tests/web/page/test_page_tutorial.py takes the pictures that the tutorial shows.
"""

import io
import os
import zipfile
from pathlib import Path

import pytest
from hands import held, saved, stroke
from PIL import Image
from running import serve

from karyogram.datasets.splits import read_split
from karyogram.datasets.synth.metaphase import synth_metaphase
from karyogram.datasets.voc import read_voc
from karyogram.files import encode_picture
from karyogram.web.config import Config

SCREENS = os.environ.get("SCREENS", "")
#: What ``karyogram synth --seed 2 --karyotype 47,XX,+21`` draws.
SEED, KARYOTYPE, MISSED = 2, "47,XX,+21", 42


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A bench that reads each picture as it comes."""
    yield from serve(Config(data=tmp_path_factory.mktemp("tutorial"), immediate=True))


def shoot(page, name):
    if SCREENS:
        whole = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        whole.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(Path(SCREENS, f"{name}.png"), optimize=True)


def test_a_missed_chromosome_is_outlined_signed_and_handed_to_training(person, own, tmp_path):
    picture, truth = synth_metaphase(SEED, KARYOTYPE)
    page = person("Ann", url=own.url, size=(1200, 780))
    page.goto("/")
    page.locator("#files").set_input_files(
        {"name": "synth_0002.png", "mimeType": "image/png", "buffer": encode_picture(picture)}
    )
    page.get_by_role("link", name="open: 46,XX").click()
    page.wait_for_selector("#main[aria-busy=false]")
    shoot(page, "bench-missed")

    left, top, right, bottom = next(c for c in truth.chromosomes if c.id == MISSED).bbox
    page.keyboard.press("l")
    stroke(page, [(left - 4, top - 4), (right + 4, top - 4), (right + 4, bottom + 4), (left - 4, bottom + 4), (left - 4, top)])
    page.wait_for_selector("[data-slot='21'] [data-chromosome='47']")
    saved(page)
    assert len(held(page, "21")) == 3
    shoot(page, "bench-outlined")

    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.get_by_role("dialog").get_by_text("3 of class 21").wait_for()
    shoot(page, "bench-asked")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Approve the case").click()
    page.locator("#marks").get_by_text("approved").wait_for()
    assert page.locator("#iscn").inner_text() == "47,XX,+21"

    given = page.request.get("/api/v1/export/training?layout=voc").body()
    with zipfile.ZipFile(io.BytesIO(given)) as packed:
        packed.extractall(tmp_path)
    (annotation,) = (tmp_path / "annotations").iterdir()
    labels = [box.label for box in read_voc(annotation).boxes]
    assert (len(labels), labels.count("21")) == (47, 3)
    (entry,) = read_split(tmp_path / "split.csv").values()
    assert (tmp_path / "images" / f"{entry.name}.png").exists()
