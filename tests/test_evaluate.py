import json

import numpy as np
import pytest
from click.testing import CliRunner

from karyogram.cli.evaluate import evaluate
from karyogram.datasets import sources
from karyogram.datasets.boxed import as_pair
from karyogram.datasets.results import read_karyotype, read_names
from karyogram.datasets.tseng import MARGIN
from karyogram.datasets.voc import Annotation, Box
from karyogram.errors import AnnotationError, DataError
from karyogram.labels import voc_name
from karyogram.records import Chromosome, Karyotype

TRUTH = [("1", (20, 20, 60, 90)), ("X", (80, 20, 110, 60)), ("21", (150, 20, 172, 44))]


def chromosome(label, bbox, score=0.9):
    polygon = ((bbox[0], bbox[1]), (bbox[2], bbox[1]), (bbox[2], bbox[3]))
    return Chromosome(1, label, 0.9, (1 / 24,) * 24, score, tuple(bbox), polygon, 0.0, False, 40.0)


def tight(bbox):
    """The box as the mask would have it: without the annotators' margin."""
    return tuple(int(side) for side in np.add(bbox, [7, 8, -5, -4]))


def karyotype(boxes=TRUTH):
    return Karyotype("a.jpg", 200, 100, tuple(chromosome(label, tight(bbox)) for label, bbox in boxes))


@pytest.fixture
def folders(tmp_path):
    """Three pictures with truth: a read perfectly, b with one class wrong, c without a result."""
    truth, out = tmp_path / "truth", tmp_path / "out"
    truth.mkdir()
    for name in "abc":
        corners = ("xmin", "ymin", "xmax", "ymax")
        objects = [
            f"<object><name>{voc_name(label)}</name><bndbox>"
            + "".join(f"<{corner}>{side}</{corner}>" for corner, side in zip(corners, bbox, strict=True))
            + "</bndbox></object>"
            for label, bbox in TRUTH
        ]
        size = "<size><width>200</width><height>100</height></size>"
        (truth / f"{name}.xml").write_text(f"<annotation>{size}{''.join(objects)}</annotation>")
    (out / "a").mkdir(parents=True)
    (out / "a" / "karyotype.json").write_text(karyotype().to_json())
    (out / "b.json").write_text(karyotype([("2", TRUTH[0][1]), *TRUTH[1:]]).to_json())
    return truth, out


def run(*arguments):
    result = CliRunner().invoke(evaluate, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def numbers(*arguments):
    result = run(*arguments, "--json", "-")
    return json.loads(result.stdout), result


def test_pictures_with_a_result_are_scored_and_the_others_counted(folders):
    data, result = numbers(*folders)
    assert result.exit_code == 0
    assert result.stderr == "1 truth files have no result and are left out\n"
    assert data["names"] == ["a", "b"]
    assert (data["found"]["hits"], data["found"]["total"], data["found_and_right"]["hits"]) == (6, 6, 5)
    assert data["pictures_wholly_right"]["share"] == 0.5
    assert (data["iou"], data["margin"]) == (0.5, [7, 8, 5, 4])


def test_the_tables_name_every_score_and_class_in_plain_text(folders):
    result = run(*folders)
    assert "2 pictures, 6 boxes" in result.stdout
    for line in ("Found (IoU >= 0.5)", "Found and right", "Spurious boxes", "AP50, mean of classes", "0.8333"):
        assert line in result.stdout
    assert "\x1b" not in result.stdout
    assert "…" not in result.stdout
    first_words = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert first_words[-3:] == ["22", "X", "Y"]


def test_numbers_are_written_beside_the_tables(folders, tmp_path):
    result = run(*folders, "--json", tmp_path / "new" / "scores.json")
    assert "Found and right" in result.stdout
    assert json.loads((tmp_path / "new" / "scores.json").read_text()) == numbers(*folders)[0]


def test_names_asked_for_count_as_empty_without_result_and_fail_without_truth(folders, tmp_path):
    (tmp_path / "names.txt").write_text("c\n\na\nz\n")
    data, result = numbers(*folders, "--names", tmp_path / "names.txt")
    assert result.exit_code == 1
    assert result.stderr == "z: no truth file of that name\nc: no result, counted as nothing found\n"
    assert (data["names"], data["without_result"], list(data["failed"])) == (["a", "c"], ["c"], ["z"])
    assert (data["found"]["hits"], data["found"]["total"]) == (3, 6)


def test_a_part_of_a_split_is_scored(folders, tmp_path):
    (tmp_path / "split.csv").write_text("name,case,part\na,a,test\nb,b,train\nc,c,test\n")
    assert numbers(*folders, "--split", tmp_path / "split.csv")[0]["names"] == ["a", "c"]
    assert numbers(*folders, "--split", tmp_path / "split.csv", "--part", "train")[0]["names"] == ["b"]
    empty = run(*folders, "--split", tmp_path / "split.csv", "--part", "val")
    assert (empty.exit_code, "nothing to score" in empty.stderr) == (1, True)


def test_the_first_in_name_order_are_scored(folders):
    assert numbers(*folders, "--first", 1)[0]["names"] == ["a"]


def test_truth_may_be_one_file(folders):
    truth, out = folders
    assert numbers(truth / "b.xml", out)[0]["names"] == ["b"]


@pytest.mark.parametrize("broken", ["truth/a.xml", "out/a/karyotype.json"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"[]", b"\xff\xfe\x00"])
def test_a_broken_file_is_named_and_the_rest_scored(folders, tmp_path, broken, content):
    (tmp_path / broken).write_bytes(content)
    data, result = numbers(*folders)
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if str(tmp_path / broken) in line]
    assert len(lines) == 1
    assert (data["names"], list(data["failed"])) == (["b"], ["a"])


def test_without_the_margin_a_correct_small_box_is_missed(folders):
    assert numbers(*folders, "--margin", "0,0,0,0")[0]["found"]["hits"] < 6
    strict = numbers(*folders, "--iou", "1")[0]
    assert strict["found"]["hits"] == 6


def test_the_default_margin_is_the_measured_one_where_truth_is_voc(folders):
    truth, out = folders
    assert numbers(truth, out)[0]["margin"] == list(MARGIN)
    assert numbers(out, truth)[0]["margin"] == [0, 0, 0, 0]
    assert "7,8,5,4" in run("--help").stdout


@pytest.mark.parametrize(
    "options",
    [
        ["--margin", "1,2,3"],
        ["--margin", "a,b,c,d"],
        ["--margin", "1,2,3,-4"],
        ["--margin", "1,2,3,nan"],
        ["--iou", "0"],
        ["--iou", "1.5"],
        ["--part", "exam"],
        ["--first", "0"],
        ["--names", "nowhere.txt"],
    ],
)
def test_wrong_usage_is_status_2(folders, options):
    assert run(*folders, *options).exit_code == 2


def test_names_and_split_exclude_each_other(folders, tmp_path):
    file = tmp_path / "names.txt"
    file.write_text("a\n")
    assert run(*folders, "--names", file, "--split", file).exit_code == 2


def test_a_folder_without_truth_is_named(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", folders[1])
    assert result.exit_code == 1
    kinds = "COCO, VOC, karyotype.json, predictions.csv nor class folders"
    assert result.stderr == f"Error: {tmp_path / 'empty'}: neither {kinds} here\n"


def names(truth, out):
    """{picture: whether it has a result}."""
    known, said = sources.open_source(truth, sources.TRUTH), sources.open_source(out, sources.RESULTS)
    return {name: result is not None for name, (_, result) in sources.pair_pictures(known, said).items()}


def test_pictures_in_folders_keep_their_path_as_name(folders):
    truth, out = folders
    (truth / "sub").mkdir()
    (truth / "a.xml").rename(truth / "sub" / "a.xml")
    assert list(names(truth, out).items()) == [("b", True), ("c", False), ("sub/a", False)]
    (out / "sub").mkdir()
    (out / "a").rename(out / "sub" / "a")
    assert names(truth, out)["sub/a"]


def test_truth_and_result_become_arrays():
    truth = Annotation("a.jpg", 200, 100, (Box("1", (1, 2, 3, 4)), Box(None, (5, 6, 7, 8))))
    found = (chromosome("Y", (10, 20, 190, 98), 0.5), chromosome(None, (3, 30, 40, 50)))
    pair = as_pair(truth, Karyotype("a.jpg", 200, 100, found), (7, 8, 5, 4))
    assert pair.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert pair.labels.tolist() == [0, -1]
    assert pair.predicted_boxes.tolist() == [[3, 12, 195, 100], [0, 22, 45, 54]]
    assert pair.predicted_labels.tolist() == [23, -1]
    assert (pair.score.tolist(), pair.probability.tolist()) == ([0.5, 0.9], [0.9, 0.9])


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"width": 300}, "300 x 100 pixels, its truth has 200 x 100"),
        ({"width": "wide"}, "not made of numbers"),
        ({"chromosomes": (chromosome("23", (1, 2, 3, 4)),)}, "chromosome 1 has the label '23'"),
        ({"chromosomes": (chromosome(["1"], (1, 2, 3, 4)),)}, "which is no class"),
        ({"chromosomes": (chromosome("1", (3, 2, 3, 4)),)}, "without area"),
        ({"chromosomes": (chromosome("1", (1, 2, 3, float("nan"))),)}, "a number that is none"),
        ({"chromosomes": (chromosome("1", (1, 2, 3, "4 px")),)}, "not made of numbers"),
        ({"chromosomes": (chromosome("1", (1, 2, 3, 4), None),)}, "a number that is none"),
        ({"chromosomes": (chromosome("1", (1, 2, 3, 4, 5)),)}, "not made of numbers"),
    ],
)
def test_a_result_of_another_picture_or_with_impossible_values_is_refused(wrong, reason):
    fields = {"image": "a.jpg", "width": 200, "height": 100} | wrong
    with pytest.raises(ValueError, match=reason):
        as_pair(Annotation("a.jpg", 200, 100, ()), Karyotype(**fields), (0, 0, 0, 0))


def test_a_result_nested_past_reason_is_refused(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(AnnotationError, match=r"deep\.json"):
        read_karyotype(tmp_path / "deep.json")


def test_a_names_file_without_names_is_refused(tmp_path):
    (tmp_path / "names.txt").write_text(" \n\n")
    with pytest.raises(DataError, match="holds no names"):
        read_names(tmp_path / "names.txt")
