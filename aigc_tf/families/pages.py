"""What a browser can do with a model: the panels of the page that `--format web` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Panel:
    """A part of a page, shown by one JavaScript module of `export/web_page/`.

    A new kind of task is a new module there, which exports `show(section, panel, model)`; the page imports it by the
    name that a panel gives. There are

    - `draw`: from a `latent`, and a class if the signature takes one, to a picture, and a family of those kept;
    - `flow`: from noise to a picture, step by step, and of a class if the signature takes one;
    - `prompt`: from words that are typed to a picture, step by step;
    - `transform`: from a picture that is chosen or drawn to a picture;
    - `restore`: from a photograph of any size, in squares, to a photograph;
    - `write`: from a text that is typed to what comes next;
    - `rewrite`: from a text that is typed to what is written for it;
    - `recommend`: from items that are ticked to a list of others;
    - `compose`: pieces of music as a piano roll that plays, and voices that fit a tune;
    - `clips`: from a `latent` to clips that play;
    - `frames`: from frames of a clip to the next ones, or to those of a gap;
    - `table`: from a `latent`, and a name that is asked for if the signature takes one, to rows of a table;
    - `tunes`: from a `latent` to a short piece as a piano roll that plays, and what lies between two of them;
    - `sound`: from a `latent`, or frame by frame, and of a class if the signature takes one, to sounds that play;
    - `speak`: from a text that is typed to sound that plays.
    """

    module: str
    """Its name, without `.js`."""
    signature: str
    """What it calls; it may call further ones, which `facts` name."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the module has to know beside the signatures, JSON-able; its first comment lists it."""
    moved: str | None = None
    """The input whose directions become sliders: `directions` of the panel in page.json."""
    examples: np.ndarray | None = None
    """Pictures to try it with, uint8 `[count, height, width, channels]`. Whoever sees the page sees them."""
