"""Panels of the web page that `--format web` creates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Panel:
    """A part of a page, shown by one JavaScript module of `export/web_page/`.

    A new kind of panel is a new module there that exports `show(section, panel, model)`; the page imports it by the
    panel's module name. The modules are

    - `draw`: from a `latent`, and a class if the signature takes one, to a picture, with mixing of those kept;
    - `flow`: from noise, and a class if the signature takes one, to a picture, step by step;
    - `prompt`: from typed words to a picture, step by step;
    - `transform`: from a chosen or drawn picture to a picture;
    - `restore`: from a photograph of any size, in tiles, to a photograph;
    - `write`: from typed text to its continuation;
    - `rewrite`: from typed text to the text generated for it;
    - `recommend`: from ticked items to a list of others;
    - `compose`: pieces of music as a playable piano roll, and harmonisation of a tune;
    - `clips`: from a `latent` to playable clips;
    - `frames`: from frames of a clip to the next ones, or to those in a gap;
    - `table`: from a `latent`, and a requested value if the signature takes one, to rows of a table;
    - `tunes`: from a `latent` to a short piece as a playable piano roll, and interpolations between two;
    - `sound`: from a `latent`, or frame by frame, and a class if the signature takes one, to playable sounds;
    - `speak`: from typed text to playable speech.
    """

    module: str
    """Name of the module, without `.js`."""
    signature: str
    """The signature that it calls; `facts` may name further ones."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Facts that the module needs besides the signatures, JSON-able; listed in its first comment."""
    moved: str | None = None
    """The input whose directions become sliders: `directions` of the panel in page.json."""
    examples: np.ndarray | None = None
    """Example pictures, uint8 `[count, height, width, channels]`, visible to everyone who sees the page."""
