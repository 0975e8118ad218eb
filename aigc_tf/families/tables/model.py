"""The base class of table models: latents are decoded to positions and probabilities, and these to cells."""

from __future__ import annotations

import abc
import json
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.tables.scheme import Scheme
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.tables import Conditions, RowsOfTable, Where
from aigc_tf.recipes.tables import TableRecipe

AT_ONCE = 500  # fixed number of rows drawn together, so that rows do not depend on how many are requested
_TRIED = 100_000  # minimum number of rows drawn before a condition is given up...
_TRIED_FOR_EACH = 1_000  # ...and for each that was found
_PREVIEWED = 8


class TableModel(Draws, GenerativeModel):
    """Generates rows.

    Args:
        recipe: its latent dimension and seed.
        scheme: of the columns.
    """

    def __init__(self, recipe: TableRecipe, scheme: Scheme) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.scheme = recipe, scheme
        self.latent_dim = recipe.latent_dim

    @property
    def gives(self) -> RowsOfTable:
        """Rows with the table's columns."""
        return RowsOfTable(self.scheme)

    @property
    def condition(self) -> Conditions:
        """Conditions on single columns."""
        return Conditions(self.scheme)

    @abc.abstractmethod
    def drawer(self) -> keras.Model:
        """A network from `latent`, and further inputs from `inputs`, to `row` and optionally `deviation`.

        `row` is `[batch, width]`: positions of numbers in their modes, and probabilities of the choices of each column.
        `deviation` is `[batch, numbers]`: of the normal noise around the positions.
        """

    def inputs(self, latents: np.ndarray, random: np.random.Generator, where: Where) -> dict[str, np.ndarray]:
        """The inputs of `drawer` by name for latents `[rows, latent_dim]`."""
        del random, where
        return {"latent": latents}

    @cached_property
    def compiled_drawer(self) -> Any:
        """`drawer`, compiled at its first call."""
        network = self.drawer()
        return tf.function(lambda *inputs: network(inputs if len(inputs) > 1 else inputs[0], training=False))

    def drawn(self, random: np.random.Generator, where: Where) -> np.ndarray:
        """Values of `AT_ONCE` rows; a condition at best makes matching rows more likely."""
        latents = random.standard_normal((AT_ONCE, self.latent_dim), dtype=np.float32)
        inputs = self.inputs(latents, random, where)
        outputs = self.compiled_drawer(*(tf.constant(values) for values in inputs.values()))
        row, *deviation = [output.numpy() for output in keras.tree.flatten(outputs)]
        return self.cells_of(row, deviation[0] if deviation else None, random)

    def cells_of(self, row: np.ndarray, deviation: np.ndarray | None, random: np.random.Generator) -> np.ndarray:
        """Values sampled from the drawer's outputs; see `drawer`."""
        places = row[:, : len(self.scheme.numeric)].astype(np.float64)
        if deviation is not None:
            places = np.clip(places + deviation * random.standard_normal(places.shape), -1, 1)
        draws = random.uniform(size=(len(row), len(self.scheme.columns)))
        choices = np.zeros(draws.shape, np.int64)
        for at, (start, size) in enumerate(zip(self.scheme.starts, self.scheme.sizes, strict=True)):
            up_to = np.cumsum(row[:, start : start + size].astype(np.float64), axis=1)
            choices[:, at] = np.minimum((up_to < draws[:, at : at + 1] * up_to[:, -1:]).sum(axis=1), size - 1)
        return self.scheme.decode(places, choices)

    def values(self, count: int, seed: int = 0, where: Where = ()) -> np.ndarray:
        """`count` rows that meet a condition: float64 `[count, columns]`, in the values of `Scheme`.

        By rejection sampling.

        Raises:
            InputError: almost no row meets it.
        """
        random = np.random.default_rng(seed)
        found: list[np.ndarray] = []
        tried = kept = 0
        while kept < count:
            if tried > _TRIED + _TRIED_FOR_EACH * kept:
                words = self.condition.show([where])
                raise InputError(f"{kept} of {tried:,} generated rows have {words}: ask for something less rare")
            values = self.drawn(random, where)
            for part in where:
                values = values[part.holds(values)]
            found.append(values)
            tried, kept = tried + AT_ONCE, kept + len(values)
        return np.concatenate(found)[:count]

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """New rows: an object array `[count, columns]` of numbers, text, and None for gaps.

        Args:
            count: number of rows.
            seed: of all draws.
            condition: such as `"sex=female"` or `["sex=female", "age>=60"]`, all of which hold; None for no condition.
        """
        wanted = self.conditions(condition, count)
        made = np.empty((count, len(self.scheme.columns)))
        for number, where in enumerate(dict.fromkeys(wanted)):
            places = [at for at, own in enumerate(wanted) if own == where]
            made[places] = self.values(len(places), seed + number, where)
        return self.scheme.cells(made)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Rows from fixed latents."""
        del source
        return {"samples": self.gives.show(self.generate(_PREVIEWED))}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to sample cells from the file's outputs: the columns (docs/MOBILE.md)."""
        columns = json.loads(self.scheme.to_json())["columns"]
        return {"columns": columns, "numbers": len(self.scheme.numeric)}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates rows."""
        del source
        return [Panel("table", "generate", self.export_metadata())]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: latents -> positions of numbers and probabilities of choices, for sampling cells."""
        network = self.drawer()
        wide = (self.scheme.width,)

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            return self.inputs(random.standard_normal((count, self.latent_dim), dtype=np.float32), random, ())

        inputs = {"latent": TensorSpec((self.latent_dim,), "independent standard normal numbers")}
        if len(network.inputs) > 1:
            inputs["condition"] = TensorSpec(
                (self.scheme.conditions,),
                "1 for the requested name among those of all categories, 0 for others",
            )
        outputs = {
            "row": TensorSpec(
                wide, "positions of numbers in their modes, in [-1, 1], then the probabilities of each column's choices"
            )
        }
        if len(network.outputs) > 1:
            outputs["deviation"] = TensorSpec(
                (len(self.scheme.numeric),), "standard deviation of the normal noise around the positions"
            )
        return {"generate": Signature(network, inputs, outputs, examples)}
