import subprocess
import sys

import pytest

import karyogram


def test_every_public_name_exists_and_is_listed_once():
    assert len(set(karyogram.__all__)) == len(karyogram.__all__)
    for name in karyogram.__all__:
        assert getattr(karyogram, name) is not None
    assert dir(karyogram) == sorted(karyogram.__all__)


def test_a_wrong_name_is_an_attribute_error():
    assert not hasattr(karyogram, "nothing_of_the_kind")


def test_import_and_help_load_nothing_heavy():
    code = """
import sys, karyogram
from karyogram.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
heavy = {"torch", "matplotlib", "flask", "cv2", "scipy", "skimage", "onnxruntime", "PIL", "reportlab"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "analyze" in done.stdout


@pytest.mark.parametrize("missing", ["flask", "sqlalchemy", "waitress"])
def test_a_bench_without_its_extra_says_what_to_install(missing, tmp_path):
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom karyogram.cli import main; main()"
    call = [sys.executable, "-c", code, "serve", "--no-browser", "--data", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert "pip install 'karyogram[web]'" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
