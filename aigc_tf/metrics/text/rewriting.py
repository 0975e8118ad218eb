"""Quality of generated targets for held-out sources, compared with simpler methods."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.pairs.source import PairSource
from aigc_tf.data.text.words import words
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.text.likeness import MEASURES
from aigc_tf.metrics.text.simple_writers import METHODS
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe

MAX_SAMPLES = 1000  # sources, whatever is requested
TRUTH = "held-out targets"


class Rewritten(Evaluator):
    """Generated texts for held-out sources against their targets, compared with simpler methods.

    Figures:

    - those named in the recipe: rouge_1, rouge_2, rouge_l, or bleu and chrf, from 0 to 100, higher is better;
    - length_ratio: generated words per word of the targets;
    - copied_bigrams: the share of generated word bigrams that occur in the source;
    - memorised: the share of generated texts that are verbatim targets of the training part.
    """

    def measure(self, model: Seq2Seq, source: PairSource, recipe: Seq2SeqRecipe, request: Request) -> Measurement:
        """Generate for at most 1,000 evenly spaced sources of the part; see `Evaluator.measure`.

        Raises:
            InputError: a package of the extra `pairs` is not installed.
        """
        pairs = source.pairs(request.part, min(request.samples, MAX_SAMPLES))
        sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
        search = model.default_search
        texts = {"model": model.write_long(sources, search, request.seed)}
        for name in recipe.baselines:
            texts[METHODS[name].name] = METHODS[name].write(source.train.pairs, sources)
        figures: dict[str, Figure] = {}
        protocol: dict[str, object] = {
            "written for": f"{len(pairs):,} sources of the {request.part} part, {source.split_in_words(request.part)}",
            "search": ", ".join(f"{name} {value}" for name, value in dataclasses.asdict(search).items()),
        }
        for name in recipe.figures:
            likeness = {method: MEASURES[name](made, targets) for method, made in texts.items()}
            own = likeness.pop("model")
            for figure, value in own.figures.items():
                beside = {method: found.figures[figure] for method, found in likeness.items()}
                figures[figure] = Figure(value, "higher", beside)
            intervals = {figure: f"{low:.1f} to {high:.1f}" for figure, (low, high) in own.intervals.items()}
            protocol[name] = own.protocol
            protocol |= {f"95 % interval of {figure}": said for figure, said in intervals.items()}
        protocol[f"better than the model in {' and '.join(figures)}"] = _winners(figures) or "nothing"
        figures |= _other_figures(texts["model"], pairs, source)
        return Measurement(figures, protocol)


def _winners(figures: Mapping[str, Figure]) -> str:
    """Which methods have a better figure than the model."""
    return ", ".join(
        f"{name} of {method}"
        for name, figure in figures.items()
        for method, value in figure.baselines.items()
        if value > figure.value
    )


def _other_figures(written: Sequence[str], pairs: Sequence[Pair], source: PairSource) -> dict[str, Figure]:
    targets = [pair.target for pair in pairs]
    known = {pair.target for pair in source.train.pairs}
    sources = [pair.source for pair in pairs]
    return {
        "length_ratio": Figure(_count(written) / max(1, _count(targets)), "neither"),
        "copied_bigrams": Figure(copied(written, sources), "neither", {TRUTH: copied(targets, sources)}),
        "memorised": Figure(_share(written, known), "neither", {TRUTH: _share(targets, known)}),
    }


def _count(texts: Sequence[str]) -> int:
    return sum(len(words(text)) for text in texts)


def _share(texts: Sequence[str], known: set[str]) -> float:
    return sum(text in known for text in texts) / len(texts)


def copied(texts: Sequence[str], sources: Sequence[str]) -> float:
    """The share of lower-cased word bigrams that occur in the texts' sources; 0 without any."""
    found = total = 0
    for text, source in zip(texts, sources, strict=True):
        own, given = (words(each.casefold()) for each in (text, source))
        known = {*itertools.pairwise(given)}
        pairs = [*itertools.pairwise(own)]
        total += len(pairs)
        found += sum(pair in known for pair in pairs)
    return found / total if total else 0.0
