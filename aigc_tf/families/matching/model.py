"""The contrastive image-text model, and retrieval with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.dropping import with_unknown
from aigc_tf.families.tasks import AT_ONCE, Encodes, Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import captioned
from aigc_tf.modalities.pictures import Pictures, as_brightness, strange_pictures
from aigc_tf.modalities.rankings import Queries, Ranking, Rankings, ranked
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import contrastive_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.match import Match

FIRST_SCALE, MAX_SCALE = 10.0, 100.0  # of the cosines, before the softmax
PREVIEWED, PREVIEWED_OF_EACH = 6, 5


class Matcher(GenerativeModel, Transforms, Encodes):
    """Embeddings of pictures and captions with the highest cosine for matching pairs.

    Trained by contrastive language-image pretraining (Radford et al. 2021, figure 3).

    Args:
        recipe: its optimizer, schedule and seed.
        pictures: brightness `[batch, height, width, channels]` in [0, 1] -> unit-length embeddings.
        words: captions int32 `[batch, length]` -> unit-length embeddings.
        captions: the vocabulary.
    """

    def __init__(self, recipe: Match, pictures: keras.Model, words: keras.Model, captions: Captions) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.pictures, self.words, self.captions = recipe, pictures, words, captions
        self.latent_dim = recipe.vector_size
        self.log_scale = self.add_weight(
            name="log_scale", initializer=keras.initializers.Constant(float(np.log(FIRST_SCALE)))
        )
        self.word_seed = keras.random.SeedGenerator(recipe.seed, name="word_seed")
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Queries:
        """Texts and pictures."""
        return Queries(self.recipe.images)

    @property
    def gives(self) -> Rankings:
        """Rankings of the best matches."""
        return Rankings(self.recipe.images)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `image` in [-1, 1] and `words`, int32 `[batch, length]`."""
        words, weights = batch["words"], self.trainable_variables
        told = with_unknown(words, self.recipe.drop_words, self.word_seed)
        with tf.GradientTape() as tape:
            vectors = [self.pictures(_brightness(batch["image"]), training=True), self.words(told, training=True)]
            pictures, texts = replicas.gathered(vectors)
            loss = contrastive_nats(pictures, texts, self.scale)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        norm = self.adam.apply(gradients, weights)
        return {"loss": loss, "gradient_norm": norm, "scale": self.scale}

    @property
    def scale(self) -> tf.Tensor:
        """The factor on cosines, the inverse temperature."""
        return ops.minimum(ops.exp(self.log_scale), MAX_SCALE)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on a held-out batch. Changes nothing."""
        pictures = self.pictures(_brightness(batch["image"]), training=False)
        return {"loss": contrastive_nats(pictures, self.words(batch["words"], training=False), self.scale)}

    # Use.

    @cached_property
    def _traced(self) -> dict[str, Any]:
        """Both towers, traced once for batches of all sizes."""
        return {
            tower.name: tf.function(
                lambda inputs, tower=tower: tower(inputs, training=False),
                input_signature=[tf.TensorSpec(tower.input.shape, tower.input.dtype)],
                autograph=False,
            )
            for tower in (self.pictures, self.words)
        }

    def of_pictures(self, pictures: np.ndarray) -> np.ndarray:
        """Embeddings float32 `[count, vector_size]` of pictures, uint8 or in [0, 1]."""
        starts = range(0, len(pictures), AT_ONCE)
        images = (as_brightness(np.asarray(pictures[start : start + AT_ONCE])) for start in starts)
        found = [self._traced["pictures"](some).numpy() for some in images]
        return np.concatenate([np.zeros((0, self.latent_dim), np.float32), *found])

    def of_words(self, texts: Sequence[str]) -> np.ndarray:
        """Embeddings float32 `[count, vector_size]` of captions."""
        found: np.ndarray = self._traced["words"](self.captions.numbers(texts)).numpy()
        return found

    def encode(self, inputs: Any) -> np.ndarray:
        """Unit-length embeddings of texts and pictures, float32 `[count, vector_size]`.

        Args:
            inputs: texts, and pictures `[height, width, channels]`, uint8 or in [0, 1].
        """
        rows = [self.of_words([row]) if isinstance(row, str) else self.of_pictures(row[None]) for row in inputs]
        return np.concatenate([np.zeros((0, self.latent_dim), np.float32), *rows])

    def refuse_unknown(self, inputs: Any) -> None:
        """Raise InputError for a text without any known word, naming the unknown ones."""
        for text in inputs:
            if isinstance(text, str):
                self.captions.refuse_unknown(text)

    def transform(
        self,
        inputs: Any,
        seed: int = 0,
        condition: Any = None,
        against: str | Path | None = None,
        among: Sequence[str] = (),
        found: int | None = None,
    ) -> list[Ranking]:
        """The best matches of each input by cosine similarity; nothing is sampled.

        Args:
            inputs: texts, and pictures.
            seed: unused.
            condition: unused.
            against: a folder of pictures to search.
            among: texts to choose from; without a folder or texts, the training captions.
            found: number of matches; by default that of the recipe's `transform_options`.

        Raises:
            InputError: the folder holds no pictures, or a text has no known word.
        """
        self.refuse_condition(condition)
        self.refuse_unknown(inputs)
        chosen = self.recipe.transform_options(
            against=None if against is None else str(against),
            among=tuple(among),
            **({} if found is None else {"found": found}),
        )
        names, vectors = self._searched(chosen.against, chosen.among)
        return [ranked(names, vectors @ vector, chosen.found) for vector in self.encode(inputs)]

    def _searched(self, against: str | None, among: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """The search index: names, and embeddings `[count, vector_size]`."""
        if against is None:
            texts = list(among or self.captions.known)
            return texts, self.of_words(texts)
        takes, names, parts = Pictures(self.recipe.images), [], []
        for files, values in takes.read_all(takes.find([Path(against)]), AT_ONCE):
            names += [str(file.path) for file in files]
            parts.append(self.of_pictures(values))
        return names, np.concatenate(parts)

    def previews(self, source: Any) -> dict[str, Preview]:
        """The best matching pictures for a few held-out captions; the first of each row is the right one."""
        pictures, texts = source.pairs("validation", AT_ONCE)
        chosen = np.linspace(0, len(texts) - 1, min(PREVIEWED, len(texts))).astype(int)
        fit = self.of_words([texts[row] for row in chosen]) @ self.of_pictures(pictures).T
        best = np.argsort(-fit, axis=1, kind="stable")[:, :PREVIEWED_OF_EACH]
        rows = np.concatenate([chosen[:, None], best], axis=1)
        return {"samples": captioned(pictures[rows.ravel()], [texts[row] for row in rows.ravel()], rows.shape[1])}

    # Export.

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`pictures` and `words`, the two towers."""

        def pictures(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            if source is None:
                return {"image": random.random((count, *self.recipe.images.shape), dtype=np.float32)}
            rows = random.integers(len(source.watched.images), size=count)
            return {"image": as_brightness(np.stack([source.watched.images[row] for row in rows]))}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": strange_pictures(pictures(count, seed)["image"], seed)}

        def captions(count: int, seed: int) -> dict[str, np.ndarray]:
            rows = np.random.default_rng(seed).integers(len(self.captions.known), size=count)
            return {"words": self.captions.numbers([self.captions.known[row] for row in rows])}

        vector = {"vector": TensorSpec((self.latent_dim,), "of length 1; products measure how well two match")}
        image = TensorSpec(self.recipe.images.shape, "height, width, channels; brightness in [0, 1]")
        words = TensorSpec((self.captions.length,), "token numbers of a caption, 0 after the end", "int32")
        return {
            "pictures": Signature(self.pictures, {"image": image}, vector, pictures, strange=strange),
            "words": Signature(self.words, {"words": words}, vector, captions),
        }

    def export_metadata(self) -> dict[str, Any]:
        """The vocabulary."""
        return self.captions.facts_for_files()


def _brightness(images: tf.Tensor) -> tf.Tensor:
    """[-1, 1] -> [0, 1]."""
    return 0.5 * images + 0.5
