"""Explanation reports: what predictions are based on."""

from __future__ import annotations

import html
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.source import evenly
from aigc_tf.families.judges import Judgement
from aigc_tf.families.tasks import Explains
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.families.text.classification.pages import relevance_page
from aigc_tf.modalities.plots import lines_picture
from aigc_tf.trust.fidelity import Case, Method, check
from aigc_tf.trust.judged import Judged
from aigc_tf.trust.libraries import methods_by
from aigc_tf.trust.maps import methods_for
from aigc_tf.trust.report import Report, check_section, coloured, figure, framed, heading, markdown, paragraph
from aigc_tf.trust.subjects import prepared
from aigc_tf.trust.surrogate import CELLS, DEPTH, surrogate
from aigc_tf.trust.texts import JudgedText

CHECKED, SHUFFLED = 24, 4
"""Number of inputs that methods are checked on, and how many of them with shuffled weights."""
LEARNT, NEW = 2000, 500
"""Number of images that a surrogate tree is fitted to, and number of images that it is evaluated on."""
FRAME_HEIGHT = 192


def of_judgement(
    judgement: Judgement, names: Sequence[str], values: Any, source: Any, also: Sequence[str] = ()
) -> Report:
    """Attribution maps of images or series.

    Args:
        judgement: the prediction to explain.
        names: names of the inputs.
        values: the inputs.
        source: of test examples to check the methods on; None uses the inputs themselves.
        also: libraries whose maps are shown as well (`libraries.LIBRARIES`).

    Raises:
        InputError: a library is not installed, or does not support such inputs.
    """
    judged = Judged(judgement)
    methods = methods_for(judged) | methods_by(also, judged)
    inputs = prepared(judgement, values)
    sections = [paragraph(f"Explained is: {judgement.meaning}.")]
    shown: dict[str, np.ndarray] = {}
    for name, case in zip(names, judged.cases(inputs), strict=True):
        pictures = _maps(methods, case)
        sections.append(heading(f"{name}: {judged.named(case)}"))
        sections += [figure(picture, caption, FRAME_HEIGHT) for caption, picture in pictures.items()]
        shown |= {f"{name}/{caption}": picture for caption, picture in pictures.items()}
    known = inputs if source is None else prepared(judgement, source.inputs("test", CHECKED))
    found = check(judged, methods, judged.cases(known), SHUFFLED)
    value = "probability" if judgement.names else "score"
    sections += check_section(found, value, _where(source))
    if source is not None and inputs.ndim == 4:
        sections += _tree(judged, source)
    return Report(sections, shown, found)


def _maps(methods: dict[str, Method], case: Case) -> dict[str, np.ndarray]:
    """Images of the maps by their captions."""
    maps = {name: method(case) for name, method in methods.items()}
    if case.value.ndim == 2:
        fields = {"input": _columns(case.value), **{name: _columns(found) for name, found in maps.items()}}
        return {"the input, and maps of it": lines_picture(range(len(case.value)), "time steps", fields)}
    shown = {"input": case.value, "its reference": case.reference}
    return shown | {name: coloured(found) for name, found in maps.items()}


def _columns(values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"series {number}": column for number, column in enumerate(values.T, 1)}


def _tree(judged: Judged, source: Any) -> list[str]:
    """The section about the surrogate tree."""
    if importlib.util.find_spec("sklearn") is None:
        return [paragraph("A surrogate tree is left out: scikit-learn is not installed (the extra benchmark).")]
    learnt, new = (
        prepared(judged.judgement, source.inputs(part, count)) for part, count in (("train", LEARNT), ("test", NEW))
    )
    found = surrogate(judged, learnt, new)
    what = "the share of answers that agree" if judged.judgement.names else "R² of the scores"
    return [
        heading("A surrogate tree"),
        paragraph(
            f"A decision tree of depth {DEPTH} over the mean brightness of {CELLS}x{CELLS} cells, trained on the "
            f"network's answers for {len(learnt)} training pictures. Its fidelity on {len(new)} test pictures, {what}: "
            f"{found.fidelity:.3f}; of an answer that is always the same {found.constant:.3f}. Where that is low, the "
            "rules are not those of the network."
        ),
        framed(f"<pre>{html.escape(found.rules)}</pre>", "rules of the tree"),
    ]


def of_texts(model: TextClassifier, title: str, texts: Sequence[str], source: Any, also: Sequence[str] = ()) -> Report:
    """Token attributions of a text classifier, as coloured tokens; see `of_judgement`."""
    judged = JudgedText(model)
    methods = judged.methods() | methods_by(also, judged)
    sections, shown = [], {}
    for number, text in enumerate(texts, 1):
        case = judged.case(model.tokens_of(text))
        (probabilities,) = model.probabilities_of([case.value])
        answer = model.named(probabilities)
        pieces = [model.vocabulary.decode([token]) for token in case.value[1:]]
        maps = {name: method(case)[1:] for name, method in methods.items()}
        sections.append(heading(answer))
        sections += [framed(relevance_page(title, answer, name, pieces, found), name) for name, found in maps.items()]
        shown[f"text {number}"] = markdown([answer, *maps], [pieces, *(map("{:.3g}".format, m) for m in maps.values())])
    rows = [model.tokens_of(text) for text in texts]
    if source is not None:
        part = source.part("test")
        rows = [part.tokens[row] for row in evenly(len(part), CHECKED)]
    cases = [judged.case(row) for row in rows if len(row) > 2]
    if not cases:
        return Report([*sections, paragraph("Not checked: all texts are of one token.")], shown)
    found = check(judged, methods, cases, SHUFFLED, with_edges=False)
    return Report(sections + check_section(found, "probability", _where(source)), shown, found)


def of_expectations(model: Explains, title: str, values: Sequence[Any]) -> Report:
    """A report of what a model explains itself: its per-position losses, or its attention weights."""
    sections = [
        paragraph("Losses are the model's own numbers. Attention says where it looks, not what its answer comes from.")
    ]
    pictures = {}
    for number, value in enumerate(values, 1):
        for name, shown in model.explain(value, title).items():
            if isinstance(shown, str):
                sections.append(framed(shown, name))
            else:
                sections.append(figure(shown, name))
                pictures[f"{number}/{name}"] = shown
    return Report(sections, pictures)


def _where(source: Any) -> str:
    return "those that were given" if source is None else "of the test part"
