import json
from dataclasses import fields, replace
from importlib.resources import files

import jsonschema
import numpy as np
import pytest
from hypothesis import given

from karyogram.errors import AnnotationError
from karyogram.labels import LABELS
from karyogram.records import SCHEMA_VERSION, Candidate, Chromosome, Finding, Instance, Karyotype
from strategies import KARYOTYPES

SCHEMA = json.loads((files("karyogram") / "data" / "karyotype.schema.json").read_text("utf-8"))
ONE = Chromosome(1, "21", 0.9, (1 / 24,) * 24, 0.8, (3, 4, 20, 30), ((3, 4), (20, 4), (20, 30)), 12.5, False, 25.0)
CELL = Karyotype("a.jpg", 700, 690, (ONE,), {"21": 1}, (Finding("21", -1, 0.7),), "45,XX,-21", 0.9, ("pale",))


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(KARYOTYPES)
def test_every_karyotype_follows_the_schema_and_survives_json(karyotype):
    jsonschema.validate(karyotype.to_dict(), SCHEMA)
    assert Karyotype.from_json(karyotype.to_json()) == karyotype
    assert Karyotype.from_dict(karyotype.to_dict()) == karyotype


@pytest.mark.parametrize(
    ("record", "schema"),
    [
        (Karyotype, SCHEMA),
        (Chromosome, SCHEMA["$defs"]["chromosome"]),
        (Finding, SCHEMA["$defs"]["finding"]),
        (Candidate, SCHEMA["$defs"]["candidate"]),
    ],
)
def test_schema_and_record_have_the_same_fields_all_required_but_later_ones(record, schema):
    assert sorted(schema["properties"]) == sorted(f.name for f in fields(record))
    assert sorted(schema["required"]) == sorted(f.name for f in fields(record) if "since" not in f.metadata)
    assert schema["additionalProperties"] is False


def test_a_file_of_the_first_version_is_read_and_follows_the_schema():
    old = {**CELL.to_dict(), "schema_version": "1.0"}
    del old["candidates"]
    jsonschema.validate(old, SCHEMA)
    assert Karyotype.from_dict(old) == replace(CELL, schema_version="1.0")


def test_the_schema_names_the_24_classes_in_order():
    assert SCHEMA["$defs"]["label"]["enum"] == list(LABELS)


def test_the_schema_describes_every_field():
    for schema in (SCHEMA, SCHEMA["$defs"]["chromosome"]):
        assert all("description" in field for field in schema["properties"].values())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["extra"], 1),
        (["schema_version"], "2.0"),
        (["width"], 1.5),
        (["counts"], {"25": 1}),
        (["quality"], 2),
        (["findings", 0, "change"], 0),
        (["chromosomes", 0, "extra"], 1),
        (["chromosomes", 0, "label"], "23"),
        (["chromosomes", 0, "probabilities"], [0.5]),
        (["chromosomes", 0, "bbox"], [1, 2, 3]),
        (["chromosomes", 0, "polygon"], [[1, 2], [3]]),
        (["chromosomes", 0, "flipped"], 0),
    ],
)
def test_the_schema_and_the_reader_refuse_what_is_no_karyotype(path, value):
    data = CELL.to_dict()
    jsonschema.validate(data, SCHEMA)
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, SCHEMA)
    with pytest.raises(AnnotationError):
        Karyotype.from_dict(data)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "3", "null", "{}", '{"schema_version": "1.0"}'])
def test_text_that_is_no_karyotype_is_refused(text):
    with pytest.raises(AnnotationError):
        Karyotype.from_json(text)


@pytest.mark.parametrize("name", [f.name for f in fields(Karyotype) if "since" not in f.metadata])
def test_a_karyotype_that_lacks_a_field_is_refused(name):
    data = CELL.to_dict()
    del data[name]
    with pytest.raises(AnnotationError, match=name):
        Karyotype.from_dict(data)


@pytest.mark.parametrize("value", [None, 3, [3], [{}], [{**ONE.__dict__, "extra": 1}], [{**ONE.__dict__, "polygon": [1]}]])
def test_broken_chromosomes_are_refused(value):
    with pytest.raises(AnnotationError):
        Karyotype.from_dict({**CELL.to_dict(), "chromosomes": value})


def test_a_later_format_is_refused_by_its_version():
    assert SCHEMA_VERSION.startswith("1.")
    with pytest.raises(AnnotationError, match=r"2\.0"):
        Karyotype.from_dict({**CELL.to_dict(), "schema_version": "2.0"})


def test_an_instance_knows_its_place_in_the_picture():
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True
    item = Instance(mask, x=10, y=20)
    assert item.area == 6
    assert item.bbox == (12, 21, 15, 23)
    picture = np.zeros((40, 40), bool)
    picture[item.window()] |= item.mask
    assert np.argwhere(picture).min(0).tolist() == [21, 12]
