"""The small feature network: shapes, training, file, and no effect on random states."""

import random
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.metrics.images import small_network, trained
from aigc_tf.metrics.images.small_network import training_steps
from tools import train_feature_classifier


@pytest.mark.parametrize(
    "shape", [(16, 16, 1), (28, 28, 1), (32, 32, 3), (17, 40, 3), (64, 20, 1), (100, 100, 3), (8, 8, 1)]
)
def test_any_shape(shape):
    network = small_network.build(shape, 3)
    outputs = network(np.zeros((2, *shape), np.float32), training=False)
    assert outputs["features"].shape == (2, 64)
    assert outputs["logits"].shape == (2, 3)
    # The last feature map before the dense layer is at most 2x2.
    assert max(network.get_layer("average").output.shape[1:3]) <= 2
    assert max(network.get_layer("average").input.shape[1:3]) <= 8


def test_large_images_are_averaged_first():
    assert [small_network.shrink_factor((side, 20, 3)) for side in (20, 64, 65, 128, 256)] == [1, 1, 2, 2, 4]


def test_size_for_fashion_mnist():
    assert small_network.build((28, 28, 1), 10).count_params() * 4 < 1_000_000


def test_features_depend_on_small_details_and_are_after_relu():
    network = small_network.build((28, 28, 1), 10)
    images = np.random.default_rng(0).uniform(-1, 1, (8, 28, 28, 1)).astype(np.float32)
    features = network(images, training=False)["features"].numpy()
    assert features.min() == 0 and 0.1 < (features > 0).mean() < 0.9
    images[:, 5, 5] += 0.1
    assert (network(images, training=False)["features"].numpy() != features).any(axis=1).all()


def test_mixed_precision_of_the_run_does_not_reach_it():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = small_network.build((16, 16, 1), 3)
    finally:
        keras.config.set_dtype_policy(before)
    assert {layer.compute_dtype for layer in network.layers[1:]} == {"float32"}


def test_to_unit_is_the_pipelines():
    from aigc_tf.data.images.opening import to_unit

    every_value = np.arange(256, dtype=np.uint8)
    np.testing.assert_allclose(small_network.to_unit(every_value), to_unit(every_value), atol=1e-7)


def test_steps_follow_the_size():
    assert [training_steps(n) for n in (50, 60_000, 10**6)] == [600, 2812, 3000]


def test_every_epoch_visits_everything():
    batches = small_network.shuffled_indices(10, 4, seed=3)
    order = np.concatenate([next(batches) for _ in range(10)])
    for epoch in order.reshape(4, 10):
        assert sorted(epoch) == list(range(10))
    assert len({tuple(epoch) for epoch in order.reshape(4, 10)}) == 4
    with pytest.raises(ValueError, match="no images"):
        next(small_network.shuffled_indices(0, 4, seed=3))


def test_rotations():
    image = np.zeros((1, 4, 4, 1), np.uint8)
    image[0, 0, 1] = 9
    turned, labels = small_network.rotated(image)
    assert labels.tolist() == [0, 1, 2, 3]
    # A rotation by 90° anticlockwise maps (row, column) to (3 - column, row).
    assert [tuple(np.argwhere(picture[..., 0])[0]) for picture in turned] == [(0, 1), (2, 0), (3, 2), (1, 3)]
    images, labels = next(small_network.rotation_batches(np.zeros((5, 4, 4, 1), np.uint8)))
    assert images.shape == (128, 4, 4, 1) and np.bincount(labels).tolist() == [32] * 4


def test_centre_square():
    images = np.arange(2 * 4 * 8).reshape(2, 4, 8, 1)
    np.testing.assert_array_equal(trained.centre_square(images), images[:, :, 2:6])
    np.testing.assert_array_equal(trained.centre_square(images.transpose(0, 2, 1, 3)).shape, (2, 4, 4, 1))


def test_learns(stripes, monkeypatch):
    monkeypatch.setattr(small_network, "training_steps", lambda images: 60)
    source = stripes()
    network, facts = trained.train_classifier(source, (16, 16, 1))
    assert facts["training_accuracy"] > 0.95
    assert small_network.accuracy(network, source.test.images, source.test.labels) > 0.95


def test_training_is_deterministic_and_follows_the_seed(stripes):
    def run(seed):
        return small_network.weights_sha256(trained.train_classifier(stripes(), (16, 16, 1), seed).network)

    first = run(1)
    random.seed(99)
    np.random.seed(99)
    tf.random.set_seed(99)
    assert run(1) == first
    assert run(2) != first


def test_training_moves_every_weight_and_the_statistics(stripes):
    before = small_network.build((16, 16, 1), 2, 5).get_weights()
    after = trained.train_classifier(stripes(), (16, 16, 1), 5).network.get_weights()
    assert len(before) == len(after)
    assert all((old != new).any() for old, new in zip(before, after, strict=True))


def test_dropout_acts_in_training_only():
    network = small_network.build((16, 16, 1), 2)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 1)).astype(np.float32)
    still = [network(images, training=False)["features"].numpy() for _ in range(2)]
    np.testing.assert_array_equal(*still)
    draws = [network(images, training=True)["features"].numpy() for _ in range(2)]
    assert (draws[0] != draws[1]).any()


def test_says_what_it_does_on_stderr(stripes, capsys):
    trained.train_classifier(stripes(), (16, 16, 1))
    output = capsys.readouterr()
    assert output.out == ""
    for said in ("training (4 steps, once)", "it will take about ", "trained in "):
        assert f"classifier of stripes: {said}" in output.err


def test_hash_changes_with_any_weight():
    network = small_network.build((16, 16, 1), 2)
    hashes = {small_network.weights_sha256(network)}
    for variable in network.weights:
        value = variable.numpy()
        value.flat[-1] += 1e-3
        variable.assign(value)
        hashes.add(small_network.weights_sha256(network))
    assert len(hashes) == len(network.weights) + 1


def test_save_and_load(tmp_path):
    network = small_network.build((16, 16, 1), 2, seed=1)
    path = tmp_path / "kept.npz"
    small_network.save(network, path, {"seed": 1})
    other = small_network.build((16, 16, 1), 2, seed=2)
    assert small_network.weights_sha256(other) != small_network.weights_sha256(network)
    small_network.load(other, path)
    assert small_network.weights_sha256(other) == small_network.weights_sha256(network)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["kept.json", "kept.npz"]


def test_bad_files_are_refused(tmp_path):
    path = tmp_path / "kept.npz"
    small_network.save(small_network.build((16, 16, 1), 2), path, {})
    with pytest.raises(InputError, match="another network"):
        small_network.load(small_network.build((16, 16, 1), 3), path)
    whole = path.read_bytes()
    for damaged in (b"", b"hello", whole[:2000], whole[:500] + bytes(1000) + whole[1500:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"kept\.npz cannot be read .* delete it"):
            small_network.load(small_network.build((16, 16, 1), 2), path)


def test_an_interrupted_save_leaves_no_weights(tmp_path, monkeypatch):
    """The record, which is written first, is not sufficient."""

    def interrupted(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small_network.save(small_network.build((16, 16, 1), 2), tmp_path / "kept.npz", {})
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "-1"], "--seed is -1: give at least 0"),
        (["--out", "weights.json"], "choose a name that ends in .npz"),
        (["--source", "PICTURES"], "has no labels"),
        (["--source", "./nowhere"], "nowhere does not exist"),
    ],
)
def test_the_command_that_trains_it_refuses_in_one_line(
    arguments: list[str], message: str, pictures: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        train_feature_classifier.main([str(pictures) if word == "PICTURES" else word for word in arguments])
    assert caught.value.code == 2 and message in capsys.readouterr().err.splitlines()[-1]
