"""The base class of recommenders: scores of all items from the liked ones, and a list of the best."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.pages import Panel
from aigc_tf.families.recommendation.networks import Best, OthersFirst
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.ratings import Liked, Recommendations, Recommended
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.recommendation import RecommendationRecipe

AT_ONCE = 32  # fixed batch size of the networks, so that a row's scores do not depend on the others
REASONS = 3
_PREVIEWED, _LISTED = 4, 5


class Recommender(Transforms, GenerativeModel):
    """Ranks items for users.

    Args:
        recipe: its optimizer and seed.
        scoring: liked items, ones and zeros `[batch, items]` -> logits `[batch, items]`, at inference. Lists are made
            with its EMA.
        items: all items.
    """

    def __init__(self, recipe: RecommendationRecipe, scoring: keras.Model, items: Items) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.trained, self.items = recipe, scoring, items
        self.scoring = averaged(scoring, recipe.average_users)
        self.noise_seed = keras.random.SeedGenerator(recipe.seed, name="noise_seed")

    @property
    def takes(self) -> Liked:
        """Ids of items."""
        return Liked(self.items)

    @property
    def gives(self) -> Recommendations:
        """Items with their probabilities."""
        return Recommendations()

    @property
    @abc.abstractmethod
    def learning(self) -> dict[str, list[keras.Variable]]:
        """The weights of each optimizer, by its role."""

    @cached_property
    def compiled_scoring(self) -> Any:
        """`scoring`, compiled at its first call."""
        return tf.function(lambda liked: self.scoring(liked, training=False))

    def hidden(self, rated: tf.Tensor, share: float) -> tf.Tensor:
        """A random dropout mask: 1 for items hidden from the network in a training step, 0 for others.

        Args:
            rated: of the batch, `[batch, items]`.
            share: the dropout rate.
        """
        drawn = keras.random.uniform(ops.shape(rated), seed=self.noise_seed)
        return ops.cast(drawn < share, "float32")

    def average(self, batch: tf.Tensor, steps: Any) -> None:
        """Update the EMA; call after a step.

        Args:
            batch: users' likes, `[batch, items]`.
            steps: training steps so far.
        """
        update_average(self.scoring, self.trained, ops.shape(batch)[0], steps, self.recipe.average_users)

    def optimizer_of(self, weights: Sequence[keras.Variable]) -> Any:
        """Adam for some weights, with the recipe's settings."""
        decay = getattr(self.recipe, "weight_decay", 0.0)
        return adam(self.recipe.optimizer, weights, weight_decay=decay)  # type: ignore[attr-defined]

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """-log p of the held-out items `asked`, given `liked`, in nats per item. Changes nothing."""
        logits = self.scoring(batch["liked"], training=False)
        asked = batch["asked"]
        nats = -ops.sum(ops.log_softmax(logits) * asked, axis=-1)
        return {"loss": ops.mean(nats / ops.maximum(ops.sum(asked, axis=-1), 1.0))}

    def scores(self, liked: np.ndarray) -> np.ndarray:
        """Logits of all items, float32 `[count, items]`.

        Args:
            liked: ones and zeros `[count, items]`.
        """
        found = np.zeros(liked.shape, np.float32)
        for at in range(0, len(liked), AT_ONCE):
            rows = liked[at : at + AT_ONCE]
            padded = np.zeros((AT_ONCE, liked.shape[1]), np.float32)
            padded[: len(rows)] = rows
            found[at : at + AT_ONCE] = self.compiled_scoring(tf.constant(padded)).numpy()[: len(rows)]
        return found

    def transform(
        self, inputs: Any, seed: int = 0, condition: Any = None, count: int = 10, why: bool = False
    ) -> list[Recommended]:
        """Recommend the best items for each list of liked ones, which are excluded.

        Args:
            inputs: titles, ids or indices of items, for each user.
            seed: unused, since nothing is sampled.
            condition: unused.
            count: maximum number of items.
            why: whether to name the liked items that support each recommendation.
        """
        self.refuse_condition(condition)
        return [self.recommended(numbers, count, why) for numbers in self.takes.rows(inputs)]

    def recommended(self, numbers: np.ndarray, count: int, why: bool) -> Recommended:
        """Recommendations for liked items with these indices, int32 `[liked]`."""
        liked = np.zeros((1, len(self.items)), np.float32)
        liked[0, numbers] = 1
        (logits,) = self.scores(liked).astype(np.float64)
        logits[numbers] = -np.inf
        best = np.argsort(-logits, kind="stable")[: min(count, len(self.items) - len(numbers))]
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        return Recommended(
            tuple(self.items.titles[item] for item in best),
            tuple(round(float(shares[item]), 6) for item in best),
            self.reasons(liked[0], numbers, best) if why else (),
        )

    def reasons(self, liked: np.ndarray, numbers: np.ndarray, best: np.ndarray) -> tuple[tuple[str, ...], ...]:
        """For each recommended item, the titles of the liked ones whose removal lowers its log probability most.

        Args:
            liked: ones and zeros `[items]`.
            numbers: indices of the liked ones.
            best: indices of the recommended ones.
        """
        without = np.repeat(liked[None], len(numbers) + 1, axis=0)
        without[np.arange(len(numbers)), numbers] = 0
        logits = self.scores(without).astype(np.float64)
        logs = logits - np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
        logs -= logits.max(axis=1, keepdims=True)
        falls = logs[-1:, best] - logs[:-1, best]
        found = []
        for column in falls.T:
            order = np.argsort(-column, kind="stable")[:REASONS]
            found.append(tuple(self.items.titles[numbers[place]] for place in order if column[place] > 0))
        return tuple(found)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Likes of watched users, and recommendations for them."""
        rows = source.inputs("validation", _PREVIEWED)
        lines = []
        for title, row, found in zip(
            source.titles("validation", _PREVIEWED), rows, self.transform(rows, count=_LISTED), strict=True
        ):
            known = ", ".join(self.items.titles[number] for number in row[:_LISTED])
            lines.append(f"{title} likes {known}{', ...' if len(row) > _LISTED else ''}\n" + "\n".join(found.lines()))
        return {"samples": "\n\n".join(lines)}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to show the file's lists: titles by item index."""
        return {"titles": list(self.items.titles), "ids": list(self.items.ids)}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`recommend`: liked items -> the best others, with their scores."""
        size, count = len(self.items), min(self.recipe.listed, len(self.items))
        liked = keras.Input((size,), name="liked")
        scores = OthersFirst(name="others_first")(self.scoring(liked), liked)
        places, best = Best(count, name="best")(scores)
        network = keras.Model(liked, [places, best, scores], name="recommend")

        def examples(drawn: int, seed: int) -> dict[str, np.ndarray]:
            if source is None:
                return strange(drawn, seed)
            users = source.watched.given
            chosen = np.random.default_rng(seed).integers(users.shape[0], size=drawn)
            return {"liked": np.asarray(users[chosen].toarray(), np.float32)}

        def strange(drawn: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            shares = random.uniform(size=(drawn, 1)) ** 3
            return {"liked": (random.uniform(size=(drawn, size)) < shares).astype(np.float32)}

        outputs = {
            "items": TensorSpec((count,), f"numbers of the best items below {size}, the best first", "int32"),
            "best": TensorSpec((count,), "their scores: logits, whose softmax over all items are probabilities"),
            "scores": TensorSpec((size,), "of all items; those of liked ones are below all others"),
        }
        inputs = {"liked": TensorSpec((size,), "1 for each item that is liked, 0 for others")}
        return {"recommend": Signature(network, inputs, outputs, examples, strange=strange, places={"items": "scores"})}

    def page(self, source: Any = None) -> tuple[Panel, ...]:
        """A panel with items to tick and the resulting list."""
        facts = {"titles": list(self.items.titles), "popular": self.items.popular[:_ON_PAGE]}
        return (Panel("recommend", "recommend", facts),)


_ON_PAGE = 60  # items shown without a search
