"""Which end is up, learned from the band table alone.

Boxes say nothing of orientation. For each class the length profiles of straight chromosomes (mean stain and width,
64 points from end to
end) are turned to agree with the ideogram of that class, averaged to a template, and turned again to agree with the
template, until
nothing changes: expectation maximisation with a hidden bit a chromosome. The result teaches the network.
"""

import numpy as np

from karyogram import bands
from karyogram.labels import LABELS

POINTS = 64
ROUNDS = 12


def length_profiles(canvases: np.ndarray) -> np.ndarray:
    """Return (N, 2, POINTS) float32: mean stain and width along the upright canvases, uint8 (N, h, w), top to bottom."""
    profiles = np.zeros((len(canvases), 2, POINTS), np.float32)
    for i, canvas in enumerate(canvases):
        inside = canvas > 0
        rows = np.flatnonzero(inside.any(1))
        if len(rows) < 4:
            continue
        part = inside[rows[0] : rows[-1] + 1]
        widths = part.sum(1).astype(np.float32)
        stain = canvas[rows[0] : rows[-1] + 1].sum(1) / np.maximum(widths, 1)
        at = np.linspace(0, len(widths) - 1, POINTS)
        for channel, values in enumerate((stain, widths)):
            profiles[i, channel] = np.interp(at, np.arange(len(widths)), values)
    return profiles


def orient(canvases: np.ndarray, labels: np.ndarray, learned: np.ndarray | None = None, level: int = 550) -> np.ndarray:
    """Return the probability (N,) that each upright canvas shows its short arm up; 0.5 for labels below 0.

    Templates are made of the canvases that are ``learned`` from, bool (N,), all by default; 0.5 for a class with less than two.
    """
    up = np.full(len(labels), 0.5, np.float32)
    for index, label in enumerate(LABELS):
        members = np.flatnonzero(labels == index)
        own = np.ones(len(members), bool) if learned is None else learned[members]
        if own.sum() < 2:
            continue
        profiles = _standardise(length_profiles(canvases[members]))
        ideogram = _standardise(bands.profile(label, POINTS, level).astype(np.float32)[None, None])
        up[members] = _agree(profiles, ideogram[0, 0], own)
    return up


def _standardise(profiles: np.ndarray) -> np.ndarray:
    centred = profiles - profiles.mean(-1, keepdims=True)
    return centred / (np.linalg.norm(centred, axis=-1, keepdims=True) + 1e-6)


def _agree(profiles: np.ndarray, ideogram: np.ndarray, learned: np.ndarray) -> np.ndarray:
    """Return P(up) (N,) of standardised profiles (N, 2, P) of one class, starting from its ideogram (P,).

    Only those that are ``learned`` from, bool (N,), make the template and the scale.
    """
    template = np.stack([ideogram, np.zeros_like(ideogram)])
    margin = np.zeros(len(profiles))
    for _ in range(ROUNDS):
        margin = np.einsum("ncp,cp->n", profiles - profiles[:, :, ::-1], template)
        weight = np.tanh(3 * margin)[:, None, None]
        turned = np.where(weight >= 0, profiles, profiles[:, :, ::-1])
        template = _standardise((np.abs(weight) * turned)[learned].mean(0))
    return 1 / (1 + np.exp(-8 * margin / max(float(np.abs(margin[learned]).mean()), 1e-6) / 2))
