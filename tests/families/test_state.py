"""Variable names: derived from layer paths, equal in every process, and used to transfer weights."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import Evidence
from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.pairs.vocabularies import learn_vocabularies
from aigc_tf.data.photos.styled import StylePicture, strokes
from aigc_tf.data.series.source import Scaling
from aigc_tf.data.text.vocabulary import learn_vocabulary
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel, copy_state
from aigc_tf.families.state import adopt, random_states
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.gans import InstanceNoiseSettings, R1Settings
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints

IMAGES = {"image": np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype(np.float32)}


def made(recipe: Recipe) -> GenerativeModel:
    """A recipe's model, with synthetic assets, or those of its default data."""
    known: dict[str, Any] = {
        "classes": ClassNames(("a", "b", "c")),
        "scaling": Scaling(("x", "y"), np.zeros(2), np.ones(2)),
        "style": StylePicture(strokes(32, 1)),
        "guarantee": Guarantee(1000, 32, 1, 1.0, 1.0, 1e-5, ((10, 1.0),)),
    }
    if "vocabulary" in recipe.assets and hasattr(recipe, "text"):
        known["vocabulary"] = learn_vocabulary(["some text\n"], recipe.text, with_ends=recipe.text.lines)
    if "evidence" in recipe.assets:
        known["evidence"] = Evidence(np.zeros((len(known["vocabulary"]), 3), "f"), np.zeros((recipe.evidence, 3), "f"))
    if "vocabularies" in recipe.assets:
        known["vocabularies"] = learn_vocabularies([Pair("some text", "text")], recipe.pairs)
    if not known.keys() >= recipe.assets.keys():
        known |= resolve(recipe.data)(recipe).assets_for(recipe)
    return aigc_tf.create(recipe, **{name: known[name] for name in recipe.assets})


def dcgan(**changes: Any) -> DCGAN:
    return dataclasses.replace(DCGAN.tiny(), **{"r1": R1Settings()} | changes)


def values(model: GenerativeModel) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in model.state().items()}


def test_names_follow_the_paths_of_the_layers():
    names = set(aigc_tf.create(dcgan()).state())
    assert names >= {
        "model/generator/dense/kernel",
        "model/generator/normalisation_0/moving_mean",
        "model/discriminator/logits/bias",
        "model/discriminator/dropout_1/seed_generator_state",
        "model/sampler/dense/kernel",
        "model/latent_seed/state",
        "generator_optimizer/iteration",
        "generator_optimizer/momentums/generator/dense/kernel",
        "discriminator_optimizer/velocities/discriminator/logits/bias",
    }


def test_slots_of_optimizers_have_the_names_and_shapes_of_their_weights():
    model = aigc_tf.create(dcgan())
    state = model.state()
    for role, network in (("generator_optimizer", "generator"), ("discriminator_optimizer", "discriminator")):
        weights = {name.removeprefix("model/"): weight for name, weight in state.items() if f"model/{network}/" in name}
        trained = {name for name, weight in weights.items() if weight.trainable}
        for kind in ("momentums", "velocities"):
            prefix = f"{role}/{kind}/"
            slots = {name.removeprefix(prefix): slot for name, slot in state.items() if name.startswith(prefix)}
            assert set(slots) == trained
            assert all(slot.shape == weights[name].shape for name, slot in slots.items())


@pytest.mark.parametrize("slug", recipe_classes())
def test_every_variable_is_named_once(slug: str):
    model = made(recipe_classes()[slug].tiny())
    named = [id(variable) for variable in model.state().values()]
    owned = {id(v) for v in itertools.chain(model.variables, *(o.variables for o in model.optimizers.values()))}
    assert len(named) == len(set(named)) and set(named) == owned


SEVERAL = ("dcgan", "gpt", "char_rnn", "vrae", "dp_vae", "conv_vae")

PRINTED = """
import sys
from aigc_tf.recipes.registry import recipe_classes
from tests.families.test_state import made
for slug in sys.argv[1:]:
    names = list(made(recipe_classes()[slug].tiny()).state())
    print(slug, *names, sep="\\t")
"""


def test_names_are_the_same_after_other_models_were_made():
    """In another process that creates the same models in another order."""
    command = [sys.executable, "-c", PRINTED, *reversed(SEVERAL)]
    root = Path(__file__).parents[2]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout.splitlines()
    elsewhere = {slug: names for slug, *names in (line.split("\t") for line in printed)}
    for slug in SEVERAL:
        made(recipe_classes()[slug].tiny())
        assert list(made(recipe_classes()[slug].tiny()).state()) == elsewhere[slug], slug


def test_streams_of_random_numbers_are_told_from_weights():
    model = aigc_tf.create(dcgan(instance_noise=InstanceNoiseSettings(deviation=0.1)))
    assert set(random_states(model)) == {
        "model/latent_seed/state",
        "model/noise_seed/state",
        "model/discriminator/dropout_1/seed_generator_state",
        "model/discriminator/dropout_2/seed_generator_state",
    }


def test_a_weight_is_no_stream_whatever_it_is_called():
    class Memory(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.one = self.add_weight(shape=(2,), name="state", initializer="zeros")
            self.other = self.add_weight(shape=(2,), name="seed_generator_state", initializer="zeros")

    class Named(GenerativeModel):
        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(0)
            self.memory = Memory()
            self.built = True

        @property
        def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
            return {}

        def signatures(self, source: Any = None) -> dict[str, Any]:
            return {}

        def previews(self, source: Any) -> dict[str, Any]:
            return {}

    model = Named()
    assert set(model.state()) == {"model/seed/state", "model/memory/state", "model/memory/seed_generator_state"}
    assert set(random_states(model)) == {"model/seed/state"}


def test_models_that_differ_in_a_stream_do_not_load_into_each_other(tmp_path: Path):
    """Both have one more stream of the same shape than a plain DCGAN: only the name differs."""
    noisy, penalised = dcgan(instance_noise=InstanceNoiseSettings(deviation=0.1)), dcgan(gradient_penalty=1.0)
    one, other = aigc_tf.create(noisy), aigc_tf.create(penalised)
    assert [v.shape for v in one.variables] == [v.shape for v in other.variables]
    path = checkpoints.save(tmp_path, one.state(), 3, {})
    before = values(other)
    with pytest.raises(InputError, match=r"was saved by another model: 2 variables differ, model/noise_seed/state"):
        checkpoints.restore(path, other.state())
    for name, value in values(other).items():
        np.testing.assert_array_equal(value, before[name])
    assert checkpoints.restore(path, aigc_tf.create(noisy).state())["step"] == 3


def test_a_state_is_copied_by_name():
    one, other = aigc_tf.create(dcgan()), aigc_tf.create(dcgan(seed=1))
    one.train_step(IMAGES)
    copy_state(one, other)
    for name, value in values(one).items():
        np.testing.assert_array_equal(values(other)[name], value)


def test_what_fits_is_adopted_and_the_rest_stays():
    given, model = aigc_tf.create(Autoencoder.tiny()), aigc_tf.create(dataclasses.replace(ConvVAE.tiny(), seed=1))
    given.train_step(IMAGES)
    before, theirs = values(model), values(given)
    taken, left = adopt(model, given)
    assert {"model/encoder/convolution_0/kernel", "model/encoder/convolution_1/bias"} <= set(taken)
    assert {"model/encoder/mean/kernel", "model/encoder/log_variance/bias"} <= set(left)
    assert not {*taken, *left} & set(random_states(model))
    assert all(name.startswith("model/") for name in [*taken, *left])
    for name, value in values(model).items():
        np.testing.assert_array_equal(value, theirs[name] if name in taken else before[name], err_msg=name)


def test_weights_of_another_shape_are_left():
    given = aigc_tf.create(Autoencoder.tiny())
    model = aigc_tf.create(dataclasses.replace(Autoencoder.tiny(), latent_dim=7))
    taken, left = adopt(model, given)
    assert "model/encoder/latent/kernel" in left and "model/decoder/dense_0/kernel" in left
    assert "model/encoder/convolution_0/kernel" in taken


@pytest.mark.parametrize(
    ("recipe", "patterns", "frozen"),
    [
        (dcgan(average_images=None), ("generator/convolution_?",), "model/generator/convolution_"),
        (dcgan(average_images=None), ("discriminator/*",), "model/discriminator/"),
        (Autoencoder.tiny(), ("encoder/*",), "model/encoder/"),
    ],
)
def test_frozen_layers_stay_bit_by_bit_and_others_move(recipe: Recipe, patterns: tuple[str, ...], frozen: str):
    model = aigc_tf.create(dataclasses.replace(recipe, freeze=patterns))
    before = values(model)
    for _ in range(3):
        model.train_step(IMAGES)
    moved = {name for name, value in values(model).items() if not np.array_equal(value, before[name])}
    kept = {name for name in before if name.startswith(frozen)} - set(random_states(model))
    assert kept and not kept & moved
    role = frozen.split("/")[1]
    others = {name for name in before if name.startswith("model/") and name.endswith("/kernel")} - kept
    assert {name for name in others if name.split("/")[1] in (role, "generator", "decoder")} <= moved


def test_layers_of_networks_with_several_forms_are_frozen_too():
    model = made(dataclasses.replace(GPT.tiny(), freeze=("*/*embedding*",)))
    assert not any("embedding" in weight.path for weight in model.trainable_variables)
    assert model.trainable_variables


def test_a_pattern_that_matches_nothing_is_refused_in_one_line():
    with pytest.raises(
        InputError, match=r"freeze is 'encoder/\*': no layer has such a name, choose among gen"
    ) as error:
        aigc_tf.create(dcgan(freeze=("generator/*", "encoder/*")))
    assert "\n" not in str(error.value) and "more" in str(error.value)


@pytest.mark.parametrize(
    ("slug", "patterns"), [("ar", ("*/*",)), ("dp_vae", ("encoder/*", "decoder/*")), ("dcgan", ("*/*",))]
)
def test_a_model_of_which_nothing_is_left_to_train_is_refused(slug: str, patterns: tuple[str, ...]):
    recipe = dataclasses.replace(recipe_classes()[slug].tiny(), freeze=patterns)
    with pytest.raises(InputError, match="nothing is left to train, freeze fewer layers") as error:
        made(recipe)
    assert "\n" not in str(error.value)
