"""SeqGAN (Yu et al. 2017): adversarial training of a generator of lines, after maximum-likelihood pretraining."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.families.text.model import nats_of_targets
from aigc_tf.families.text.networks.language import LanguageNetworks
from aigc_tf.families.text.seqgan.networks import Discriminator, line_length
from aigc_tf.families.text.seqgan.sampling import Sampler
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import discriminator_loss, non_saturating_generator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.seqgan import SeqGAN as Recipe

Logs = dict[str, tf.Tensor]


class SeqGAN(LanguageModel):
    """A language model of lines that is first pretrained, then trained adversarially with a discriminator.

    Args:
        recipe: of the model.
        networks: of the generator.
        likelihood: a copy of the generator after maximum-likelihood pretraining.
        discriminator: of lines.
        vocabulary: of the text.
    """

    recipe: Recipe

    def __init__(
        self,
        recipe: Recipe,
        networks: LanguageNetworks,
        likelihood: LanguageNetworks,
        discriminator: Discriminator,
        vocabulary: Vocabulary,
    ) -> None:
        super().__init__(recipe, networks, vocabulary)
        self.likelihood, self.forms = likelihood, discriminator
        self.likelihood_sequence, self.discriminator = likelihood.sequence, discriminator.network
        self.likelihood_sequence.trainable = False
        self.keep_likelihood()
        self.game_adam = adam(recipe.game_optimizer, self.learning)
        self.discriminator_adam = adam(recipe.discriminator_optimizer, self.discriminator.trainable_variables)
        self.writing_seed = keras.random.SeedGenerator(recipe.seed, name="writing_seed")
        self.made = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="steps_made")
        self.sampler = Sampler(networks, vocabulary, line_length(recipe))

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers for pretraining, for the generator in adversarial training, and for the discriminator."""
        return {
            "optimizer": self.adam,
            "game_optimizer": self.game_adam,
            "discriminator_optimizer": self.discriminator_adam,
        }

    def keep_likelihood(self) -> None:
        """Copy the current generator to `likelihood`."""
        pairs = zip(self.likelihood_sequence.weights, self.sequence.weights, strict=True)
        for kept, weight in pairs:
            kept.assign(weight)

    def train_step(self, batch: Batch) -> Logs:
        """A step of pretraining, of the discriminator alone, or adversarial, depending on the steps so far.

        Args:
            batch: `tokens`, int32 `[batch, time + 1]`, -1 after their end.
        """
        if replicas.count() > 1:  # the choice is made in the graph, where replicas cannot synchronise
            raise InputError("a seqgan trains on one device: give --strategy one")
        tokens = batch["tokens"]
        missing = self.sampler.line - tf.shape(tokens)[1]
        lines = tf.pad(tokens, [[0, 0], [0, missing]], constant_values=PADDING)
        lines = tf.ensure_shape(lines, (tokens.shape[0], self.sampler.line))
        first, second = self.recipe.likelihood_steps, self.recipe.discriminator_first
        phase = tf.cast(self.made >= first, tf.int32) + tf.cast(self.made >= first + second, tf.int32)
        kinds = (self.learn_likelihood, self.learn_to_tell, self.play)
        logs: Logs = tf.switch_case(phase, [lambda kind=kind: kind(lines) for kind in kinds])
        self.made.assign_add(1)
        return logs

    def learn_likelihood(self, lines: tf.Tensor) -> Logs:
        """Update the generator by maximum likelihood on real lines."""
        with tf.GradientTape() as tape:
            nats, counted, _ = self.nats(lines, None, training=True)
            loss = ops.sum(nats) / ops.sum(counted)
        logs = self.learn(tape, loss)
        self.keep_likelihood()
        return self.logs(loss, 0.0, 0.5, logs["gradient_norm"])

    def learn_to_tell(self, lines: tf.Tensor) -> Logs:
        """Update the discriminator."""
        loss, share = self.tell(lines)
        nats, counted, _ = self.nats(lines, None, training=False)
        return self.logs(ops.sum(nats) / ops.sum(counted), loss, share, 0.0)

    def play(self, lines: tf.Tensor) -> Logs:
        """Update the generator on the discriminator's reward, then the discriminator."""
        seed = self.next_seed()
        first = self.sampler.begun(lines.shape[0])
        made = self.sampler.write(first, tf.ones(lines.shape[0], tf.int32), seed)
        rewards = self.rewards(made) if self.recipe.signal == "policy" else None
        with tf.GradientTape() as tape:
            loss = self.gumbel_loss(made, seed) if rewards is None else self.policy_loss(made, rewards)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, self.learning)]
        norm = self.game_adam.apply(gradients, self.learning)
        for _ in range(self.recipe.discriminator_updates):
            found = self.tell(lines)
        nats, counted, _ = self.nats(lines, None, training=False)
        return self.logs(ops.sum(nats) / ops.sum(counted), *found, norm)

    def logs(self, loss: Any, discriminator: Any, reward: Any, norm: Any) -> Logs:
        """The metrics of every step: NLL per symbol of real lines, discriminator loss, and score of generated lines."""
        names = ("loss", "discriminator_loss", "reward", "gradient_norm")
        values = (tf.cast(value, tf.float32) for value in (loss, discriminator, reward, norm))
        return dict(zip(names, values, strict=True))

    def next_seed(self) -> tf.Tensor:
        """The seed of the next generated lines, int32 `[2]`."""
        return tf.bitcast(tf.cast(self.writing_seed.next(), tf.uint32), tf.int32)

    def tell(self, lines: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Update the discriminator on real and as many generated lines; returns its loss and the latter's score."""
        count = lines.shape[0]
        made = self.sampler.write(self.sampler.begun(count), tf.ones(count, tf.int32), self.next_seed())
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            real, written = (self.discriminator(which, training=True) for which in (lines, made))
            loss = discriminator_loss(real, written)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        self.discriminator_adam.apply(gradients, weights)
        return loss, ops.mean(ops.sigmoid(written))

    def rewards(self, made: tf.Tensor) -> tf.Tensor:
        """Rewards Q of each symbol of lines but the first (Yu et al. 2017, eq. 4): float32 `[rows, line - 1]`.

        After every `rollout_every` symbols the line is completed `rollouts` times (Monte Carlo rollouts): Q is the mean
        probability of being real. Symbols in between have the Q of the next such position.
        """
        rows, line = made.shape
        every, times = self.recipe.rollout_every, self.recipe.rollouts
        places = list(range(every, line - 1, every))
        whole = ops.sigmoid(self.discriminator(made, training=False))
        begun = tf.repeat(made, len(places) * times, axis=0)
        kept = tf.tile(tf.repeat(tf.constant(places, tf.int32) + 1, times), [rows])
        ended = self.sampler.write(begun, kept, self.next_seed())
        judged = ops.sigmoid(self.discriminator(ended, training=False))
        means = tf.reduce_mean(tf.reshape(judged, (rows, len(places), times)), axis=-1)
        known = tf.concat([means, whole[:, None]], axis=1)
        return tf.gather(known, [math.ceil(place / every) - 1 for place in range(1, line)], axis=1)

    def policy_loss(self, made: tf.Tensor, rewards: tf.Tensor) -> tf.Tensor:
        """Policy gradient (REINFORCE) loss with a baseline, -Σ (Q - mean of Q) log p over symbols (eq. 7)."""
        nats, counted = nats_of_targets(self.written_logits(made), made[:, 1:])
        means = ops.sum(rewards * counted, axis=0) / ops.maximum(ops.sum(counted, axis=0), 1.0)
        return ops.sum(ops.stop_gradient(rewards - means) * nats) / ops.sum(counted)

    def gumbel_loss(self, made: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """-log of the probability of being real, with straight-through Gumbel-softmax gradients.

        The forward pass uses hard symbols, the backward pass the softmax (Jang et al. 2017, §2.2). Gradients flow to
        the logits of each symbol, but not through the generator's inputs.

        Args:
            made: lines, int32 `[rows, line]`.
            seed: that they were generated with, for the same noise.
        """
        rows, line = made.shape
        noise = tf.stack([self.sampler.noise(seed, place, rows) for place in range(1, line)], axis=1)
        soft = ops.softmax((self.written_logits(made) + noise) / self.recipe.gumbel_temperature)
        real = tf.cast(made != PADDING, tf.float32)[..., None]
        hard = tf.one_hot(made, len(self.vocabulary))
        straight = hard[:, 1:] + soft - tf.stop_gradient(soft)
        symbols = tf.concat([hard[:, :1], straight], axis=1) * real
        vectors = ops.matmul(symbols, self.forms.embedding.embeddings)
        return non_saturating_generator_loss(self.forms.judge(vectors, training=False))

    def written_logits(self, made: tf.Tensor) -> tf.Tensor:
        """Logits `[rows, line - 1, symbols]` from which the symbols of generated lines were sampled."""
        inputs = tf.maximum(made[:, :-1], 0)
        states = [tf.zeros((made.shape[0], *state.shape[1:])) for state in self.sequence.inputs[1:]]
        logits, *_ = self.sequence([inputs, *states], training=False)
        return logits + self.sampler.forbidden
