"""A study of networks on single chromosomes: every point of a preset's grid, or a search between its points."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import optuna
from optuna.trial import Trial

from karyogram.datasets.splits import Entry, read_split, write_split
from karyogram.training.nets import NETS
from karyogram.training.nets.weights import imagenet_weights
from karyogram.training.pictures import Pictures, find_classes, image_level_split, load_pictures
from karyogram.training.point import Point, fit_point
from karyogram.training.presets import PRESETS, Preset
from karyogram.training.run import begin_run, split_digest
from karyogram.training.study import claim, open_storage, work

#: The attribute of a trial that holds its curves, and the one of a study that holds what it was begun with.
OUTCOME, SETTINGS = "outcome", "settings"
#: Between which rates and weight decays a search looks.
RATES, DECAYS = (1e-5, 1e-1), (1e-7, 1e-2)


@dataclass(frozen=True)
class Plan:
    """What a study fits, and how far it is cut down: None leaves the preset's epochs, every picture, each network's own side.

    ``weights`` is "imagenet", a path, or None; ``split`` a CSV name,case,part, or None for the preset's shares by picture.
    """

    preset: str
    nets: tuple[str, ...]
    epochs: int | None = None
    limit: int | None = None
    side: int | None = None
    seed: int = 0
    weights: str | None = None
    split: Path | None = None

    def protocol(self) -> Preset:
        """Return the preset as this plan follows it."""
        preset = PRESETS[self.preset]
        return replace(preset, nets=self.nets, epochs=self.epochs or preset.epochs)

    def size(self, net: str) -> tuple[int, int]:
        """Return height and width of the pictures for a network."""
        return (self.side, self.side) if self.side else (NETS[net].height, NETS[net].width)

    def deviations(self) -> list[str]:
        """Return in words how the protocol is reduced or changed; empty if it is the preset's own."""
        preset, words = PRESETS[self.preset], []
        if self.epochs not in (None, preset.epochs):
            words.append(f"{self.epochs} epochs instead of {preset.epochs}")
        if self.limit:
            words.append(f"at most {self.limit} pictures a class")
        if self.side:
            words.append(f"pictures of {self.side} x {self.side} pixels")
        if self.weights:
            words.append(f"weights of {'ImageNet' if self.weights == 'imagenet' else Path(self.weights).name} to begin with")
        if self.split:
            words.append(f"split of {self.split.name}")
        if missing := [net for net in preset.nets if net not in self.nets]:
            words.append(f"without {', '.join(missing)}")
        return words


def run_grid(
    data: Path, plan: Plan, out: Path, storage: str | None, say: Callable[[str], None]
) -> tuple[optuna.Study, list[str]]:
    """Fit every point of the preset's grid that is not fitted yet; return the study and the keys of points that failed.

    ``data`` holds class folders. ``out`` gets the split, the checkpoints of the runs and, without ``storage``, the study.
    ``say`` hears of each run that ended. Raises DataError if data or split cannot be used, or if ``out`` is another study's.
    """
    preset = plan.protocol()

    def suggest(trial: Trial) -> Point:
        net = trial.suggest_categorical("net", plan.nets)
        optimizer = trial.suggest_categorical("optimizer", preset.optimizers)
        return Point(net, optimizer, trial.suggest_categorical("rate", preset.rates), preset.weight_decay)

    grid = {"net": plan.nets, "optimizer": preset.optimizers, "rate": preset.rates}
    sampler = optuna.samplers.GridSampler(grid, seed=plan.seed)  # type: ignore[arg-type]
    total = len(plan.nets) * len(preset.optimizers) * len(preset.rates)
    return _run("grid", data, plan, out, storage, say, sampler, optuna.pruners.NopPruner(), suggest, total)


def run_search(
    data: Path, plan: Plan, out: Path, storage: str | None, say: Callable[[str], None], trials: int
) -> tuple[optuna.Study, list[str]]:
    """Fit ``trials`` settings that a tree-structured Parzen estimator proposes; runs that lag behind the median are ended.

    Networks and optimizers are the plan's; rate and weight decay are free within ``RATES`` and ``DECAYS``. Bergstra et al.,
    NeurIPS 2011. See :func:`run_grid` for the rest.
    """
    preset = plan.protocol()

    def suggest(trial: Trial) -> Point:
        net = trial.suggest_categorical("net", plan.nets)
        optimizer = trial.suggest_categorical("optimizer", preset.optimizers)
        rate = trial.suggest_float("rate", *RATES, log=True)
        return Point(net, optimizer, rate, trial.suggest_float("weight_decay", *DECAYS, log=True))

    sampler = optuna.samplers.TPESampler(seed=plan.seed, constant_liar=True)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3)
    return _run("search", data, plan, out, storage, say, sampler, pruner, suggest, trials)


def _run(
    verb: str,
    data: Path,
    plan: Plan,
    out: Path,
    url: str | None,
    say: Callable[[str], None],
    sampler: optuna.samplers.BaseSampler,
    pruner: optuna.pruners.BasePruner,
    suggest: Callable[[Trial], Point],
    total: int,
) -> tuple[optuna.Study, list[str]]:
    preset = plan.protocol()
    found = find_classes(data, plan.limit, plan.seed)
    split = _split(found, plan, preset)
    settings = {"verb": verb, **asdict(preset), "limit": plan.limit, "side": plan.side, "seed": plan.seed}
    settings |= {"weights": _identity(plan.weights), "split": split_digest(split.values())}
    settings = json.loads(json.dumps(settings))
    out.mkdir(parents=True, exist_ok=True)
    begin_run(out, settings)
    write_split(out / ("split.csv" if plan.split else "split-image-level.csv"), split.values())
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    storage = open_storage(url, out)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    name = f"{verb}-{plan.preset}-{digest}"
    study = optuna.create_study(
        storage=storage, study_name=name, sampler=sampler, pruner=pruner, direction="maximize", load_if_exists=True
    )
    study.set_user_attr(SETTINGS, settings)

    @lru_cache(maxsize=1)
    def pictures(size: tuple[int, int]) -> Pictures:
        return load_pictures(found, split, *size, straightened=preset.straightened > 0)

    def objective(trial: Trial) -> float:
        point = suggest(trial)

        def watch(epoch: int, accuracy: float) -> None:
            trial.report(accuracy, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned(f"{point.key}: behind the median after {epoch + 1} epochs")

        with claim(trial, point.key):
            try:
                net = NETS[point.net]
                weights = imagenet_weights(net) if plan.weights == "imagenet" else plan.weights and Path(plan.weights)
                outcome = fit_point(
                    point, preset, pictures(plan.size(point.net)), out / "runs" / point.key, plan.seed, weights or None, watch
                )
            except Exception as error:  # one setting must not take the others with it
                say(f"{point.key}: {str(error) or type(error).__name__}")
                raise
            trial.set_user_attr(OUTCOME, asdict(outcome))
        best = outcome.best()
        accuracy = outcome.curves[best]["val_accuracy"]
        say(f"{point.key}: validation accuracy {accuracy:.4f} in epoch {best + 1} of {len(outcome.curves)}")
        return accuracy

    return study, work(study, storage, total, objective)


def _split(named: Mapping[str, object], plan: Plan, preset: Preset) -> dict[str, Entry]:
    if plan.split is None:
        return {entry.name: entry for entry in image_level_split(list(named), preset.shares, plan.seed)}
    return {name: entry for name, entry in read_split(plan.split).items() if name in named}


def _identity(weights: str | None) -> str | None:
    """Return the SHA-256 of a file of weights; "imagenet" and None are their own."""
    if weights in (None, "imagenet"):
        return weights
    with Path(str(weights)).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
