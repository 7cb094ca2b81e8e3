"""Many points of a study, and several workers: each point is fitted once. No torch is needed for that."""

import os
import threading
import time

import pytest

optuna = pytest.importorskip("optuna")

from optuna.trial import TrialState  # noqa: E402

from karyogram.errors import DataError  # noqa: E402
from karyogram.training import study as ledger  # noqa: E402
from karyogram.training.study import claim, open_storage, work  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(ledger, "BEAT", 0.1)
    monkeypatch.setattr(ledger, "LEASE", 1.0)
    monkeypatch.setattr(ledger, "POLL", 0.05)


def collect(storage, total, fit, seed=0, grid_size=6):
    """Work on a grid of numbers; return the study, the failed keys and what was fitted."""
    space = {"x": list(range(grid_size))}
    sampler = optuna.samplers.GridSampler(space, seed=seed)
    study = optuna.create_study(storage=storage, study_name="s", sampler=sampler, direction="maximize", load_if_exists=True)
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    fitted = []

    def objective(trial):
        x = trial.suggest_categorical("x", space["x"])
        with claim(trial, f"x{x}"):
            fit(x)
            fitted.append(x)
        return float(x)

    return study, work(study, storage, total, objective), fitted


def complete(study):
    return sorted(t.params["x"] for t in study.get_trials() if t.state == TrialState.COMPLETE)


def test_every_point_is_fitted_once(tmp_path):
    storage = open_storage(None, tmp_path)
    _, failed, fitted = collect(storage, 6, lambda x: None)
    assert (sorted(fitted), failed) == (list(range(6)), [])
    study, failed, fitted = collect(open_storage(None, tmp_path), 6, lambda x: None)
    assert (fitted, failed) == ([], [])
    assert complete(study) == list(range(6))


def test_a_point_that_fails_leaves_the_others_and_is_tried_again(tmp_path):
    def fit(x):
        if x == 4:
            raise ValueError("no")

    storage = open_storage(None, tmp_path)
    _, failed, fitted = collect(storage, 6, fit)
    assert (sorted(fitted), failed) == ([0, 1, 2, 3, 5], ["x4"])
    study, failed, fitted = collect(storage, 6, lambda x: None)
    assert (fitted, failed) == ([4], [])
    assert complete(study) == list(range(6))


def share(make_storage):
    """Let three workers fit one grid at once; return all that was fitted."""
    found = []
    workers = [
        threading.Thread(target=lambda: found.append(collect(make_storage(), 6, lambda x: time.sleep(0.2)))) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert len(found) == 3
    assert complete(found[0][0]) == list(range(6))
    assert sum(bool(fitted) for _, _, fitted in found) > 1
    return sorted(x for _, _, fitted in found for x in fitted)


def test_workers_share_a_journal(tmp_path):
    assert share(lambda: open_storage(None, tmp_path)) == list(range(6))


def test_workers_share_a_sqlite_file(tmp_path):
    url = f"sqlite:///{tmp_path / 'study.db'}"
    open_storage(url, tmp_path)
    assert share(lambda: open_storage(url, tmp_path)) == list(range(6))


@pytest.mark.postgres
@pytest.mark.skipif("KARYOGRAM_POSTGRES" not in os.environ, reason="KARYOGRAM_POSTGRES names no server")
def test_workers_share_postgresql(tmp_path):
    url = os.environ["KARYOGRAM_POSTGRES"]
    storage = open_storage(url, tmp_path)
    if "s" in optuna.get_all_study_names(storage):
        optuna.delete_study(study_name="s", storage=storage)
    assert share(lambda: open_storage(url, tmp_path)) == list(range(6))


def test_a_twin_gives_way_to_the_earlier_trial(tmp_path):
    study = optuna.create_study(storage=open_storage(None, tmp_path))
    first, second = study.ask(), study.ask()
    with claim(first, "a"), pytest.raises(optuna.TrialPruned, match="fitted elsewhere"), claim(second, "a"):
        pytest.fail("the point was claimed twice")


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/study.db"])
def test_a_storage_that_cannot_be_opened_is_named(tmp_path, url):
    with pytest.raises(DataError, match="no storage for studies"):
        open_storage(url, tmp_path)


def test_a_password_is_not_repeated(tmp_path):
    with pytest.raises(DataError) as caught:
        open_storage("postgresql://me:secret@localhost:1/none", tmp_path)
    assert "secret" not in str(caught.value)
