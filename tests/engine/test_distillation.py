"""Distillation: a student with a quarter of the weights approaches its teacher, and is a normal run."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.cli.distil import main
from aigc_tf.engine.distillation import distil, exported_variables, exported_weights, prune, prune_channels, smaller
from aigc_tf.engine.pruning import Pruning
from aigc_tf.errors import InputError
from aigc_tf.export.channels import kept_channels
from aigc_tf.families.text import distillation as text_distillation
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.vae import VAE
from aigc_tf.references import resolve


def squares(recipe) -> int:
    """A model whose number of weights is the square of its width."""
    return sum(width**2 for width in recipe.generator_filters)


def test_widths_are_as_large_as_they_may_be() -> None:
    teacher = DCGAN(generator_filters=(256, 128, 64))
    found = smaller(teacher, 0.25, squares)
    assert found.generator_filters == (128, 64, 32)
    assert found.discriminator_filters == teacher.discriminator_filters


def test_heads_divide_the_width_of_a_student() -> None:
    student = smaller(GPT(width=128, heads=4), 0.3, lambda recipe: recipe.width**2)
    assert student.width == 64  # largest multiple of 8 whose square is at most 0.3 of the teacher's
    with pytest.raises(InputError, match="smallest gpt"):
        smaller(GPT(width=16, heads=2), 0.001, lambda recipe: recipe.width**2)


def test_what_teaches_nobody_says_who_does() -> None:
    with pytest.raises(InputError, match=r"a vae cannot teach a smaller model: choose a run of .*gpt"):
        smaller(VAE.tiny(), 0.5, squares)


def test_a_small_generator_makes_the_pictures_of_the_large_one(tmp_path: Path) -> None:
    recipe = dataclasses.replace(DCGAN.tiny(), steps=2, generator_optimizer=AdamSettings(learning_rate=1e-2))
    teacher = aigc_tf.train(recipe, tmp_path / "teacher")
    for weight in teacher.model.sampler.weights:  # barely trained, its samples have almost no contrast
        if weight.name == "kernel":
            weight.assign(3 * weight)
    student = distil(teacher, 0.5, tmp_path / "student", steps=100)
    assert exported_weights(student.model) <= 0.5 * exported_weights(teacher.model)
    fresh = aigc_tf.create(student.recipe)
    wanted = teacher.generate(50, seed=3)
    error, before = (np.abs(model.generate(50, seed=3) - wanted).mean() for model in (student.model, fresh))
    assert error < 0.7 * before
    opened = aigc_tf.Run.open(tmp_path / "student")
    np.testing.assert_array_equal(opened.generate(3), student.generate(3))
    for mine, theirs in zip(student.model.discriminator.weights, teacher.model.discriminator.weights, strict=True):
        if "seed" not in mine.path:
            np.testing.assert_array_equal(mine, theirs)


def test_half_the_loss_of_a_language_model_is_the_teachers() -> None:
    """With the teacher as its own student, both parts of the loss are known."""
    source = resolve(GPT.data)(GPT.tiny())
    model = aigc_tf.create(GPT.tiny(), **source.assets_for(GPT.tiny()))
    batch = next(iter(source.batches(4, 0)))
    logits = model.sequence(batch["tokens"][:, :-1], training=False)
    soft = tf.nn.softmax(logits / 2)
    entropy = float(tf.reduce_mean(-tf.reduce_sum(soft * tf.math.log(soft), axis=-1)))
    nats = float(model.test_step(batch)["loss"])
    found = text_distillation.taught(model, model)(batch)
    assert float(found["text_loss"]) == pytest.approx(nats, rel=1e-4)
    assert float(found["loss"]) == pytest.approx(0.5 * (nats + 4 * entropy), rel=1e-4)


def test_a_restoring_student_learns_from_both() -> None:
    from aigc_tf.families.restoration.distillation import taught

    recipe = dataclasses.replace(Denoise.tiny(), optimizer=AdamSettings(learning_rate=1e-2))
    teacher, student = aigc_tf.create(recipe), aigc_tf.create(dataclasses.replace(recipe, filters=2))
    batch = {"image": tf.constant(np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 1)).astype(np.float32))}
    step = tf.function(taught(student, teacher))
    losses = [float(step(batch)["loss"]) for _ in range(30)]
    assert losses[-1] < losses[0]


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> aigc_tf.Run:
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(pictures), steps=4)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("gan") / "run")


def test_of_a_gan_what_is_exported_is_pruned_and_its_average_with_it(gan: aigc_tf.Run, tmp_path: Path) -> None:
    """Kernels of generator and discriminator have the same path and shape here: the average follows the right one."""
    pruned = prune(gan, 0.75, tmp_path / "run", steps=4).model
    for layer in ("dense", "convolution_1", "convolution_2"):
        zeros = [np.asarray(each.get_layer(layer).kernel) == 0 for each in (pruned.generator, pruned.sampler)]
        np.testing.assert_array_equal(*zeros)
        assert np.mean(zeros[0]) == pytest.approx(0.75, abs=0.01)
    assert all(np.asarray(weight).all() for weight in pruned.discriminator.weights if weight.name == "kernel")


@pytest.mark.parametrize("kind", [GPT, CharRNN, VAE, Denoise])
def test_all_kernels_of_a_model_that_is_exported_whole_are_pruned(kind: type) -> None:
    source = resolve(kind.data)(kind.tiny()) if kind.assets else None
    model = aigc_tf.create(kind.tiny(), **(source.assets_for(kind.tiny()) if source else {}))
    everywhere, within = Pruning(0.5, last_step=2), Pruning(0.5, last_step=2, within=exported_variables)
    for each in (everywhere, within):
        each.set_model(model)
        each.on_train_begin()
    assert [id(kernel) for kernel in within.kernels] == [id(kernel) for kernel in everywhere.kernels] != []


def test_a_run_goes_on_with_its_strongest_channels_and_a_smaller_file(
    gan: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pruned = prune_channels(gan, 0.5, tmp_path / "run", steps=2)
    said = capsys.readouterr().err
    assert (
        "of wider layers the strongest channels are kept: generator, sampler" in said
        and "newly initialised" not in said
    )
    assert exported_weights(pruned.model) <= 0.5 * exported_weights(gan.model)
    kept = kept_channels(gan.model.generator, pruned.new_model().generator)[0]
    kernel = np.asarray(gan.model.sampler.get_layer("dense").kernel)[:, kept.makes]
    np.testing.assert_array_equal(pruned.new_model().sampler.get_layer("dense").kernel, kernel)
    sizes = [
        run.export(out=tmp_path / name, measure=False, compare_with_keras=False).path.stat().st_size
        for name, run in (("wide", gan), ("narrow", pruned))
    ]
    assert sizes[1] < 0.7 * sizes[0]
    assert prune_channels(gan, 0.5, tmp_path / "run", steps=3).step == 3  # it is resumed


def test_layers_that_cannot_lose_channels_are_refused(tmp_path: Path) -> None:
    run = aigc_tf.train(dataclasses.replace(GPT.tiny(), steps=1), tmp_path / "gpt")
    with pytest.raises(InputError, match="layers of a gpt cannot lose channels: leave --channels out"):
        prune_channels(run, 0.5, tmp_path / "run", steps=1)
    assert not (tmp_path / "run").exists()


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        ([], "one of --share and --prune"),
        (["--share", "2"], "a number between 0 and 1"),
        (["--share", "0.5", "--channels"], "give --prune too"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([str(tmp_path), *words])
        assert ended.value.code == 2 and message in capsys.readouterr().err
