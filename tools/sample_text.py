"""What `tools.sample` does with a run of a model of text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.errors import InputError
from aigc_tf.recipes.options import Decoding

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.runs.run import Run

DEFAULT = Decoding()
UNREADABLE = "\ufffd"  # what the first bytes of a character decode to


def sample_text(
    run: Annotated[Path, tyro.conf.Positional],
    prompt: str = "",
    count: int = 1,
    tokens: int = 200,
    decoding: Annotated[Decoding, tyro.conf.arg(name="")] = DEFAULT,
    seed: int = 0,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
    stream: bool = False,
    between: tuple[str, str] | None = None,
) -> None:
    """Write text with a run.

    Args:
        run: The run's folder.
        prompt: How each text begins.
        count: How many texts; with --between, how many lines on the way.
        tokens: The most symbols written behind the prompt.
        decoding: How symbols are chosen.
        seed: The same seed gives the same texts.
        out: A file for the texts: .json a list of them, anything else as they are printed.
        checkpoint: The last one, or the best seen while training.
        stream: Print each symbol when it is chosen, one text after the other.
        between: Of an autoencoder, the way from one line to another.
    """
    if count < 1 or tokens < 1:
        raise InputError(f"--count is {count} and --tokens {tokens}: give at least 1 of each")
    if stream and (out or between):
        raise InputError("--stream prints to the screen: leave --out and --between out")

    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    model: Any = opened.model
    if stream:
        for index in range(count):
            show(stream_of(model, seed + index, prompt, tokens, decoding), prompt)
        return
    texts = way(opened, between, count) if between else model.generate(count, seed, prompt, tokens, decoding)
    if out is None:
        print(joined(texts))
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    made_by = opened.made_by(seed)
    content = (
        json.dumps(made_by | {"texts": texts}, ensure_ascii=False, indent=1) if out.suffix == ".json" else joined(texts)
    )
    out.write_text(content + "\n", encoding="utf-8")
    print(out)


def way(run: Run, lines: tuple[str, str], count: int) -> list[str]:
    """Lines on the way from one to another.

    Raises:
        InputError: the model is no autoencoder.
    """
    if not hasattr(run.model, "between"):
        raise InputError(f"a {run.recipe.slug()} has no latent space: choose a run of text_vae for --between")
    return run.model.between(*lines, max(2, count))


def joined(texts: Sequence[str]) -> str:
    """Texts for people: one a line, or between rules if they have several lines."""
    return ("\n---\n" if any("\n" in text for text in texts) else "\n").join(texts)


def stream_of(model: Any, seed: int, prompt: str, tokens: int, decoding: Decoding) -> Iterator[str]:
    """The text of one sample, piece by piece, as its symbols are chosen."""
    chosen: list[int] = []
    shown = ""
    symbols: Iterator[np.ndarray] = model.stream(1, seed, prompt, tokens, decoding)
    for (symbol,) in symbols:
        chosen.append(int(symbol))
        text = model.vocabulary.decode(chosen)
        if not text.endswith(UNREADABLE):  # a character of several bytes may not be whole yet
            yield text[len(shown) :]
            shown = text
    yield model.vocabulary.decode(chosen)[len(shown) :]


def show(pieces: Iterator[str], prompt: str) -> None:
    """Print text as it comes."""
    sys.stdout.write(prompt)
    for piece in pieces:
        sys.stdout.write(piece)
        sys.stdout.flush()
    print()
