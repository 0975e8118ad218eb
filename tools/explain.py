"""Show what a language model expects, and what it looks at.

    python -m tools.explain saved_models/gpt/RUN --text "In the beginning God created the heaven"

writes `surprise.html`, the text with each symbol coloured by its loss, and of a transformer `attention.png`, the
weights of every head, into the run's folder, or into --out.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError


def explain(
    run: Annotated[Path, tyro.conf.Positional],
    text: str,
    out: Path | None = None,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Show what a language model expects, and what it looks at.

    Args:
        run: The run's folder.
        text: What is read; of a transformer, not more than its context.
        out: The folder for the files; the run's if not given.
        checkpoint: The last one, or the best seen while training.
    """
    from aigc_tf.families.text.explanations import attention_picture, surprise_page
    from aigc_tf.modalities.drawing import write_png
    from aigc_tf.runs.run import Run
    from aigc_tf.storage.files import write_atomically, write_text

    opened = Run.open(run, checkpoint)
    model = opened.model
    if not hasattr(model, "surprise"):
        raise InputError(f"a {opened.recipe.slug()} is no language model: choose a run of char_rnn, word_lstm or gpt")
    if not text:
        raise InputError("--text is empty: give the text that is to be read")
    pieces, nats = model.surprise(text)
    folder = out or run
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "surprise.html"
    write_text(page, surprise_page(f"{opened.recipe.slug()}, step {opened.step}", pieces, nats))
    print(page)
    weights = model.attention(text)
    if weights:
        picture = folder / "attention.png"
        shown = attention_picture(weights, pieces)
        write_atomically(picture, partial(write_png, image=shown, made_by=opened.made_by()))
        print(picture)


if __name__ == "__main__":
    command(explain)
