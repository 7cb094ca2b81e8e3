"""`karyogram grid` and `search`: every point once, whatever is killed; the test part opened after the choice."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
optuna = pytest.importorskip("optuna")
pytest.importorskip("lightning")

from optuna.trial import TrialState  # noqa: E402

from karyogram.datasets.splits import Entry, read_split, write_split  # noqa: E402
from karyogram.errors import DataError  # noqa: E402
from karyogram.training import study as ledger  # noqa: E402
from karyogram.training.grid import Plan, run_grid, run_search  # noqa: E402
from karyogram.training.grid_cli import grid  # noqa: E402
from karyogram.training.pictures import Pictures  # noqa: E402
from karyogram.training.point import Outcome, Point, fit_point  # noqa: E402
from karyogram.training.presets import PRESETS  # noqa: E402
from karyogram.training.report import Run, choose, read_runs, write_report  # noqa: E402
from tiny import write_classes  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
PLAN = Plan(preset="founders", nets=("tiny",), epochs=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_classes(tmp_path_factory.mktemp("classes"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(ledger, "BEAT", 0.1)
    monkeypatch.setattr(ledger, "LEASE", 1.0)
    monkeypatch.setattr(ledger, "POLL", 0.05)


# one point


def pictures():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (30, 16, 16), dtype=torch.uint8, generator=generator)
    return Pictures(pixels, pixels.flip(1), torch.arange(30) % 3, np.array((["train"] * 7 + ["test"] + ["val"] * 2) * 3))


def test_a_killed_run_goes_on_as_if_it_had_never_stopped(tmp_path):
    steps = PRESETS["founders"].steps + PRESETS["dangelo"].steps
    preset = replace(PRESETS["founders"], epochs=4, decay_every=1, decay=0.5, batch=4, straightened=0.5, steps=steps)
    point = Point("tiny", "RMSprop", 1e-2, 1e-5)

    class KilledError(Exception):
        pass

    def kill(epoch, accuracy):
        if epoch == 2:
            raise KilledError

    whole = fit_point(point, preset, pictures(), tmp_path / "whole", seed=1)
    with pytest.raises(KilledError):
        fit_point(point, preset, pictures(), tmp_path / "cut", seed=1, watch=kill)
    assert (tmp_path / "cut" / "last.ckpt").exists()
    epochs = []
    cut = fit_point(point, preset, pictures(), tmp_path / "cut", seed=1, watch=lambda epoch, accuracy: epochs.append(epoch))
    assert epochs == [2, 3]
    assert cut.curves == whole.curves
    assert cut.sealed == whole.sealed
    assert cut.tested == 3
    assert sorted(p.name for p in (tmp_path / "cut").iterdir()) == ["best.ckpt", "run.json"]
    assert all(set(row) == {"train_loss", "train_accuracy", "val_loss", "val_accuracy"} for row in whole.curves)
    assert fit_point(point, preset, pictures(), tmp_path / "other", seed=2).curves != whole.curves
    with pytest.raises(DataError, match="seed was 1, now 2"):
        fit_point(point, preset, pictures(), tmp_path / "cut", seed=2)


def test_a_run_without_gain_ends_early(tmp_path):
    preset = replace(PRESETS["founders"], epochs=9, patience=2)
    outcome = fit_point(Point("tiny", "SGD", 0.0, 0.0), preset, pictures(), tmp_path, seed=0)
    assert len(outcome.curves) == 3
    assert outcome.best() == 0


KILLED = """
import os, sys
sys.path.insert(0, {tests!r})
import tiny
from karyogram.training import grid
from karyogram.training.grid import Plan, run_grid
from pathlib import Path
real, begun = grid.fit_point, []
def fit(point, preset, pictures, folder, seed, weights, watch):
    begun.append(point.key)
    def watch_and_die(epoch, accuracy):
        watch(epoch, accuracy)
        if len(begun) == 3 and epoch == 1:
            os._exit(9)
    return real(point, preset, pictures, folder, seed, weights, watch_and_die)
grid.fit_point = fit
run_grid(Path({data!r}), Plan(preset="founders", nets=("tiny",), epochs=2), Path({out!r}), None, lambda line: None)
"""


def test_a_killed_grid_resumes_and_fits_nothing_twice(data, tmp_path, monkeypatch):
    from karyogram.training import grid as module

    out = tmp_path / "out"
    code = KILLED.format(tests=str(Path(__file__).parent), data=str(data), out=str(out))
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 9
    keys = {path.name for path in (out / "runs").iterdir()}
    left = {path.parent.name for path in out.glob("runs/*/last.ckpt")}
    assert len(keys) == 3
    assert len(left) == 1
    begun, epochs = [], {}
    real = module.fit_point

    def fit(point, *arguments):
        *others, watch = arguments
        begun.append(point.key)

        def note(epoch, accuracy):
            epochs.setdefault(point.key, []).append(epoch)
            watch(epoch, accuracy)

        return real(point, *others, note)

    monkeypatch.setattr(module, "fit_point", fit)
    plan = replace(PLAN, epochs=2)
    study, failed = run_grid(data, plan, out, None, lambda line: None)
    assert failed == []
    assert len(begun) == len(set(begun)) == 7
    assert not set(begun) & (keys - left)
    assert epochs.pop(*left) == [1]
    assert all(done == [0, 1] for done in epochs.values())
    done = [t.user_attrs["key"] for t in study.get_trials() if t.state == TrialState.COMPLETE]
    assert len(done) == len(set(done)) == 9
    begun.clear()
    run_grid(data, plan, out, None, lambda line: None)
    assert begun == []
    with pytest.raises(DataError, match="epochs was 2, now 1"):
        run_grid(data, PLAN, out, None, lambda line: None)
    check_report(study, plan, out)


def check_report(study, plan, out):
    """What a finished study writes."""
    lines = write_report(study, plan, out, complete=True)
    rows = list(csv.DictReader((out / "runs.csv").open()))
    assert [(row["optimizer"], float(row["learning_rate"])) for row in rows] == [
        (optimizer, rate) for optimizer in ("Adam", "SGD", "RMSprop") for rate in (1e-4, 1e-3, 1e-2)
    ]
    assert {float(row["weight_decay"]) for row in rows} == {1e-5}
    best = max(float(row["best_val_accuracy"]) for row in rows)
    assert lines[0].startswith("Reduced protocol, after `founders`: 2 epochs instead of 30; without inception-v3")
    assert "Split by picture" in lines[0]
    cells = [cell.strip() for cell in lines[-1].strip("|").split("|")]
    names = [cell.strip() for cell in lines[2].strip("|").split("|")]
    row = dict(zip(names, cells, strict=True))
    assert float(row["validation"]) == pytest.approx(best, abs=1e-3)
    assert "to" in row["test (95 %)"]
    assert float(row["latency, ms"]) > 0
    assert (out / "table.md").read_text().splitlines() == lines
    assert (out / "curves-tiny.png").read_bytes().startswith(b"\x89PNG")
    entries = read_split(out / "split-image-level.csv")
    assert len(entries) == 18
    assert "test" not in (out / "runs.csv").read_text()


# choice and report


def outcome(accuracies, losses=None, tests=None):
    losses = losses or [1.0] * len(accuracies)
    curves = [
        {"train_loss": 1.0, "train_accuracy": 0.5, "val_loss": loss, "val_accuracy": accuracy}
        for accuracy, loss in zip(accuracies, losses, strict=True)
    ]
    return Outcome(curves, [{"test_loss": 1.0, "test_accuracy": t} for t in tests or accuracies], 1.0, 10)


def test_the_choice_looks_at_validation_alone():
    good = Run("tiny", "Adam", 1e-3, 1e-5, outcome([0.2, 0.9, 0.9], tests=[0.0, 0.1, 0.2]))
    bad = Run("tiny", "SGD", 1e-3, 1e-5, outcome([0.8, 0.7, 0.1], tests=[1.0, 1.0, 1.0]))
    tie = Run("tiny", "RMSprop", 1e-3, 1e-5, outcome([0.9], losses=[2.0]))
    assert choose([bad, tie, good]) == {"tiny": good}
    assert good.outcome.best() == 1


def test_test_scores_stay_closed_until_all_is_fitted(data, tmp_path, monkeypatch):
    from karyogram.training import grid as module

    def fit(point, *_):
        if point.optimizer == "SGD":
            raise RuntimeError("out of memory")
        return outcome([0.5, 0.75], tests=[0.123, 0.321])

    monkeypatch.setattr(module, "fit_point", fit)
    said = []
    study, failed = run_grid(data, PLAN, tmp_path, None, said.append)
    assert len(failed) == 3
    assert sum("out of memory" in line for line in said) == 3
    lines = write_report(study, PLAN, tmp_path, complete=False)
    assert "the test part is closed" in lines[0]
    assert "0.321" not in "\n".join(lines)
    assert "0.3210" in write_report(study, PLAN, tmp_path, complete=True)[-1]
    assert len(read_runs(study)) == 6


def test_a_search_ends_runs_that_lag_behind(data, tmp_path, monkeypatch):
    from karyogram.training import grid as module

    length = []

    def fit(point, preset, _pictures, _folder, _seed, _weights, watch):
        accuracy = 0.9 if len(length) < 6 else 0.1
        length.append(0)
        for epoch in range(6):
            watch(epoch, accuracy)
            length[-1] += 1
        return outcome([accuracy])

    monkeypatch.setattr(module, "fit_point", fit)
    study, failed = run_search(data, PLAN, tmp_path, None, lambda line: None, trials=8)
    assert failed == []
    assert len(length) == 8
    assert length[:6] == [6] * 6
    assert max(length[6:]) < 6
    rates = {trial.params["rate"] for trial in study.get_trials()}
    assert len(rates) == 8
    assert all(1e-5 <= rate <= 1e-1 for rate in rates)
    run_search(data, PLAN, tmp_path, None, lambda line: None, trials=8)
    assert len(length) == 8


# command line


def run(*arguments):
    return CliRunner().invoke(grid, [str(a) for a in arguments])


def test_a_split_by_case_is_used_and_named(data, tmp_path, monkeypatch):
    from karyogram.training import grid as module

    parts = {}

    def fit(point, preset, pictures, *_):
        parts.update({part: len(pictures.rows(part)) for part in ("train", "val", "test")})
        return outcome([0.5])

    monkeypatch.setattr(module, "fit_point", fit)
    names = sorted(path.stem for path in data.rglob("*.png"))
    write_split(tmp_path / "cases.csv", [Entry(n, n, ("train", "val", "test")[int(n.split("_")[1]) % 3]) for n in names])
    done = run("--nets", "tiny", "--data", data, "--split", tmp_path / "cases.csv", "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert parts == {"train": 6, "val": 6, "test": 6}
    assert "split of cases.csv" in done.stdout
    assert "flatter" not in done.stdout
    assert not (tmp_path / "out" / "split-image-level.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--preset", "nobody"], "Invalid value"),
        (["--nets", "tiny,alexnet"], "no network alexnet"),
        (["--weights", "missing.pth", "--nets", "tiny"], "no file missing.pth"),
        (["--weights", __file__, "--nets", "tiny,resnet18"], "fits one network"),
        (["--split", "missing.csv"], "does not exist"),
    ],
)
def test_wrong_usage_is_named(data, tmp_path, arguments, reason):
    done = run("--data", data, "-o", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_data_one_line_says_where_to_put_it(tmp_path, monkeypatch):
    monkeypatch.delenv("KARYOGRAM_DATA", raising=False)
    done = run("-o", tmp_path / "out")
    assert done.exit_code == 2
    assert "KARYOGRAM_DATA" in done.stderr


def test_a_failed_point_ends_in_status_1(data, tmp_path):
    (tmp_path / "w.pth").write_bytes(b"no weights")
    done = run("--data", data, "--nets", "tiny", "--weights", tmp_path / "w.pth", "--epochs", 1, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "w.pth: no file of weights" in done.stderr
    assert "Traceback" not in done.output
