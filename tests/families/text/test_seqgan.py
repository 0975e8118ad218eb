"""SeqGAN: generation of lines, rewards, and the training schedule."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.seqgan.model import SeqGAN
from aigc_tf.recipes.seqgan import SeqGAN as Recipe
from aigc_tf.recipes.settings import ScheduleSettings

SYMBOLS = Vocabulary("character", ("", "\ufffd", *"abcdefgh"))
WANTED = 5


def made(**changes: Any) -> SeqGAN:
    return aigc_tf.create(dataclasses.replace(Recipe.tiny(), **changes), vocabulary=SYMBOLS)


def written(model: SeqGAN, rows: int, seed: int = 0) -> np.ndarray:
    first = model.sampler.begun(rows)
    return model.sampler.write(first, tf.ones(rows, tf.int32), tf.constant([seed, 1])).numpy()


def test_lines_end_once_and_nothing_comes_after():
    lines = written(made(), 200)
    assert lines.shape == (200, 14) and (lines[:, 0] == 0).all() and not (lines == 1).any()
    for line in lines[:, 1:]:
        ends = np.flatnonzero(line == 0)
        assert len(ends) <= 1 and (line[ends[0] + 1 :] == -1).all() if len(ends) else (line > 1).all()
    assert (lines == -1).any() and len({tuple(line) for line in lines}) > 150
    np.testing.assert_array_equal(written(made(), 200), lines)
    assert not np.array_equal(written(made(), 200, seed=1), lines)


def test_symbols_are_drawn_with_the_models_probabilities():
    model = made()
    model.sequence.get_layer("logits").bias.assign(np.linspace(-1.5, 1.5, 10))
    second = written(model, 20_000)[:, 1]
    logits, *_ = model.sequence([np.zeros((1, 1), np.int32), *(np.zeros((1, 16), "f") for _ in range(2))])
    wanted = np.exp(logits[0, 0].numpy())
    wanted[1] = 0  # the unknown token is never generated
    np.testing.assert_allclose(np.bincount(second, minlength=10) / 20_000, wanted / wanted.sum(), atol=0.012)


def test_a_roll_out_keeps_the_beginning():
    model = made()
    given = tf.constant(np.tile(np.arange(2, 10).repeat(2)[:14], (6, 1)).astype(np.int32))
    kept = np.array([1, 2, 5, 9, 13, 14], np.int32)
    ended = model.sampler.write(given, tf.constant(kept), tf.constant([3, 4])).numpy()
    for row, count in zip(ended, kept, strict=True):
        np.testing.assert_array_equal(row[:count], given[0, :count])
    assert len({tuple(row) for row in ended}) > 1


class Counting:
    """A discriminator that rewards one token: the logit is its count in a line, less 3."""

    def __init__(self) -> None:
        self.trainable_variables: list[Any] = []

    def __call__(self, lines: tf.Tensor, training: bool) -> tf.Tensor:
        return tf.reduce_sum(tf.cast(lines == WANTED, tf.float32), axis=1) - 3.0


def test_rewards_are_those_of_the_beginnings():
    """For a line of only the rewarded token: rewards increase with the length of the kept prefix."""
    model = made(rollouts=64)
    model.__dict__["discriminator"] = Counting()
    lines = tf.constant(np.array([[0, *[WANTED] * 13]], np.int32))
    rewards = model.rewards(lines).numpy()[0]
    assert rewards.shape == (13,) and rewards[12] == pytest.approx(1 / (1 + np.exp(-10)), rel=1e-4)
    assert len(set(rewards.tolist())) == 4 and (np.diff(rewards) >= 0).all()
    assert (rewards[:4] == rewards[0]).all() and rewards[4] > rewards[3] and (rewards[8:12] == rewards[8]).all()


@pytest.mark.parametrize("signal", ["policy", "gumbel"])
def test_the_generator_learns_to_write_what_is_rewarded(signal: str):
    model = made(signal=signal, batch_size=32)
    table = np.zeros((10, 8), np.float32)
    table[WANTED] = 1.0
    model.forms.embedding.embeddings.assign(table)
    for weight in model.discriminator.trainable_variables[1:]:
        weight.assign(np.full(weight.shape, 0.02 if len(weight.shape) > 1 else 0.0))

    @tf.function
    def step() -> None:
        seed = model.next_seed()
        lines = model.sampler.write(model.sampler.begun(32), tf.ones(32, tf.int32), seed)
        rewards = model.rewards(lines) if signal == "policy" else None
        with tf.GradientTape() as tape:
            loss = model.gumbel_loss(lines, seed) if rewards is None else 1000 * model.policy_loss(lines, rewards)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, model.learning)]
        model.game_adam.apply(gradients, model.learning)

    model.game_adam.learning_rate.assign(1e-2)
    before = np.mean(written(model, 300)[:, 1:] == WANTED)
    for _ in range(60):
        step()
    assert np.mean(written(model, 300)[:, 1:] == WANTED) > 2 * before


def test_it_learns_in_three_phases_and_keeps_what_likelihood_made():
    model = made(schedule=ScheduleSettings(warmup_steps=0, final_share=1.0))
    lines = {"tokens": np.array([[0, 2, 3, 4, 0], [0, 5, 6, 0, -1]], np.int32).repeat(2, axis=0)}

    def weights() -> list[list[np.ndarray]]:
        networks = (model.sequence, model.likelihood_sequence, model.discriminator)
        return [[weight.numpy() for weight in network.weights] for network in networks]

    def changed(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
        return any(not np.array_equal(one, other) for one, other in zip(before, after, strict=True))

    step, seen = tf.function(model.train_step), [weights()]
    for _ in range(5):
        step(lines)
        seen.append(weights())
    moves = [[changed(*pair) for pair in zip(*states, strict=True)] for states in itertools.pairwise(seen)]
    assert moves == [[True, True, False]] * 2 + [[False, False, True]] + [[True, False, True]] * 2
    assert not changed(seen[2][0], seen[-1][1])
