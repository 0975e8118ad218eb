"""Faithfulness of attribution maps: deletion and insertion curves against baselines, and weight randomisation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np
from scipy import ndimage

from aigc_tf.data.progress import progress
from aigc_tf.metrics.ranks import rank_correlation

SHARES = np.linspace(0, 1, 11)
RANDOM, EDGES = "random positions", "edges"
MAX_AGREEMENT = 0.5
"""Spearman's ρ between maps before and after shuffling weights above which a map hardly depends on what was learnt."""
SURE = 2.0
"""A difference is significant if it is this many standard errors from 0."""
STAGES = 4
"""Number of points in the cascade of shuffled layers at which maps are compared, from one layer to all."""


class Case(NamedTuple):
    """One prediction to explain."""

    value: np.ndarray
    """The input: `[height, width, channels]`, `[time, series]`, or tokens `[time]`."""
    reference: np.ndarray
    """A baseline input of the same shape, without the content that is judged."""
    label: int
    """The predicted class; 0 for scores."""


Method = Callable[[Case], np.ndarray]
"""An attribution method: a case -> a number per position, `[height, width]`, `[time, series]` or `[time]`, larger where
a position contributes more to the prediction."""


class Subject(Protocol):
    """The model that is explained."""

    def values(self, inputs: np.ndarray, label: int) -> np.ndarray:
        """The probability of a class, or the score, for inputs `[count, ...]`: `[count]`."""

    def shuffled(self, seed: int) -> AbstractContextManager[Iterator[str]]:
        """An iterator that shuffles the weights of one more layer at each step; they are restored afterwards."""


class Curves(NamedTuple):
    """The explained value as each of `SHARES` of the positions is deleted or inserted, in the order of a map."""

    deletion: np.ndarray
    """float64 `[shares]`: from the input to the reference. Lower is better."""
    insertion: np.ndarray
    """float64 `[shares]`: from the reference to the input. Higher is better."""

    @property
    def area(self) -> float:
        """Area between the insertion and the deletion curve: 0 for a random order."""
        return float(np.trapezoid(self.insertion - self.deletion, SHARES))


def curves(subject: Subject, case: Case, ranking: np.ndarray) -> Curves:
    """Deletion and insertion curves (Petsiuk et al. 2018, algorithm 1) for a case, most important positions first."""
    order = np.empty(ranking.size, np.int64)
    order[np.argsort(-ranking, axis=None, kind="stable")] = np.arange(ranking.size)
    chosen = order < np.round(SHARES * ranking.size)[:, None]
    value, reference, label = case
    chosen = chosen.reshape(len(SHARES), *ranking.shape, *(1 for _ in value.shape[ranking.ndim :]))
    rows = np.concatenate([np.where(chosen, reference, value), np.where(chosen, value, reference)])
    found = subject.values(rows.astype(value.dtype), label).astype(np.float64)
    return Curves(found[: len(SHARES)], found[len(SHARES) :])


def edges(case: Case) -> np.ndarray:
    """Edge strength by Sobel filters, a baseline: the map of any network may look like it. For series, along time."""
    axes = (0, 1) if case.value.ndim == 3 else (0,)
    strengths = np.sqrt(sum(ndimage.sobel(case.value, axis=axis) ** 2 for axis in axes))
    return strengths.sum(axis=-1) if case.value.ndim == 3 else strengths


class Agreement(NamedTuple):
    """Spearman's ρ between maps before and after shuffling weights, averaged over cases."""

    signed: float
    """ρ of the signed values, by which positions are ranked."""
    absolute: float
    """ρ of the absolute values: how similar the maps look."""


@dataclass(frozen=True)
class Fidelity:
    """The faithfulness of a method, measured on some cases."""

    curves: Curves
    """Averages over the cases."""
    leads: Mapping[str, tuple[float, float]]
    """By baseline: how much larger the area between the curves is than the baseline's, in the units of the value, with
    the standard error of this mean difference."""
    agreement: Mapping[int, Agreement]
    """By number of shuffled layers, from the last one: agreement with the intact network; empty if not measured."""

    @property
    def faults(self) -> list[str]:
        """Reasons not to rely on it; empty if there are none."""
        found = [
            f"the positions that it marks change the answer no more than {name}"
            for name, (lead, error) in self.leads.items()
            if not lead > SURE * error
        ]
        last = max(self.agreement, default=None)
        if last is not None and self.agreement[last].signed >= MAX_AGREEMENT:
            found.append(f"with all weights shuffled its maps stay alike (ρ {self.agreement[last].signed:.2f})")
        return found

    @property
    def verdict(self) -> str:
        """The verdict in a sentence."""
        if self.faults:
            return "do not rely on it: " + "; ".join(self.faults)
        words = (
            "is faithful: its positions change the answer more than others do, and it depends on the trained weights"
        )
        absolute = self.agreement[max(self.agreement)].absolute if self.agreement else 0.0
        if absolute >= MAX_AGREEMENT:
            words += f"; its outline is the input's own all the same (ρ of absolute values {absolute:.2f})"
        return words


@dataclass(frozen=True)
class Check:
    """A comparison of methods."""

    methods: Mapping[str, Fidelity]
    beside: Mapping[str, Curves]
    """Curves of the baselines, averaged over the cases."""
    cases: int


def check(
    subject: Subject,
    methods: Mapping[str, Method],
    cases: Sequence[Case],
    shuffled: int,
    with_edges: bool = True,
    seed: int = 0,
) -> Check:
    """Measure the faithfulness of attribution methods.

    Args:
        subject: the model that is explained.
        methods: attribution methods by name.
        cases: some inputs with their predictions.
        shuffled: for how many cases, the first ones, maps are also made with shuffled weights.
        with_edges: include edges as a baseline; tokens have none.
        seed: of the random baseline and of shuffling.
    """
    random = np.random.default_rng(seed)
    rivals: dict[str, Callable[[Case, np.ndarray], np.ndarray]] = {
        RANDOM: lambda case, found: random.random(found.shape)
    }
    if with_edges:
        rivals[EDGES] = lambda case, found: edges(case)
    maps: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    found: dict[str, list[Curves]] = {name: [] for name in (*methods, *rivals)}
    for case in progress(cases, len(cases), "checking maps"):
        for name, method in methods.items():
            maps[name].append(method(case))
            found[name].append(curves(subject, case, maps[name][-1]))
        for name, rival in rivals.items():
            found[name].append(curves(subject, case, rival(case, maps[next(iter(methods))][-1])))
    agreements = agreement(subject, methods, cases[:shuffled], maps, seed)
    means = {name: Curves(*np.mean(each, axis=0)) for name, each in found.items()}
    fidelities = {
        name: Fidelity(means[name], {other: lead(found[name], found[other]) for other in rivals}, agreements[name])
        for name in methods
    }
    return Check(fidelities, {name: means[name] for name in rivals}, len(cases))


def agreement(
    subject: Subject,
    methods: Mapping[str, Method],
    cases: Sequence[Case],
    maps: Mapping[str, Sequence[np.ndarray]],
    seed: int,
) -> dict[str, dict[int, Agreement]]:
    """Cascading weight randomisation (Adebayo et al. 2018, §3.1): mean ρ by method and number of shuffled layers."""
    found: dict[str, dict[int, Agreement]] = {name: {} for name in methods}
    if not cases:
        return found
    with subject.shuffled(seed) as layers:
        total = sum(1 for _ in layers)
    compared = {round(number) for number in np.linspace(1, total, STAGES)}
    with subject.shuffled(seed) as layers:
        for number, _ in progress(enumerate(layers, 1), total, "shuffling layers"):
            for name, method in methods.items() if number in compared else ():
                likeness = partial(_likeness, method)
                found[name][number] = Agreement(*np.mean(list(map(likeness, cases, maps[name])), axis=0).tolist())
    return found


def _likeness(method: Method, case: Case, before: np.ndarray) -> Agreement:
    now, before = method(case).ravel(), before.ravel()
    return Agreement(rank_correlation(now, before), rank_correlation(np.abs(now), np.abs(before)))


def lead(ours: Sequence[Curves], theirs: Sequence[Curves]) -> tuple[float, float]:
    """How much larger the area between the curves is: mean over cases, and its standard error."""
    differences = [one.area - other.area for one, other in zip(ours, theirs, strict=True)]
    spread = float(np.std(differences, ddof=1)) if len(differences) > 1 else math.inf
    return float(np.mean(differences)), spread / math.sqrt(len(differences))
