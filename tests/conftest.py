"""Shared fixtures: where the real pictures are, if they are."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("karyogram", deadline=None)
settings.load_profile("karyogram")

DATA = Path(os.environ.get("KARYOGRAM_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="module", autouse=True)
def no_own_models(tmp_path_factory):
    """Nobody's own models take part, nor those that another file's tests have added."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KARYOGRAM_MODELS", str(tmp_path_factory.mktemp("own") / "models"))
        yield


@pytest.fixture(scope="module")
def one_thread():
    """Torch computes in one thread, so that sums come out the same each time."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pytest_collection_modifyitems(items):
    if not DATA.is_dir():
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(pytest.mark.skip(reason="the real pictures are not here"))


@pytest.fixture
def data_folder() -> Path:
    return DATA
