"""Whether generated texts have the form of the training texts: poems, programs."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import InputError
from aigc_tf.metrics.text.likelihood import bits_per_character, held_out_nats
from aigc_tf.recipes.options import Decoding
from aigc_tf.runs.run import Run

LINES = 20  # of a program
# A line of a program has rarely more characters on average.
SYMBOLS_OF_A_PROGRAM = LINES * 60
SYMBOLS_OF_A_POEM = 64
EVERYTHING = 10**9  # held-out windows or lines
SHOWN = 5
# Four lines of five characters, or of seven, with the punctuation in its places, and nothing else.
_QUATRAIN = re.compile("|".join(f"(?:[^，。]{{{count}}}，[^，。]{{{count}}}。){{2}}" for count in (5, 7)))


def forms(
    path: Path, form: Literal["quatrains", "programs"], count: int, temperature: float, seed: int
) -> dict[str, Any]:
    """The share of the texts of a run's best checkpoint that have a form.

    Args:
        path: of the run.
        form: of the texts that it was trained on.
        count: texts that are written.
        temperature: of the draws; 1 is the model's own probabilities.
        seed: of the draws.

    Returns:
        Shares, held-out figures, and the first texts.
    """
    run = Run.open(path, "best")
    if not isinstance(run.source, TextSource):
        raise InputError(f"{path} is a run of {run.recipe.slug()}, which is not a model of text")
    decoding = Decoding(temperature=temperature)
    nats, _ = held_out_nats(run.model, run.source, EVERYTHING, "test")
    report: dict[str, Any] = {
        "step": run.step,
        "temperature": temperature,
        "nats_per_symbol": float(nats.mean()),
        "perplexity": float(np.exp(nats.mean())),
        "bits_per_character": bits_per_character(nats, run.source, "test"),
    }
    if form == "quatrains":
        texts = run.generate(count, seed, tokens=SYMBOLS_OF_A_POEM, decoding=decoding)
        report |= {
            "right_form": share_of_quatrains(texts),
            "lines_copied": share_of_copied_lines(texts, documents(run.source)),
        }
    else:
        texts = run.generate(count, seed, tokens=SYMBOLS_OF_A_PROGRAM, decoding=decoding)
        report |= {
            "parse": share_that_parses(texts, LINES),
            "lines": float(np.mean([min(LINES, text.count("\n")) for text in texts])),
        }
    return report | {"texts": texts[:SHOWN]}


def documents(source: TextSource) -> list[str]:
    """The training documents as text."""
    return [source.vocabulary.decode(source.train.document(index)) for index in range(source.train.documents)]


def share_of_quatrains(poems: Sequence[str]) -> float:
    """The share of poems of four lines of five or of seven characters, each with its punctuation."""
    return sum(_QUATRAIN.fullmatch(poem.strip()) is not None for poem in poems) / len(poems)


def share_that_parses(programs: Sequence[str], lines: int = 20) -> float:
    """The share of texts whose first lines, without the last of them, are a Python program."""
    accepted = 0
    for program in programs:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of escapes in strings; the program is never run
            try:
                ast.parse("\n".join(program.split("\n")[:lines][:-1]))
            except (SyntaxError, ValueError, RecursionError):
                continue
        accepted += 1
    return accepted / len(programs)


def share_of_copied_lines(poems: Sequence[str], training_poems: Sequence[str]) -> float:
    """The share of the poems' lines that stand in the training poems."""
    known = {line for poem in training_poems for line in re.split("[，。]", poem)}
    lines = [line for poem in poems for line in re.split("[，。]", poem) if line]
    return sum(line in known for line in lines) / len(lines)
