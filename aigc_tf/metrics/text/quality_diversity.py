"""Quality and diversity of generated lines over temperatures: does a GAN improve on its maximum-likelihood model?"""

from __future__ import annotations

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.text.seqgan.model import SeqGAN
from aigc_tf.families.text.writing import Reader, write
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.text.ngram import NGram
from aigc_tf.metrics.text.self_bleu import self_bleu
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.seqgan import SeqGAN as Recipe

TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
MAX_SAMPLES = 500  # at each temperature
ORDER = 4  # of the judging n-gram
LIKELIHOOD, REAL = "likelihood model", "training lines"

Curve = list[tuple[float, float]]
"""For each temperature, n-gram NLL in nats per symbol, and self-BLEU; lower is better for both."""


class QualityDiversity(Evaluator):
    """The quality-diversity curve of a GAN over temperatures, compared with its maximum-likelihood pretraining.

    Quality is the mean NLL of generated symbols under an n-gram of the evaluated part, which the model has not seen;
    diversity is self-BLEU. A single pair says little, since temperature trades one for the other (Caccia et al. 2020).
    Figures:

    - ngram_nats and self_bleu at temperature 1, lower is better;
    - gain_nats, the GAN's gain in quality over the maximum-likelihood model at equal diversity: the mean over
      temperatures of the vertical distance between the curves, where they overlap; higher is better, below 0 is a loss.
    """

    def measure(self, model: SeqGAN, source: TextSource, recipe: Recipe, request: Request) -> Measurement:
        """Generate at most 500 lines at each temperature with each model; see `Evaluator.measure`."""
        count = min(request.samples, MAX_SAMPLES)
        judge = NGram(source.part(request.part).tokens, len(source.vocabulary), ORDER)
        curves = {
            name: [point(judge, written(networks, model, recipe, count, heat, request.seed)) for heat in TEMPERATURES]
            for name, networks in (("GAN", model.networks), (LIKELIHOOD, model.likelihood))
        }
        real = point(judge, padded(source.train, evenly(source.train.documents, count)))
        at_one = TEMPERATURES.index(1.0)
        nats, likeness = curves["GAN"][at_one], curves[LIKELIHOOD][at_one]
        figures = {
            "ngram_nats": Figure(nats[0], "lower", {LIKELIHOOD: likeness[0], REAL: real[0]}),
            "self_bleu": Figure(nats[1], "lower", {LIKELIHOOD: likeness[1], REAL: real[1]}),
            "gain_nats": Figure(gain(curves["GAN"], curves[LIKELIHOOD]), "higher", {LIKELIHOOD: 0.0}),
        }
        protocol = {
            "lines at each temperature": count,
            "judge": f"n-gram of order {ORDER} of the {request.part} part",
            "temperatures": list(TEMPERATURES),
            "curves (nats per token, self-BLEU)": {
                name: [[round(value, 4) for value in place] for place in curve] for name, curve in curves.items()
            },
        }
        picture = Picture(
            curves_picture(curves), "Quality and diversity over temperatures; lower and further left is better."
        )
        return Measurement(figures, protocol, {"quality_diversity": picture})


def written(
    networks: LanguageNetworks, model: SeqGAN, recipe: Recipe, count: int, temperature: float, seed: int
) -> np.ndarray:
    """Lines between boundaries, int32 `[count, line]`, -1 after their ends."""
    vocabulary = model.vocabulary
    steps = write(
        Reader(networks, count),
        np.array([vocabulary.start]),
        recipe.text.length,
        Decoding(temperature=temperature),
        vocabulary.never_written,
        vocabulary.end,
        [(seed, row) for row in range(count)],
    )
    symbols = np.stack([*steps, np.full(count, BOUNDARY)], axis=1)
    ended = np.cumsum(symbols == BOUNDARY, axis=1) - (symbols == BOUNDARY) > 0
    first = np.full((count, 1), vocabulary.start)
    return np.concatenate([first, np.where(ended, PADDING, symbols)], axis=1).astype(np.int32)


def point(judge: NGram, lines: np.ndarray) -> tuple[float, float]:
    """NLL in nats per symbol under the judging n-gram, and self-BLEU, of lines from `written`."""
    nats = judge.nats(lines)[lines[:, 1:] != PADDING]
    texts = [[symbol for symbol in line[1:] if symbol > BOUNDARY] for line in lines.tolist()]
    return float(nats.mean()), self_bleu(texts)


def gain(curve: Curve, other: Curve) -> float:
    """How many nats a curve lies below another, on average over its points in the other's range of diversity.

    The other curve is interpolated linearly. 0 if no point is in its range.
    """
    found = sorted((likeness, nats) for nats, likeness in other)
    places, heights = zip(*found, strict=True)
    distances = [
        float(np.interp(likeness, places, heights)) - nats
        for nats, likeness in curve
        if places[0] <= likeness <= places[-1]
    ]
    return float(np.mean(distances)) if distances else 0.0


def curves_picture(curves: dict[str, Curve]) -> np.ndarray:
    """A plot of the curves: uint8 `[height, width, 3]`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    sheet = Sheet(figsize=(5, 4), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(sheet)
    panel = sheet.subplots()
    for name, curve in curves.items():
        nats, likeness = zip(*curve, strict=True)
        panel.plot(likeness, nats, marker="o", label=name)
    panel.set_xlabel("self-BLEU")
    panel.set_ylabel(f"nats per token, n-gram of order {ORDER}")
    panel.legend()
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
