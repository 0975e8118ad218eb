"""Inversion of pictures for commands, with its error, and the family tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.cli.family import Family
from aigc_tf.errors import InputError, say
from aigc_tf.families.inversion import invert, starts_of
from aigc_tf.families.state import weights_hash
from aigc_tf.families.tasks import AT_ONCE, Encodes
from aigc_tf.metrics.images.image_quality import psnr
from aigc_tf.modalities.pictures import Pictures, as_brightness
from aigc_tf.runs.run import Run


class Found(NamedTuple):
    """A picture or a member of the family, in latent space."""

    name: str
    """Name of the member, if there is a family; otherwise as given."""
    latent: np.ndarray
    """float32 `[latent_dim]`."""
    picture: np.ndarray | None
    """The inverted picture, float32 `[height, width, channels]` in [0, 1]; None for a member."""


class Inverter:
    """Finds latents of pictures for one model.

    Args:
        run: of the model.
        model: decodes pictures.
        tree: JSON file of the family; None for none.
        condition: one for all, if the model takes one.
        updates: steps of the optimisation.
        seed: of its initial latents.

    Raises:
        InputError: the model does not generate pictures, or the file is not its family tree.
    """

    def __init__(self, run: Run, model: Any, tree: Path | None, condition: Any, updates: int, seed: int) -> None:
        if not isinstance(model.gives, Pictures):
            raise InputError(f"a {run.recipe.slug()} generates {model.gives.name}: only pictures can be inverted")
        self.model, self.tree, self.condition, self.updates, self.seed = model, tree, condition, updates, seed
        self.family = None if tree is None else Family.read(tree, weights_hash(model), model.from_normal)

    def found(self, name: str) -> Found:
        """The named member of the family, or the inversion of a picture, whose error is reported."""
        if self.family is not None and not Path(name).exists():
            return Found(name, self.family.latent_of(name), None)
        picture = as_brightness(self.model.gives.parse([name]))
        (start,) = starts_of(self.model, picture, self.seed, self.condition)[:1]
        latent = invert(self.model, picture, self.updates, self.seed, self.condition)
        before, after = (
            float(psnr(self.model.decode(latents, self.condition), picture)[0]) for latents in (start, latent)
        )
        said = f"{name}: inverted with a PSNR of {after:.2f} dB, {before:.2f} dB before {self.updates} updates"
        if self.family is not None:
            name = self.family.add("inverted", latent[0], [name])
            said += f"; member {name} of {self.tree}"
        say(said)
        return Found(name, latent[0], picture[0])

    def marked(self, paths: Sequence[Path]) -> np.ndarray:
        """Latents of the pictures at some paths, float32 `[count, latent_dim]`: encoded where the model can."""
        gives = self.model.gives
        pictures = np.concatenate([values for _, values in gives.read_all(gives.find(paths), AT_ONCE)])
        if isinstance(self.model, Encodes):
            return np.asarray(self.model.encode(pictures), np.float32)
        return invert(self.model, pictures, self.updates, self.seed, self.condition)

    def add(self, what: str, made: str, latent: np.ndarray, parents: Sequence[str]) -> None:
        """Add a result to the family, if there is one, and report it."""
        if self.family is not None:
            say(f"{what} is member {self.family.add(made, latent, parents)} of {self.tree}")

    def keep(self) -> None:
        """Write the family, if there is one."""
        if self.family is not None and self.tree is not None:
            self.family.keep(self.tree)
