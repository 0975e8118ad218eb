"""The text classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import Evidence
from aigc_tf.data.labelled.source import padded_rows
from aigc_tf.data.source import Batch
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary, refuse_half_characters
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.classifies import Classifies
from aigc_tf.families.tasks import Explains
from aigc_tf.families.text.classification.attributions import attention, integrated_gradients
from aigc_tf.families.text.classification.networks import ClassifierNetworks
from aigc_tf.families.text.classification.pages import relevance_page
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.text import Text
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.classify import Classify

AT_ONCE = 50  # texts
PREVIEWED = 8


class TextClassifier(Classifies, Explains, GenerativeModel):
    """A text classifier, p(class | text).

    Args:
        recipe: its optimizer, schedule and seed.
        networks: of tokens.
        vocabulary: of the texts.
        classes: of the labels.
        evidence: fixed evidence of symbols and pairs, to which the networks add.
    """

    def __init__(
        self,
        recipe: Classify,
        networks: ClassifierNetworks,
        vocabulary: Vocabulary,
        classes: ClassNames,
        evidence: Evidence,
    ) -> None:
        del evidence
        super().__init__(name=recipe.slug())
        self.recipe, self.vocabulary, self.classes, self.networks = recipe, vocabulary, classes, networks
        self.sequence = networks.sequence
        self.noise_seed = keras.random.SeedGenerator(recipe.seed, name="noise_seed")
        self.adam = scheduled_adam(recipe, self.sequence.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Text:
        """Strings."""
        return Text()

    @property
    def gives(self) -> Text:
        """Strings: the most probable class and its probability for each text, or for each of its lines."""
        return Text()

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `tokens`, int32 `[batch, time]`, -1 after their end, `label` and `evidence`.

        The network learns the residual of the evidence, which is computed as if the text were unseen.
        """
        labels, weights = batch["label"], self.sequence.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.sequence(self.disturbed(batch["tokens"]), training=True)[0] + batch["evidence"]
            loss = ops.mean(next_symbol_nats(logits, labels))
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        right = ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels, "int64"))
        return {
            "loss": loss,
            "accuracy": ops.mean(ops.cast(right, "float32")),
            "gradient_norm": self.adam.apply(gradients, weights),
            "learning_rate": ops.convert_to_tensor(self.adam.learning_rate),
        }

    def disturbed(self, tokens: tf.Tensor) -> tf.Tensor:
        """Tokens with random ones replaced by the unknown symbol; padding is kept."""
        if not self.recipe.symbol_dropout:
            return tokens
        drawn = keras.random.uniform(ops.shape(tokens), seed=self.noise_seed) < self.recipe.symbol_dropout
        return ops.where(ops.logical_and(drawn, tokens != PADDING), UNKNOWN, tokens)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Cross-entropy of the labels, in nats per text. Changes nothing."""
        logits, evidence, _ = self.sequence(batch["tokens"], training=False)
        return {"loss": ops.mean(next_symbol_nats(logits + evidence, batch["label"]))}

    def tokens_of(self, text: str) -> np.ndarray:
        """The BOS token and the symbols of a text, truncated to the context, int32 `[symbols + 1]`.

        Symbols outside the vocabulary become the unknown symbol.
        """
        symbols = self.vocabulary.encode(" ".join(text.split()))[: self.recipe.text.context - 1]
        return np.concatenate([[self.vocabulary.start], symbols]).astype(np.int32)

    def probabilities(self, inputs: Sequence[str]) -> np.ndarray:
        """See `Classifies.probabilities`. Long texts are truncated."""
        for text in inputs:
            refuse_half_characters(text, "the text")
        return self.probabilities_of([self.tokens_of(text) for text in inputs])

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, whole: bool = False) -> list[str]:
        """The most probable class of each text and its probability.

        Args:
            inputs: texts.
            seed: unused, since nothing is sampled.
            condition: unused.
            whole: whether each text is one input; otherwise each line is one and gets one output line, empty for an
                empty line.
        """
        lines = [[text] if whole else text.split("\n") for text in inputs]
        answers = iter(super().transform([line for text in lines for line in text if line.strip()], seed, condition))
        return ["\n".join(next(answers) if line.strip() else "" for line in text) for text in lines]

    def probabilities_of(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """The same for rows of tokens, int32."""
        found = np.zeros((len(rows), len(self.classes.names)), np.float32)
        order = np.argsort([len(row) for row in rows], kind="stable")
        for at in range(0, len(rows), AT_ONCE):
            chosen = order[at : at + AT_ONCE]
            logits, evidence, _ = self.networks.compiled(tf.constant(padded_rows([rows[place] for place in chosen])))
            found[chosen] = tf.nn.softmax(logits + evidence).numpy()
        return found

    def explain(self, value: str, title: str) -> dict[str, Preview]:
        """`attention` and `gradients`, pages of the text with each symbol coloured by its attribution.

        `tools.evaluate` reports which of the two is more faithful (`aigc_tf.metrics.text.deletion`).
        """
        tokens = self.tokens_of(value)
        (probabilities,) = self.probabilities_of([tokens])
        answer, label = self.named(probabilities), int(probabilities.argmax())
        pieces = [self.vocabulary.decode([token]) for token in tokens[1:]]

        def page(name: str, values: np.ndarray) -> str:
            return relevance_page(title, answer, name, pieces, values[1:])

        return {
            "attention": page("attention", attention(self.networks, tokens)),
            "gradients": page("integrated gradients", integrated_gradients(self.networks, tokens, label)),
        }

    def previews(self, source: Any) -> dict[str, Any]:
        """Watched texts, their predicted classes, and their labels."""
        texts, titles = source.shown("validation", PREVIEWED)
        lines = [
            f"{answer} (is {title}): {text}"
            for answer, title, text in zip(self.transform(texts, whole=True), titles, texts, strict=True)
        ]
        return {"samples": "\n".join(lines)}

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to classify texts with the file."""
        vocabulary = self.vocabulary
        return {
            "vocabulary": list(vocabulary.symbols),
            "unit": vocabulary.unit,
            "start": vocabulary.start,
            "unknown": UNKNOWN,
            "classes": list(self.classes.names),
            "context_length": self.recipe.text.context,
        }

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`classify`: tokens -> probabilities and attention."""
        context, names = self.recipe.text.context, self.classes.names
        symbols = len(self.vocabulary)

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            if source is None:
                return strange(count, seed)
            rows = np.random.default_rng(seed).choice(len(source.watched), count)
            return {"tokens": padded_rows([source.watched.tokens[row] for row in rows], context)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            random = np.random.default_rng(seed)
            lengths = random.integers(1, context + 1, count)
            rows = [np.append(self.vocabulary.start, random.integers(symbols, size=length - 1)) for length in lengths]
            return {"tokens": padded_rows(rows, context)}

        inputs = {
            "tokens": TensorSpec(
                (context,), f"the start token, then token numbers below {symbols}, -1 after the end", "int32"
            )
        }
        outputs = {
            "probabilities": TensorSpec((len(names),), f"of the classes {', '.join(names)}, from 0 to 1"),
            "attention": TensorSpec((context,), "attention weight of each token, 0 after the end"),
        }
        return {"classify": Signature(self.networks.classify, inputs, outputs, examples, strange=strange)}
