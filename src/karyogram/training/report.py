"""What a study found: every run, the best setting of each network, its curves. The test part is opened after the choice."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import torch
from optuna.trial import TrialState

from karyogram.files import write_text
from karyogram.metrics.classification import wilson_interval
from karyogram.tables import to_csv
from karyogram.training.curves import write_curves
from karyogram.training.grid import OUTCOME, SETTINGS, Plan
from karyogram.training.nets import NETS, count_parameters
from karyogram.training.point import Outcome, to_input

#: The columns of runs.csv.
RUN_COLUMNS = (
    "model", "optimizer", "learning_rate", "weight_decay", "epochs", "best_val_accuracy", "best_epoch", "last_val_accuracy",
    "last_train_accuracy", "seconds",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Run:
    """One fitted setting and its epochs."""

    net: str
    optimizer: str
    rate: float
    weight_decay: float
    outcome: Outcome

    @property
    def accuracy(self) -> float:
        """Best validation accuracy."""
        return self.outcome.curves[self.outcome.best()]["val_accuracy"]


def read_runs(study: optuna.Study) -> list[Run]:
    """Return the fitted settings of a study, by network, optimizer and rate, in the order of the study's preset."""
    settings = study.user_attrs[SETTINGS]
    runs = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        chosen = {"weight_decay": settings["weight_decay"], **trial.params}
        runs.append(Run(**chosen, outcome=Outcome(**trial.user_attrs[OUTCOME])))
    return sorted(runs, key=lambda r: (settings["nets"].index(r.net), settings["optimizers"].index(r.optimizer), r.rate))


def choose(runs: Sequence[Run]) -> dict[str, Run]:
    """Return each network's run of the best validation accuracy; of equals the one of the lower validation loss there."""

    def rank(run: Run) -> tuple[float, float]:
        return run.accuracy, -run.outcome.curves[run.outcome.best()]["val_loss"]

    return {net: max((run for run in runs if run.net == net), key=rank) for net in dict.fromkeys(run.net for run in runs)}


def write_report(study: optuna.Study, plan: Plan, out: Path, complete: bool) -> list[str]:
    """Write runs.csv, table.md and a page of curves a network to ``out``; return the lines of the table.

    Test scores are shown if the study is ``complete``, else withheld.
    """
    runs = read_runs(study)
    write_text(out / "runs.csv", to_csv(RUN_COLUMNS, map(_row, runs)))
    chosen = choose(runs)
    for net in chosen:
        write_curves(out / f"curves-{net}.png", net, [run for run in runs if run.net == net], complete)
    lines = [*_heading(plan, complete), *(_line(run, plan, complete) for run in chosen.values())]
    write_text(out / "table.md", "\n".join(lines) + "\n")
    return lines


def _row(run: Run) -> list[object]:
    curves = run.outcome.curves
    scores = [len(curves), round(run.accuracy, 4), run.outcome.best() + 1]
    last = [round(curves[-1][name], 4) for name in ("val_accuracy", "train_accuracy")]
    return [run.net, run.optimizer, run.rate, run.weight_decay, *scores, *last, round(run.outcome.seconds, 1)]


def _heading(plan: Plan, complete: bool) -> list[str]:
    changed = plan.deviations()
    protocol = f"Reduced protocol, after `{plan.preset}`: {'; '.join(changed)}." if changed else f"Protocol: `{plan.preset}`."
    split = "" if plan.split else " Split by picture: cells and cases are shared by the parts, so scores flatter."
    test = "" if complete else " Not all settings are fitted: the test part is closed."
    columns = (
        "model", "input", "parameters", "MB", "optimizer", "rate", "best epoch", "train", "validation", "test (95 %)",
        "training, s", "latency, ms",
    )  # fmt: skip
    return [f"{protocol}{split}{test}", "", f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]


def _line(run: Run, plan: Plan, opened: bool) -> str:
    net, size, best = NETS[run.net](), plan.size(run.net), run.outcome.best()
    at = run.outcome.curves[best]
    test = ""
    tested = run.outcome.tested
    if opened and tested:
        accuracy = run.outcome.sealed[best]["test_accuracy"]
        low, high = wilson_interval(round(accuracy * tested), tested)
        test = f"{accuracy:.4f} ({low:.3f} to {high:.3f})"
    cells = (
        run.net,
        f"{size[0]} x {size[1]}",
        f"{count_parameters(net) / 1e6:.1f} M",
        f"{sum(t.numel() * t.element_size() for t in net.state_dict().values()) / 1e6:.0f}",
        run.optimizer,
        f"{run.rate:.3g}",
        f"{best + 1} of {len(run.outcome.curves)}",
        f"{at['train_accuracy']:.4f}",
        f"{at['val_accuracy']:.4f}",
        test,
        f"{run.outcome.seconds:.0f}",
        f"{1000 * latency(net, NETS[run.net].channels, size):.3g}",
    )
    return f"| {' | '.join(cells)} |"


def latency(net: torch.nn.Module, channels: int, size: tuple[int, int], repeats: int = 5) -> float:
    """Return the seconds, median of ``repeats`` after one to warm up, for one picture on the device a fit would use."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    picture = to_input(torch.rand(1, 1, *size), channels).to(device)
    net = net.eval().to(device)
    seconds = []
    with torch.inference_mode():
        for _ in range(repeats + 1):
            begun = time.perf_counter()
            net(picture)
            if device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds[1:]))
