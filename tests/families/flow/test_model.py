"""The flow model: training, sampling, editing, and likelihoods of pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.export import Limits, Runner, export
from aigc_tf.families.flow.conditional import ClassFlow as ClassFlowModel
from aigc_tf.families.flow.unconditional import Flow as FlowModel
from aigc_tf.recipes.class_flow import ClassFlow
from aigc_tf.recipes.dp_flow import DPFlow
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.flows import TransformerSettings
from aigc_tf.recipes.text_flow import TextFlow
from tests.families.flow.squares import assert_draws_either, trained

CLASSES = ClassNames(("dark", "bright"))
RANDOM = np.random.default_rng(0)
PICTURES = RANDOM.random((3, 16, 16, 1)).astype(np.float32)


def shaken(model):
    """Move weights and averages away from their initial zeros."""
    random = np.random.default_rng(0)
    for weight in model.predictor.variables:
        weight.assign(weight + 0.1 * random.standard_normal(weight.shape))
    model.used.set_weights(model.predictor.get_weights())
    return model


@pytest.fixture(scope="module")
def flow() -> FlowModel:
    return shaken(aigc_tf.create(Flow.tiny()))


@pytest.fixture(scope="module")
def class_flow() -> ClassFlowModel:
    return shaken(aigc_tf.create(ClassFlow.tiny(), classes=CLASSES))


@pytest.mark.parametrize("network", ["unet", "transformer"])
def test_it_learns_two_blobs(network) -> None:
    """Bright squares left or right: after several hundred small steps samples are either, not the mean of both."""
    model, losses = trained(Flow, 400, network)
    assert np.mean(losses[-50:]) < 0.5 * np.mean(losses[:50])
    assert_draws_either(model.generate(64, seed=1, evaluations=20), 0.02)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Flow, {"network": "transformer", "transformer": TransformerSettings(patch=8)}, "28x28: .* transformer.patch"),
        (TextFlow, {"network": "transformer", "heads": 5, "word_size": 20}, "the last of transformer.width 192"),
        (DPFlow, {"network": "transformer"}, "network is 'transformer': gradient norms of single images"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(kind, fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**fields)
    with pytest.raises(ValueError, match=r"transformer\.width is 6: it must be a multiple of twice the heads"):
        TransformerSettings(width=6)


def test_options_say_how_it_is_solved(flow: FlowModel) -> None:
    usual = flow.generate(4, seed=1)
    np.testing.assert_array_equal(usual, flow.generate(4, seed=1, evaluations=10, sampler="adams_bashforth"))
    for changed in ({"evaluations": 5}, {"sampler": "euler"}, {"time_shift": 2.0}, {"truncation": 0.5}):
        assert np.abs(flow.generate(4, seed=1, **changed) - usual).max() > 1e-4
    with pytest.raises(InputError, match="evaluations is 0"):
        flow.generate(4, evaluations=0)
    batches = list(flow.generate_batches(4, seed=1, evaluations=5))
    np.testing.assert_array_equal(np.concatenate(batches), flow.generate(4, seed=1, evaluations=5))


def test_a_network_that_predicts_velocities_means_the_same_pictures(flow: FlowModel) -> None:
    """Image and velocity prediction are different models; both have zero loss for exact predictions."""
    other = aigc_tf.create(dataclasses.replace(Flow.tiny(), prediction="velocity"))
    noise, images, times = PICTURES - 0.5, 2 * PICTURES - 1, np.array([0.1, 0.5, 0.9], np.float32)
    exact = {
        "image": lambda inputs, training: images,
        "velocity": lambda inputs, training: images - noise,
    }
    for model in (flow, other):
        losses = model.losses(exact[model.recipe.prediction], noise, images, times, [], training=True)
        np.testing.assert_allclose(losses, 0, atol=1e-9)


def test_guidance_1_is_the_class_alone_and_0_any(class_flow: ClassFlowModel) -> None:
    noisy = PICTURES.copy()
    told = np.array([0, 1, 1])
    solving = class_flow.solving
    asked = class_flow.ask(noisy, 0.4, told)
    anything = class_flow.ask(noisy, 0.4, None)
    assert np.abs(asked - anything).max() > 1e-4
    guided = {weight: class_flow.guided(class_flow.ask, solving(guidance=weight)) for weight in (0.0, 1.0, 3.0)}
    np.testing.assert_array_equal(guided[1.0](noisy, 0.4, told), asked)
    np.testing.assert_allclose(guided[0.0](noisy, 0.4, told), anything, atol=1e-6)
    np.testing.assert_allclose(guided[3.0](noisy, 0.4, told), 3 * asked - 2 * anything, atol=1e-5)
    images = class_flow.generate(4, seed=1, condition="bright")
    np.testing.assert_array_equal(images, class_flow.generate(4, seed=1, condition=[1] * 4, guidance=1.5))
    assert np.abs(images - class_flow.generate(4, seed=1, condition="bright", guidance=2.0)).max() > 1e-4


def test_what_is_black_in_the_mask_is_kept(flow: FlowModel, tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.float32)
    mask[4:10, 4:10] = 1
    made = flow.transform(PICTURES, seed=1, strength=1.0, region=mask)
    np.testing.assert_allclose(made[:, mask == 0], PICTURES[:, mask == 0], atol=1e-5)
    assert np.abs(made - PICTURES)[:, mask == 1].mean() > 0.01
    path = tmp_path / "mask.png"
    Image.fromarray((255 * mask).astype(np.uint8)).save(path)
    np.testing.assert_array_equal(flow.transform(PICTURES, seed=1, strength=1.0, region=str(path)), made)
    with pytest.raises(InputError, match="the region has 4 numbers: the pictures are 16x16"):
        flow.transform(PICTURES, region=np.zeros((2, 2)))


def test_the_less_strength_the_nearer_to_the_picture(flow: FlowModel) -> None:
    changes = [np.abs(flow.transform(PICTURES, strength=strength) - PICTURES).mean() for strength in (0.02, 0.3, 1.0)]
    assert changes[0] < changes[1] < changes[2]
    np.testing.assert_allclose(flow.transform(PICTURES, strength=1.0), flow.decode(np.tile(flow.latents(1, 0), (3, 1))))


def test_noise_of_a_picture_leads_back_to_it() -> None:
    """With a network that maps each noise to one smooth picture: x = z / 2."""
    model = aigc_tf.create(Flow.tiny())
    model.ask = lambda noisy, time, told: 0.5 * noisy / (1.0 - 0.5 * time)
    pictures = 0.25 + 0.5 * PICTURES
    noise = model.encode(pictures)
    np.testing.assert_allclose(noise.reshape(pictures.shape), 2 * (2 * pictures - 1), atol=0.06)
    np.testing.assert_allclose(model.decode(noise), pictures, atol=0.02)


def test_scores_are_bits_of_the_log_density(flow: FlowModel) -> None:
    nats = flow.log_densities(PICTURES, 0)
    np.testing.assert_allclose(flow.score(PICTURES), -nats / (256 * np.log(2)) + np.log2(127.5), rtol=1e-5)


@pytest.mark.parametrize("prediction", ["image", "velocity"])
def test_the_divergence_along_a_vector_is_what_the_prediction_changes_by(prediction: str) -> None:
    model = shaken(aigc_tf.create(dataclasses.replace(Flow.tiny(), prediction=prediction)))
    probe = np.random.default_rng(1).choice([-1.0, 1.0], (1, 16, 16, 1)).astype(np.float32)
    time, step = np.float32(0.3), np.float32(1e-2)
    predicted, divergence = model._with_divergence(PICTURES, time, probe)
    ahead, behind = (model._with_divergence(PICTURES + sign * step * probe, time, probe)[0] for sign in (1, -1))
    expected = ((ahead - behind) * probe).numpy().sum(axis=(1, 2, 3)) / (2 * step)
    np.testing.assert_allclose(divergence, expected, rtol=1e-2, atol=0.05)
    answer = model.ask(PICTURES, 0.3, None)
    image = answer if prediction == "image" else PICTURES + 0.7 * answer
    np.testing.assert_allclose(predicted, image, atol=1e-5)


def test_a_file_holds_the_sampler_that_is_asked_for(class_flow: ClassFlowModel, tmp_path: Path) -> None:
    options = {"evaluations": 3, "sampler": "heun", "guidance": 2.0}
    chosen = class_flow.exported_with(**options)
    metadata = chosen.export_metadata()
    assert metadata["sampling"] | options == metadata["sampling"] and metadata["classes"] == CLASSES.names
    made = export(chosen, tmp_path, limits=Limits(examples=8), measure=False, metadata=metadata)
    runner = Runner(made.path)
    examples = chosen.signatures()["generate"].examples(2, 5)
    images = runner.map("generate", examples)["image"]
    np.testing.assert_allclose(images, class_flow.decode(examples["latent"], examples["label"], **options), atol=1e-4)
    bound = made.report["signatures"]["generate"]["difference"]["tflite"]["bound"]
    assert bound == pytest.approx(3e-5)
    # A single evaluation is exported, too, for programs with their own solver.
    noisy, label = examples["latent"].reshape(-1, 16, 16, 1), np.array([1, 2], np.int32)  # 2 means any class
    asked = {"noisy": noisy, "time": np.full(2, 0.3, np.float32), "label": label}
    predicted = runner.map("predict", asked)["predicted"]
    np.testing.assert_allclose(predicted[:1], class_flow.ask(noisy[:1], 0.3, label[:1]), atol=1e-4)
    np.testing.assert_allclose(predicted[1:], class_flow.ask(noisy[1:], 0.3, None), atol=1e-4)
