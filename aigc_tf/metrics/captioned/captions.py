"""Quality of a model's captions of held-out pictures."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.families.text.captioning.model import Captioner
from aigc_tf.metrics.captioned.judge import in_words, judge_of, mean_fit
from aigc_tf.metrics.captioned.pixels import nearest_pictures
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Picture, Request
from aigc_tf.metrics.text.likeness import MEASURES
from aigc_tf.metrics.text.targets import held_out_nats
from aigc_tf.modalities.captions import captioned
from aigc_tf.recipes.caption import Caption

MAX_PICTURES, SHOWN = 1000, 24
NEAREST, TRUTH = "caption of the nearest training picture, in pixels", "held-out captions"
WRITTEN = "Held-out pictures above the captions that the model writes for them."


class WrittenCaptions(Evaluator):
    """Captions of held-out pictures, compared with the caption of the nearest training picture as a baseline.

    Figures:

    - chrf, from 0 to 100, and exact_match, from 0 to 1, higher is better: against the first caption of each picture;
    - nats_per_symbol of held-out captions, lower is better;
    - memorised: the share of written captions that are verbatim training captions, none of which is right for held-out
      combinations;
    - judge_fit: the mean cosine of picture and caption by the matcher that the option `judge` names, higher is better.
    """

    def measure(self, model: Captioner, source: CaptionedSource, recipe: Caption, request: Request) -> Measurement:
        """Caption at most 1,000 evenly spaced pictures of the part; see `Evaluator.measure`.

        Raises:
            InputError: the package for chrF is not installed, or the judge cannot be used.
        """
        judge = judge_of(request, model)
        pictures, truths = source.pairs(request.part, min(request.samples, MAX_PICTURES))
        written = model.transform(pictures, request.seed)
        beside = [source.train.captions[row][0] for row in nearest_pictures(source, pictures)]
        measure: Any = MEASURES["bleu"]
        chrf = {name: measure(texts, truths).figures["chrf"] for name, texts in (("", written), (NEAREST, beside))}
        known = {caption for own in source.train.captions for caption in own}
        nats = float(held_out_nats(model, source, request.samples, request.part).mean())
        figures = {
            "chrf": Figure(chrf.pop(""), "higher", chrf),
            "exact_match": Figure(_equal(written, truths), "higher", {NEAREST: _equal(beside, truths)}),
            "nats_per_symbol": Figure(nats, "lower"),
            "memorised": Figure(float(np.mean([text in known for text in written])), "neither"),
        }
        protocol = {
            "written for": f"{len(truths):,} {request.part} pictures, {source.split_in_words(request.part)}",
            "search": ", ".join(f"{name} {value}" for name, value in dataclasses.asdict(model.default_search).items()),
        }
        if judge is not None:
            fits = {name: mean_fit(judge, pictures, texts) for name, texts in ((NEAREST, beside), (TRUTH, truths))}
            figures["judge_fit"] = Figure(mean_fit(judge, pictures, written), "higher", fits)
            protocol |= in_words(judge, request)
        rows = np.linspace(0, len(truths) - 1, min(SHOWN, len(truths))).astype(int)
        sheet = captioned(pictures[rows], [written[row] for row in rows])
        return Measurement(figures, protocol, {"written_captions": Picture(sheet, WRITTEN)})


def _equal(texts: list[str], truths: list[str]) -> float:
    """The share that are equal up to case and spaces."""
    pairs = zip(texts, truths, strict=True)
    return float(np.mean([text.casefold().split() == truth.casefold().split() for text, truth in pairs]))
