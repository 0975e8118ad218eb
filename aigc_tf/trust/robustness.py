"""Adversarial robustness of predictions on images, by the size of the perturbation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.progress import progress
from aigc_tf.families.judges import Judgement, Judges
from aigc_tf.families.tasks import Draws, Scores
from aigc_tf.metrics.images.anomaly import auroc
from aigc_tf.modalities.pictures import as_brightness, strange_pictures
from aigc_tf.trust import attacks
from aigc_tf.trust.attacks import Loss, Norm

AT_ONCE = 100


@dataclass(frozen=True)
class Attacked:
    """The images to attack, the metric, and the attacker's direction."""

    figure: str
    """"accuracy" or "auroc": higher is better."""
    inputs: np.ndarray
    """float32 `[count, height, width, channels]` in [0, 1]."""
    targets: np.ndarray
    """int64 true classes; or float32, 1 where the score should be low and an attacker raises it, and -1 where high."""
    what: str
    """Description of the inputs."""

    def measured(self, outputs: np.ndarray) -> float:
        """The metric for the network's outputs, `[count, classes]` or `[count, 1]`."""
        if self.figure == "accuracy":
            return float((outputs.argmax(axis=1) == self.targets).mean())
        return auroc(outputs[self.targets > 0, 0], outputs[self.targets < 0, 0])


def labelled_pictures(source: Any, count: int) -> Attacked:
    """Test images with their classes."""
    part = source.part("test").some(count)
    what = f"{len(part.images)} test pictures"
    return Attacked("accuracy", as_brightness(np.asarray(part.images)), np.asarray(part.labels, np.int64), what)


def scored_pictures(model: Judges, source: Any, count: int, odd: np.ndarray | None = None, seed: int = 0) -> Attacked:
    """Equally many images that should score low and that should score high.

    Args:
        model: for a discriminator: generated and real images; for an anomaly score: test images and anomalies.
        source: provides test images.
        count: number of each, at most.
        odd: the anomalies; by default distorted test images (`strange_pictures`).
        seed: of the generated or distorted images.
    """
    real = as_brightness(np.asarray(source.inputs("test", count)))
    if isinstance(model, Scores):
        low, high = real, strange_pictures(real, seed) if odd is None else as_brightness(odd[:count])
        what = f"{len(low)} test pictures and {len(high)} {'distorted ones' if odd is None else 'anomalies'}"
    else:
        assert isinstance(model, Draws)
        low, high = as_brightness(model.generate(len(real), seed)), real
        what = f"{len(low)} generated pictures and {len(high)} of the test part"
    targets = np.repeat(np.array([1, -1], np.float32), [len(low), len(high)])
    return Attacked("auroc", np.concatenate([low, high]), targets, what)


def robustness(
    judgement: Judgement,
    attacked: Attacked,
    epsilons: Sequence[float],
    steps: int,
    norm: Norm = "linf",
    restarts: int = 1,
    queries: int = 300,
    seed: int = 0,
) -> dict[str, list[float]]:
    """The metric by attack, for ε = 0 and each ε; the square attack is for L∞ only.

    Args:
        judgement: the prediction to attack.
        attacked: its inputs.
        epsilons: sizes of the perturbation, of each number in [0, 1], or in L2 of whole images.
        steps: of PGD.
        norm: the norm of the ball.
        restarts: of PGD.
        queries: of the square attack.
        seed: of the attacks.
    """
    loss = Loss(judgement.network, bool(judgement.names))
    kinds: dict[str, Callable[[tf.Tensor, tf.Tensor, float], tf.Tensor]] = {
        "fgsm": lambda inputs, targets, epsilon: attacks.fgsm(loss, inputs, targets, epsilon, norm),
        "pgd": lambda inputs, targets, epsilon: attacks.pgd(
            loss, inputs, targets, epsilon, steps, norm, restarts, seed
        ),
    }
    if norm == "linf":
        kinds["square"] = lambda inputs, targets, epsilon: attacks.square(loss, inputs, targets, epsilon, queries, seed)
    clean = attacked.measured(np.concatenate([loss.network(part, training=False) for part, _ in _parts(attacked)]))
    found = {name: [clean] for name in kinds}
    todo = [(name, epsilon) for name in kinds for epsilon in epsilons]
    for name, epsilon in progress(todo, len(todo), "attacks"):
        moved = [loss.network(kinds[name](*part, epsilon), training=False) for part in _parts(attacked)]
        found[name].append(attacked.measured(np.concatenate(moved)))
    return found


def _parts(attacked: Attacked) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
    for at in range(0, len(attacked.inputs), AT_ONCE):
        rows = slice(at, at + AT_ONCE)
        yield tf.constant(attacked.inputs[rows]), tf.constant(attacked.targets[rows])
