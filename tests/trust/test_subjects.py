"""Predictors of runs, latent traversals, and membership inference."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.recipes.autoencoders import AdversarialSettings
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.trust.attacks import Loss, pgd
from aigc_tf.trust.judged import Judged
from aigc_tf.trust.latents import movements, walk
from aigc_tf.trust.membership import NEAREST, membership
from aigc_tf.trust.subjects import judgement_of, prepared
from tests.families.test_state import made

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (5, 16, 16, 1), np.uint8)


def tiny(slug: str, **changes: Any) -> Any:
    import dataclasses

    return made(dataclasses.replace(recipe_classes()[slug].tiny(), **changes))


@pytest.mark.parametrize("slug", ["autoencoder", "vae", "ganomaly"])
def test_autoencoders_judge_by_their_score(slug: str):
    model = tiny(slug)
    judgement = judgement_of(model)
    judged = Judged(judgement)
    np.testing.assert_allclose(judged.outputs(prepared(judgement, IMAGES))[:, 0], model.score(IMAGES), rtol=1e-4)
    np.testing.assert_array_equal(judgement.reference(IMAGES), model.reconstruct(IMAGES))


def test_a_gan_judges_by_its_discriminator_and_not_with_a_class():
    model = tiny("dcgan")
    judgement = judgement_of(model)
    answers = model.discriminator(IMAGES / 127.5 - 1, training=False)
    np.testing.assert_allclose(Judged(judgement).outputs(prepared(judgement, IMAGES)), answers, atol=1e-5)
    with pytest.raises(InputError, match="together with a condition"):
        judgement_of(tiny("cgan"))


def test_an_autoregressive_model_judges_by_its_forecast():
    model = tiny("ar")
    model.linear.coefficients.assign(RANDOM.standard_normal(model.linear.coefficients.shape))
    judgement = judgement_of(model)
    histories = [RANDOM.standard_normal((9, 2)), RANDOM.standard_normal((12, 2))]
    found = Judged(judgement).outputs(prepared(judgement, histories))[:, 0]
    assert found == pytest.approx([model.forecast(history, 1)[0][0, 0] for history in histories], rel=1e-4)
    with pytest.raises(InputError, match="3 time steps"):
        prepared(judgement, [histories[0][:3]])


def test_what_no_picture_is_is_not_attacked():
    with pytest.raises(InputError, match="it judges"):
        judgement_of(tiny("music_gan"))
    with pytest.raises(InputError, match="a gpt has no score with gradients"):
        judgement_of(SimpleNamespace(recipe=SimpleNamespace(slug=lambda: "gpt")))


class Bars:
    """Decodes two latent dimensions: the first is the brightness of a row, the second has no effect."""

    latent_dim, gives, condition = 2, Pictures(ImageSettings(height=4, width=4)), None

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(2), np.full(2, 0.1)

    def latents(self, count: int, seed: int) -> np.ndarray:
        return np.zeros((count, 2), np.float32)

    def decode(self, latents: np.ndarray, condition: None = None) -> np.ndarray:
        images = np.full((len(latents), 4, 4, 1), 0.5)
        images[:, 0] += latents[:, :1, None]
        return images


def test_movements_are_mean_changes_for_a_standard_deviation():
    first, second = movements(Bars())  # type: ignore[arg-type]
    assert first.mean == pytest.approx(0.1 / 4) and second.mean == 0
    np.testing.assert_allclose(first.places[:, 0, 0], [0.1, 0, 0, 0], atol=1e-7)


def test_a_walk_changes_one_dimension_by_three_deviations_to_either_side():
    way = walk(Bars(), 0)  # type: ignore[arg-type]
    np.testing.assert_allclose(way[[0, 4, 8], 0, 0, 0], [0.2, 0.5, 0.8], atol=1e-6)
    assert (way[:, 1:] == 0.5).all() and (walk(Bars(), 1) == 0.5).all()  # type: ignore[arg-type]


class Copier(Draws):
    """Returns given pictures."""

    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures, self.recipe = pictures, SimpleNamespace(slug=lambda: "copier")

    @property
    def gives(self) -> Pictures:
        return Pictures(ImageSettings(height=16, width=16))

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        return self.pictures[np.arange(count) % len(self.pictures)]


def test_members_of_a_copied_set_are_found_and_others_are_not():
    parts = {part: RANDOM.integers(0, 256, (60, 16, 16, 1), np.uint8) for part in ("train", "test")}
    source = SimpleNamespace(name="pictures", inputs=lambda part, count: parts[part][:count])
    assert membership(Copier(parts["train"]), source, 60, 60).auc == {NEAREST: 1.0}
    fresh = RANDOM.integers(0, 256, (60, 16, 16, 1), np.uint8)
    found = membership(Copier(fresh), source, 60, 60)
    assert found.auc[NEAREST] == pytest.approx(0.5, abs=3 * found.error) and found.samples == 60
    assert found.error == pytest.approx(np.sqrt(121 / (12 * 3600)))


def test_losses_and_discriminators_are_asked_about_members_too():
    source = SimpleNamespace(name="pictures", inputs=lambda part, count: IMAGES)
    assert set(membership(tiny("vae"), source, 5, 5).auc) == {NEAREST, "loss"}
    assert set(membership(tiny("dcgan"), source, 5, 5).auc.items()) >= {
        ("discriminator", 0.5)
    }  # the same for members and non-members
    assert set(membership(tiny("cgan"), source, 5, 5).auc) == {NEAREST}


def test_adversarial_training_lowers_what_an_attacker_reaches():
    """On one batch, after some steps: the score under attack is lower than after as many plain steps."""
    images = {"image": RANDOM.uniform(-1, 1, (16, 16, 16, 1)).astype("f")}
    reached = {}
    for epsilon in (0.0, 0.1):
        model = tiny("ganomaly", adversarial=AdversarialSettings(epsilon=epsilon), average_images=None)
        for _ in range(30):
            logs = model.train_step(images)
        assert np.isfinite(logs["loss"])
        loss, given = Loss(model.judgement().network, False), 0.5 * images["image"] + 0.5
        moved = pgd(loss, given, np.ones(16, "f"), 0.1, 5)
        reached[epsilon] = float(np.mean(loss.values(moved, np.ones(16, "f"))))
    assert reached[0.1] < 0.9 * reached[0.0]


def test_private_training_takes_no_adversary():
    with pytest.raises(InputError, match="one pass over each image"):
        DPVAE(adversarial=AdversarialSettings(epsilon=0.1))
