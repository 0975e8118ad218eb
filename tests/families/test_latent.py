"""Running networks on arrays, batch by batch."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import aigc_tf
from aigc_tf.families.latent import outputs_of
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.references import resolve


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aigc_tf.families.latent.GENERATION_BATCH", 4)


def test_batches_give_what_the_whole_gives(small_batches: None):
    one, other = keras.Input((3,)), keras.Input((2,))
    both = keras.layers.Concatenate()([one, other])
    network = keras.Model([one, other], {"sum": keras.ops.sum(both, axis=-1), "all": [both, 2.0 * both]})
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((10, size), dtype=np.float32) for size in (3, 2)]
    found = outputs_of(network, *arrays)
    whole = np.concatenate(arrays, axis=-1)
    np.testing.assert_allclose(found["sum"], whole.sum(axis=-1), rtol=1e-5)
    np.testing.assert_array_equal(found["all"][1], 2 * found["all"][0])
    np.testing.assert_array_equal(found["all"][0], whole)


@pytest.mark.parametrize("recipe", [DCGAN.tiny(), CGAN.tiny(), ConvVAE.tiny()], ids=lambda recipe: recipe.slug())
def test_no_call_makes_an_input_pipeline(recipe, monkeypatch: pytest.MonkeyPatch):
    """Each pipeline would leak memory."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a pipeline")

    source = resolve(recipe.data)(recipe)
    model = aigc_tf.create(recipe, **source.assets_for(recipe))
    monkeypatch.setattr("tensorflow.data.Dataset.range", refuse)
    monkeypatch.setattr("tensorflow.data.Dataset.from_tensor_slices", refuse)
    with pytest.raises(AssertionError, match="a pipeline"):
        keras.Sequential([keras.layers.Dense(1)]).predict(np.zeros((2, 2)), verbose=0)
    assert model.previews(source)["samples"].any()
