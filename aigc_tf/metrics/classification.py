"""Classification metrics for examples of any kind: accuracy, calibration, confusion."""

from __future__ import annotations

import numpy as np

BINS = 15


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy of the most probable class.

    Args:
        probabilities: `[examples, classes]`.
        labels: int `[examples]`.
    """
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def nats(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Cross-entropy: the mean of -log p of the true class, in nats."""
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(of_truth, 1e-12)).mean())


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over confidence bins (Guo et al. 2017, eq. 3)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.bincount(bins, right, BINS) - np.bincount(bins, confidence, BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Confusion matrix, int64 `[classes, classes]`, a row for each true class."""
    classes = probabilities.shape[1]
    return np.bincount(labels * classes + probabilities.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


def confusion_picture(taken: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """The confusion matrix as a picture, coloured by share of the row, with counts: uint8 `[height, width, 3]`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    from aigc_tf.modalities.fonts import all_fonts, drawable

    side = 2.0 + 0.6 * len(names)
    sheet = Sheet(figsize=(side, side), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(sheet)
    panel = sheet.subplots()
    shares = taken / np.maximum(taken.sum(axis=1, keepdims=True), 1)
    panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    labels = [drawable(name) for name in names]
    with all_fonts():
        panel.set_xticks(range(len(names)), labels, rotation=90, parse_math=False)
        panel.set_yticks(range(len(names)), labels, parse_math=False)
    panel.set_xlabel("predicted")
    panel.set_ylabel("is")
    for (row, column), count in np.ndenumerate(taken):
        panel.text(column, row, count, ha="center", color="white" if shares[row, column] > 0.5 else "black")
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
