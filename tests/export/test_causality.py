"""Causal masks hold in every exported file, for any attention scores."""

from pathlib import Path

import keras
import numpy as np
import pytest

from aigc_tf.export import Runner
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.masks import MARGIN
from aigc_tf.export.optimise import optimise
from aigc_tf.export.verify import Arrays, run_keras
from aigc_tf.families.base import Signature
from tests.export.sequence_networks import VOCABULARY, small_transformer
from tests.families.text.test_language_model import sharpen

READ = 5  # number of leading tokens, which later ones must not affect


@pytest.fixture(scope="module")
def signatures() -> dict[str, Signature]:
    keras.utils.set_random_seed(0)
    networks = small_transformer()
    sharpen(networks.sequence)
    return networks.model.signatures()


@pytest.fixture(scope="module")
def saved_model(signatures: dict[str, Signature], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("causality") / "saved_model"
    networks = {name: optimise(signature.network, 1)[0] for name, signature in signatures.items()}
    write_saved_model(networks, signatures, 1, folder)
    return folder


@pytest.fixture(scope="module", params=["none", "float16", "dynamic", "int8"])
def runner(request: pytest.FixtureRequest, signatures: dict[str, Signature], saved_model: Path) -> Runner:
    path = saved_model.parent / f"{request.param}.tflite"
    networks = {name: signature.network for name, signature in signatures.items()}
    path.write_bytes(convert(saved_model, networks, signatures, 1, request.param))
    return Runner(path)


def prompts(signatures: dict[str, Signature]) -> tuple[Arrays, Arrays]:
    """Two prompts that agree in the leading tokens."""
    first = signatures["prefill"].examples(1, 0) | {"count": np.full(1, READ, np.int32)}
    tokens = first["tokens"].copy()
    tokens[:, READ:] = (tokens[:, READ:] + 3) % len(VOCABULARY)
    return first, first | {"tokens": tokens}


def test_later_tokens_of_a_prompt_change_nothing(signatures: dict[str, Signature], runner: Runner) -> None:
    first, second = (runner("prefill", **prompt) for prompt in prompts(signatures))
    np.testing.assert_array_equal(first["logits"], second["logits"])
    for name in first:
        if name.startswith(("new_keys", "new_values")):  # outputs of later blocks for these tokens, too
            np.testing.assert_array_equal(first[name][:, :, :READ], second[name][:, :, :READ])


def test_what_lies_in_places_to_come_changes_nothing(signatures: dict[str, Signature], runner: Runner) -> None:
    state = runner("prefill", **prompts(signatures)[0])
    inputs = {target: state[output] for output, target in signatures["step"].feedback.items()}
    inputs["token"] = np.full(1, 3, np.int32)
    other, random = dict(inputs), np.random.default_rng(0)
    for name in inputs:
        if name.startswith(("keys", "values")):
            other[name] = inputs[name].copy()
            other[name][:, :, READ:] = 1000 * random.standard_normal(inputs[name][:, :, READ:].shape)
    first, second = runner("step", **inputs), runner("step", **other)
    np.testing.assert_array_equal(first["logits"], second["logits"])


def test_a_network_that_looks_ahead_would_be_seen(signatures: dict[str, Signature], monkeypatch) -> None:
    """With the mask of version 0.1, later tokens change the Keras network's outputs for earlier ones."""
    from aigc_tf.nn import heads

    monkeypatch.setattr(heads, "MASKED", -60.0)
    first, second = (
        run_keras(signatures["prefill"].network, signatures["prefill"], prompt) for prompt in prompts(signatures)
    )
    assert np.abs(first["logits"] - second["logits"]).max() > 1e-3


def test_masked_scores_are_no_level_of_8_bit_softmax() -> None:
    assert round(np.exp(-MARGIN) * 256) == 0 and 1000 * np.exp(-MARGIN) < 0.01
