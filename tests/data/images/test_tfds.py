"""TFDS data sets: read if available, refused within seconds if not."""

from __future__ import annotations

import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import requests
import tensorflow as tf
import tensorflow_datasets as tfds

from aigc_tf.data import tfds_builders
from aigc_tf.errors import InputError
from tests.data.conftest import Opener


def prepare(
    folder: Path, name: str, version: str = "1.0.0", splits: tuple[str, ...] = ("train", "test"), **features
) -> dict:
    """Write a small data set in TFDS's format; returns its arrays by split."""
    features = features or {
        "image": tfds.features.Image(shape=(6, 6, 3)),
        "label": tfds.features.ClassLabel(names=["a", "b", "c"]),
    }
    random = np.random.default_rng(0)
    made = {}
    for split, count in zip(splits, (60, 9), strict=False):
        images = random.integers(0, 256, (count, *features["image"].shape), np.uint8)
        made[split] = {"image": images, "label": np.arange(count) % 3}
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            split: tf.data.Dataset.from_tensor_slices({key: arrays[key] for key in features})
            for split, arrays in made.items()
        },
        data_dir=folder,
    )
    return made


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests go to a closed port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, closed)
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)


def pairs(images: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    return sorted((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


def test_a_prepared_data_set_needs_no_network(data_folder: Path, no_network: None, opened: Opener) -> None:
    made = prepare(data_folder, "tiny_pictures")
    source = opened("tiny_pictures", height=6, width=6, channels=3)
    assert source.name == source.dataset == "tiny_pictures" and source.class_names == ("a", "b", "c")
    for split, found in (("train", source.train), ("test", source.test)):
        assert found.labels is not None
        assert pairs(found.images, found.labels) == pairs(made[split]["image"], made[split]["label"])
    assert source.test_split == "test split of the data set"
    assert source.fingerprint == opened("tiny_pictures", height=6, width=6, channels=3).fingerprint


def test_images_of_any_size_without_labels_or_test_split(data_folder: Path, opened: Opener) -> None:
    image = tfds.features.Image(shape=(None, None, 1))
    features = tfds.features.FeaturesDict({"image": image})

    def examples():
        for size in range(4, 44):
            yield {"image": np.full((size, 50 - size, 1), size, np.uint8)}

    spec = {"image": tf.TensorSpec((None, None, 1), tf.uint8)}
    tfds.dataset_builders.store_as_tfds_dataset(
        name="odd_sizes",
        version="1.0.0",
        features=features,
        split_datasets={"train": tf.data.Dataset.from_generator(examples, output_signature=spec)},
        data_dir=data_folder,
    )
    source = opened("odd_sizes")
    every = np.concatenate([source.train.images, source.test.images])
    assert sorted(every[:, 1, 1, 0]) == list(range(4, 44)) and len(source.test.images)
    assert source.train.labels is None and source.test_split == "10 % held out by content hash"


def test_validation_serves_where_there_is_no_test_split(data_folder: Path, opened: Opener) -> None:
    prepare(data_folder, "validated", splits=("train", "validation"))
    source = opened("validated")
    assert len(source.test.images) == 9 and source.test_split == "validation split of the data set"


def test_a_prepared_fashion_mnist_is_what_auto_takes(data_folder: Path, no_network: None, opened: Opener) -> None:
    assert opened("auto").name == "fashion_mnist_10k"
    names = ["T-shirt/top", "Trouser", "Pullover"] + [str(number) for number in range(3, 10)]
    image, label = tfds.features.Image(shape=(28, 28, 1)), tfds.features.ClassLabel(names=names)
    prepare(data_folder, "fashion_mnist", version="3.0.1", image=image, label=label)
    for name in ("auto", "fashion_mnist"):
        source = opened(name)
        assert source.name == source.dataset == "fashion_mnist" and len(source.train.images) == 60
        assert "Zalando" in source.licence


def test_without_a_network_there_is_one_message_within_ten_seconds(
    no_network: None, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=r"^source mnist is not on this machine and cannot be downloaded") as caught:
        opened("mnist")
    assert time.monotonic() - start < 10
    assert "HTTP_PROXY" in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert not caplog.records  # TFDS would warn about the missing folder


def test_fashion_mnist_that_cannot_be_had_lists_the_ways(no_network: None, opened: Opener) -> None:
    with pytest.raises(InputError) as caught:
        opened("fashion_mnist")
    for way in (
        "Connect to the network",
        "dataset-fashion-mnist",
        ".keras/datasets/fashion-mnist",
        "fashion_mnist_10k",
    ):
        assert way in str(caught.value)


def test_a_host_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS lookups have no timeout; the probe sets its own."""
    end = threading.Event()

    def wait(*_: object, **__: object) -> None:
        end.wait(60)
        raise requests.exceptions.ConnectionError

    monkeypatch.setattr(tfds_builders, "_PROBE_SECONDS_IN_ALL", 0.1)
    monkeypatch.setattr(requests, "head", wait)
    before = set(threading.enumerate())
    assert tfds_builders.unreachable("https://host.invalid/").startswith("no answer")
    end.set()
    for thread in set(threading.enumerate()) - before:
        thread.join()


@pytest.mark.parametrize(("status", "reached"), [(200, True), (403, True), (404, True), (503, False)])
def test_any_answer_but_those_that_tfds_waits_on_is_a_network(
    status: int, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = requests.Response()
    answer.status_code = status
    monkeypatch.setattr(requests, "head", lambda *_, **__: answer)
    assert (tfds_builders.unreachable("https://host.invalid/") == "") is reached


def test_a_download_that_fails_is_one_message(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, opened: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(builder: tfds.core.DatasetBuilder) -> None:
        print("Downloading and preparing")
        raise tfds.download.DownloadError("Failed to get url\nand much more")

    monkeypatch.setattr(tfds_builders, "unreachable", lambda url: "")
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(InputError, match=r"source mnist cannot be downloaded: Failed to get url\. Try again; or copy"):
        opened("mnist")
    assert capsys.readouterr().out == ""  # stdout is for results


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar_10", "the closest names: .*cifar10"),
        ("fashion_mnist_10", "the closest names: fashion_mnist_10k, fashion_mnist"),
        ("emnist/leters", "no configuration or version 'emnist/leters'; the closest names: emnist/letters"),
        ("mnist:9.9.9", "no configuration or version 'mnist:9.9.9'"),
        ("zq", "neither a file or folder nor a data set that TFDS knows"),
        ("two words", "neither a file or folder nor"),
        ("huggingface:mnist", "neither a file or folder nor"),
        ("imdb_reviews", "no feature image, only text, label"),
        ("imagenet2012", "must be downloaded by hand into .*manual"),
    ],
)
def test_a_name_that_cannot_be_used_gets_one_line(
    name: str, message: str, no_network: None, opened: Opener, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        opened(name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert capfd.readouterr() == ("", "")


def test_damaged_files_are_named(data_folder: Path, opened: Opener) -> None:
    prepare(data_folder, "tiny_pictures")
    for file in data_folder.rglob("*.tfrecord*"):
        file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"tiny_pictures/1\.0\.0 is damaged .* remove it"):
        opened("tiny_pictures")


def test_tfds_is_not_imported_for_other_sources(monkeypatch: pytest.MonkeyPatch, opened: Opener) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)  # an import would fail
    assert len(opened("auto").train.images) > 1000
