"""Options of GAN training: losses, penalties, noise, replay, extra discriminator steps."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.gan.model import GAN
from aigc_tf.nn.replay import ReplayBuffer
from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import InstanceNoiseSettings, R1Settings, ReplaySettings

REAL, OTHER, THIRD = np.random.default_rng(0).uniform(-1, 1, (3, 8, 16, 16, 1)).astype(np.float32)


def recipe(**changes: Any) -> DCGAN:
    return dataclasses.replace(DCGAN.tiny(), **{"dropout": 0.0, "average_images": None, "r1": R1Settings()} | changes)


class Recorder:
    """Mock optimizer: records gradients, updates nothing."""

    def __init__(self) -> None:
        self.gradients: list[list[np.ndarray]] = []
        self.iterations = keras.Variable(0, dtype="int64")

    def apply(self, gradients: list[tf.Tensor], weights: list[keras.Variable]) -> None:
        self.gradients.append([g.numpy() for g in gradients])


def recorded(model: GAN, real: np.ndarray) -> tuple[list[list[np.ndarray]], list[list[np.ndarray]]]:
    """Gradients of a step for generator and discriminator, for each update."""
    model.generator_optimizer, model.discriminator_optimizer = Recorder(), Recorder()
    model.train_step({"image": real})
    return model.generator_optimizer.gradients, model.discriminator_optimizer.gradients


def squared_norms(model: GAN, images: tf.Tensor) -> tf.Tensor:
    """Squared norms of the discriminator's gradient at each image, image by image."""
    norms = []
    for image in tf.unstack(images):
        with tf.GradientTape() as tape:
            tape.watch(image)
            score = model.discriminator(image[None], training=True)
        norms.append(tf.reduce_sum(tape.gradient(score, image) ** 2))
    return tf.stack(norms)


def naive(model: GAN, settings: DCGAN) -> tf.Tensor:
    """The discriminator's loss as in the papers."""
    latent = keras.random.normal((8, settings.latent_dim), seed=model.latent_seed)
    fake = model.generator(latent, training=True)
    real_scores, fake_scores = model.discriminator(REAL, training=True), model.discriminator(fake, training=True)
    if settings.loss == "wasserstein":
        share = keras.random.uniform((8, 1, 1, 1), seed=model.penalty_seed)
        norms = tf.sqrt(squared_norms(model, share * REAL + (1 - share) * fake))
        penalty = settings.gradient_penalty * tf.reduce_mean((norms - 1) ** 2)
        return tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores) + penalty
    if settings.loss == "hinge":
        loss = tf.reduce_mean(tf.maximum(0.0, 1 - real_scores)) + tf.reduce_mean(tf.maximum(0.0, 1 + fake_scores))
        return loss + settings.r1.weight / 2 * tf.reduce_mean(squared_norms(model, tf.constant(REAL)))
    return tf.reduce_mean((real_scores - (1 - settings.label_smoothing)) ** 2 + fake_scores**2) / 2


@pytest.mark.parametrize(
    "settings",
    [
        recipe(loss="wasserstein", gradient_penalty=10.0),
        recipe(loss="hinge", r1=R1Settings(weight=5.0, every=1)),
        recipe(loss="least_squares", label_smoothing=0.1),
    ],
    ids=lambda settings: settings.loss,
)
def test_the_discriminator_follows_its_loss_and_penalties(settings: DCGAN):
    _, (found,) = recorded(aigc_tf.create(settings), REAL)
    model = aigc_tf.create(settings)
    with tf.GradientTape() as tape:
        cost = naive(model, settings)
    for a, b in zip(found, tape.gradient(cost, model.discriminator.trainable_variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5 * float(np.abs(b).max()))


def test_r1_comes_lazily_and_weighs_as_much_more():
    often, seldom = (aigc_tf.create(recipe(r1=R1Settings(weight=1.0, every=every))) for every in (1, 3))
    step = tf.function(seldom.train_step)
    penalties = [float(step({"image": REAL})["penalty"]) for _ in range(7)]
    assert [bool(penalty) for penalty in penalties] == [True, False, False, True, False, False, True]
    assert penalties[0] == pytest.approx(3 * float(often.train_step({"image": REAL})["penalty"]), rel=1e-5)


def test_scores_are_logged_where_there_are_no_probabilities():
    probabilities, scores = {"real_probability", "fake_probability"}, {"real_score", "fake_score"}
    accuracies = {"real_accuracy", "fake_accuracy"}
    for loss, wanted in (
        ("minimax", probabilities),
        ("hinge", scores | accuracies),
        ("least_squares", scores | accuracies),
        ("wasserstein", scores),
    ):
        model = aigc_tf.create(recipe(loss=loss, spectral_normalisation=True))
        for logs in (model.train_step({"image": REAL}), model.test_step({"image": REAL})):
            assert set(logs) & (probabilities | scores | accuracies) == wanted and "penalty" not in logs
    answers = aigc_tf.create(recipe(loss="least_squares")).answers(tf.constant([[0.6], [0.4]]), tf.constant([[0.4]]))
    assert (float(answers["real_accuracy"]), float(answers["fake_accuracy"])) == (0.5, 1.0)


def test_further_updates_of_the_discriminator_see_images_of_their_own():
    settings = recipe(discriminator_steps=2)

    def gradients(first: np.ndarray, second: np.ndarray) -> tuple[Any, Any]:
        return recorded(aigc_tf.create(settings), np.concatenate([first, second]))

    of_generator, of_discriminator = gradients(REAL, OTHER)
    assert len(of_generator) == 1 and len(of_discriminator) == 2
    _, other_second = gradients(REAL, THIRD)
    _, other_first = gradients(THIRD, OTHER)
    same = [
        [all(np.array_equal(a, b) for a, b in zip(one, two, strict=True)) for one, two in zip(*pair, strict=True)]
        for pair in ((of_discriminator, other_second), (of_discriminator, other_first))
    ]
    assert same == [[True, False], [False, True]]
    assert settings.examples_per_step == 16 and recipe().examples_per_step == 8


def test_a_step_updates_the_discriminator_more_often():
    model = aigc_tf.create(recipe(discriminator_steps=3, average_images=100))
    model.train_step({"image": np.concatenate([REAL, OTHER, THIRD])})
    assert int(model.generator_optimizer.iterations) == 1
    assert int(model.discriminator_optimizer.iterations) == 3


def test_instance_noise_is_normal_and_fades_linearly():
    model = aigc_tf.create(recipe(instance_noise=InstanceNoiseSettings(deviation=0.5, steps=10)))
    model.discriminator = lambda images, training: images
    images = np.zeros((50, 16, 16, 1), np.float32)
    first, second = (model.judge(images, []).numpy() for _ in range(2))
    assert first.std() == pytest.approx(0.5, rel=0.02) and abs(first.mean()) < 0.02
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    for steps, deviation in ((5, 0.25), (9, 0.05), (10, 0.0), (99, 0.0)):
        model.generator_optimizer.iterations.assign(steps)
        assert model.judge(images, []).numpy().std() == pytest.approx(deviation, rel=0.02)


def test_noise_has_a_stream_of_its_own():
    """From the same stream it would repeat the latents."""
    model = aigc_tf.create(recipe(instance_noise=InstanceNoiseSettings(deviation=1.0, steps=10)))
    model.discriminator = lambda images, training: images
    latents = keras.random.normal((8, 256), seed=model.latent_seed).numpy().ravel()
    noise = model.judge(np.zeros((8, 16, 16, 1), np.float32), []).numpy().ravel()
    assert abs(np.corrcoef(latents, noise)[0, 1]) < 0.1


def test_real_generated_and_replayed_images_are_augmented_each_with_draws_of_its_own():
    """The discriminator sees cutouts at different positions, in images without zeros."""
    settings = {"differentiable": DifferentiableAugmentation(cutout=0.5)}
    model = aigc_tf.create(recipe(replay=ReplaySettings(share=0.5, capacity=4), **settings))
    seen: list[np.ndarray] = []

    def discriminator(images: tf.Tensor, training: bool) -> tf.Tensor:
        seen.append(images.numpy()[..., 0])
        return tf.reduce_mean(images, axis=(1, 2))

    model.discriminator = discriminator
    shades = (0.25, 0.75, 0.75)  # of real, generated and replayed images
    for _ in range(2):
        model.contest(*(tf.fill((8, 16, 16, 1), shade) for shade in shades[:2]), [])
    assert [len(images) for images in seen] == 2 * [8, 8, 4]
    holes = np.concatenate([images == 0 for images in seen])
    assert (holes.sum(axis=(1, 2)) >= 4 * 4).all() and (holes.sum(axis=(1, 2)) <= 8 * 8).all()
    for images, shade in zip(seen, 2 * shades, strict=True):
        assert set(np.unique(images)) == {0, np.float32(shade)}
    batches = [np.packbits(images[:4] == 0).tobytes() for images in seen]
    assert len(set(batches)) == 6  # all cutouts differ
    assert (model.replay.parts[0].numpy() == 0.75).all()  # replayed images are stored unaugmented


def images_of(*values: float) -> tf.Tensor:
    """Images of one pixel."""
    return tf.constant(values, tf.float32, (len(values), 1, 1, 1))


def test_the_replay_remembers_the_latest_and_gives_any_of_them():
    buffer = ReplayBuffer(5, [keras.Input((1, 1, 1)), keras.Input((), dtype="int32")], seed=0)
    exchange = tf.function(lambda images, labels: buffer.exchange([images, labels]))
    drawn = []
    for start in range(1, 41, 2):
        images, labels = exchange(images_of(start, start + 1), tf.constant([start, start + 1]))
        images = images.numpy().ravel()
        np.testing.assert_array_equal(images, labels)  # images stay with their labels
        assert ((images >= max(1, start - 3)) & (images <= start + 1)).all()  # no older and no empty entries
        drawn += list(start + 1 - images)
    assert set(drawn) == {0, 1, 2, 3, 4}
    assert int(buffer.seen) == 40


def test_the_discriminator_judges_the_past_and_the_generator_the_present():
    model = aigc_tf.create(recipe(replay=ReplaySettings(share=0.25, capacity=100)))
    model.discriminator = lambda images, training: tf.reduce_mean(images, axis=(1, 2))
    old = tf.fill((8, 16, 16, 1), 7.0)
    for _ in range(40):
        model.with_replay(tf.zeros((8, 1)), old, [])
    now = tf.reshape(tf.range(8, dtype=tf.float32), (8, 1))
    judged = model.with_replay(now, tf.fill((8, 16, 16, 1), -1.0), []).numpy().ravel()
    assert len(judged) == 8 and (judged[2:] == np.arange(2, 8)).all()
    assert set(judged[:2]) <= {7.0, -1.0}
    assert any("replay" in name for name in model.state())


def test_with_replay_the_generator_still_learns_from_all_that_it_made():
    plain, replaying = (aigc_tf.create(recipe(replay=ReplaySettings(share=share))) for share in (0.0, 0.5))
    for a, b in zip(recorded(plain, REAL)[0][0], recorded(replaying, REAL)[0][0], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * float(np.abs(b).max()))


def largest_singular_values(model: GAN) -> list[float]:
    kernels = [v.numpy() for v in model.discriminator.trainable_variables if v.name == "kernel"]
    return [float(np.linalg.svd(k.reshape(-1, k.shape[-1]), compute_uv=False)[0]) for k in kernels]


def test_spectral_normalisation_keeps_every_kernel_at_one():
    model = aigc_tf.create(recipe(spectral_normalisation=True))
    vectors = [name for name in model.state() if "vector_u" in name]
    assert len(vectors) == len(largest_singular_values(model)) == 3
    before = model.state()[vectors[0]].numpy()
    for _ in range(60):
        model.discriminator(REAL, training=True)
    np.testing.assert_allclose(largest_singular_values(model), 1.0, atol=0.02)
    assert not np.array_equal(model.state()[vectors[0]].numpy(), before)
    assert max(largest_singular_values(aigc_tf.create(recipe()))) > 1.1


def test_what_is_off_adds_nothing_to_the_state():
    """Runs of older recipes can still be opened."""
    kinds = ("replay", "noise_seed", "penalty_seed", "augmentation_seed", "vector")

    def found(*recipes: DCGAN) -> set[str]:
        names = [name for recipe in recipes for name in aigc_tf.create(recipe).state()]
        return {kind for kind in kinds if any(kind in name for name in names)}

    assert found(recipe()) == set()
    assert found(
        recipe(instance_noise=InstanceNoiseSettings(deviation=0.1), replay=ReplaySettings(share=0.5)),
        recipe(spectral_normalisation=True, differentiable=DifferentiableAugmentation(translation=0.1)),
        recipe(loss="wasserstein", gradient_penalty=10.0),
    ) == set(kinds)


def test_everything_at_once_resumes_exactly():
    """Training continues exactly from a restored state."""
    settings = recipe(
        loss="hinge",
        dropout=0.3,
        discriminator_steps=2,
        gradient_penalty=1.0,
        r1=R1Settings(weight=1.0, every=3),
        spectral_normalisation=True,
        instance_noise=InstanceNoiseSettings(deviation=0.2, steps=5),
        differentiable=DifferentiableAugmentation(colour=True, translation=0.125, cutout=0.5),
        replay=ReplaySettings(share=0.5, capacity=10),
    )
    whole, resumed = aigc_tf.create(settings), aigc_tf.create(settings)
    real = np.concatenate([REAL, OTHER])
    for _ in range(2):
        whole.train_step({"image": real})
    for mine, saved in zip(resumed.state().values(), whole.state().values(), strict=True):
        mine.assign(saved.numpy())
    for _ in range(2):
        whole.train_step({"image": real})
        resumed.train_step({"image": real})
    for name, value in whole.state().items():
        np.testing.assert_array_equal(resumed.state()[name].numpy(), value.numpy(), err_msg=name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "hinge", "label_smoothing": 0.1}, r"label_smoothing is 0.1: the loss hinge has no labels"),
        ({"loss": "wasserstein"}, r"wasserstein: its scores would grow without bound"),
        ({"replay": ReplaySettings(share=0.01)}, r"replay.share is 0.01, which is 0 images"),
        ({"replay": ReplaySettings(share=1.0, capacity=4)}, r"at most replay.capacity \(4\)"),
    ],
)
def test_combinations_that_make_no_sense_are_refused(changes: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        recipe(**changes)
