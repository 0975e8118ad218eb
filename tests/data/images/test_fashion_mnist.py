"""Fashion-MNIST: where it is found, and the part that ships with the package."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.images import fashion_mnist
from aigc_tf.errors import InputError
from tests.data.conftest import Opener
from tools import make_shipped_set

REAL_FOLDER = fashion_mnist.DEBIAN_FOLDER  # before fixtures hide it


def write_idx(path: Path, array: np.ndarray, magic: int | None = None) -> None:
    header = np.array([magic or 0x0800 | array.ndim, *array.shape], ">u4").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def install(folder: Path, count: int = 30) -> np.ndarray:
    """A small Fashion-MNIST; returns its training images."""
    images = np.random.default_rng(1).integers(0, 256, (count, 28, 28), np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 10
    for split, part in (("train", slice(None)), ("test", slice(0, 10))):
        for name, array in zip(fashion_mnist.FILES[split], (images[part], labels[part]), strict=True):
            write_idx(folder / name, array)
    return images


@pytest.mark.parametrize("place", ["Keras", "KERAS_HOME", "Debian"])
@pytest.mark.parametrize("name", ["auto", "fashion_mnist"])
def test_the_full_set_is_found(
    place: str, name: str, bare_machine: Path, monkeypatch: pytest.MonkeyPatch, opened: Opener
) -> None:
    folder = bare_machine / ".keras" / "datasets" / "fashion-mnist"
    if place == "KERAS_HOME":
        monkeypatch.setenv("KERAS_HOME", str(bare_machine / "elsewhere"))
        folder = bare_machine / "elsewhere" / "datasets" / "fashion-mnist"
    images = install(fashion_mnist.DEBIAN_FOLDER if place == "Debian" else folder)
    source = opened(name, height=28, width=28)
    assert source.name == source.dataset == "fashion_mnist"
    np.testing.assert_array_equal(source.train.images[..., 0], images)
    np.testing.assert_array_equal(source.test.images[..., 0], images[:10])
    np.testing.assert_array_equal(source.train.labels, np.arange(30) % 10)
    assert source.test_split == "test split of the data set" and "MIT" in source.licence
    assert source.class_names is not None and source.class_names[9] == "Ankle boot"
    assert any("read from" in note for note in source.notes)


def test_the_shipped_set_is_used_when_nothing_larger_is_at_hand(bare_machine: Path, opened: Opener) -> None:
    install(bare_machine / "debian")
    (bare_machine / "debian" / fashion_mnist.FILES["test"][1]).unlink()  # three of the four files are not enough
    source = opened("auto", height=28, width=28)
    assert source.name == "fashion_mnist_10k" and source.dataset == "fashion_mnist"
    (note,) = source.notes[1:]
    assert "ships with aigc_tf" in note and "--source fashion_mnist" in note and "dataset-fashion-mnist" in note


def test_the_shipped_set(opened: Opener) -> None:
    source = opened("fashion_mnist_10k", height=28, width=28)
    assert len(source.train.images) + len(source.test.images) == 10_000
    assert 900 < len(source.test.images) < 1100
    assert source.train.labels is not None and source.test.labels is not None
    per_class = np.bincount(np.concatenate([source.train.labels, source.test.labels]), minlength=10)
    assert per_class.min() > 900 and len(per_class) == len(source.class_names or ()) == 10
    # Trousers (1) are tall and narrow, bags (8) fill the middle: the labels belong to these images.
    middle = [source.train.images[source.train.labels == label][:, 18:26, 13:15].mean() for label in (1, 8)]
    assert middle[0] < 80 < 120 < middle[1]
    assert source.licence.startswith("MIT licence, copyright 2017 Zalando SE")


def test_the_shipped_files_are_small_and_carry_their_licence() -> None:
    assert fashion_mnist.SHIPPED_FILE.stat().st_size < 5_000_000
    text = (fashion_mnist.SHIPPED_FILE.parent / "LICENSE").read_text()
    assert "Zalando SE" in text and "arXiv:1708.07747" in text and "WITHOUT WARRANTY" in text


def test_the_same_images_give_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path)
    monkeypatch.setattr(make_shipped_set, "COUNT", 20)
    for name in ("one.npz", "two.npz"):
        make_shipped_set.write(tmp_path, tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no train-images-idx3-ubyte.gz in "),
        (b"half a file", "cannot be read"),
        ("thirty images", "holds 30 training images, and 10,000 are needed"),
    ],
)
def test_a_set_that_cannot_be_shipped_is_refused_in_one_line(
    content: object, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped.npz"
    monkeypatch.setattr(fashion_mnist, "SHIPPED_FILE", shipped)
    if content is not None:
        install(tmp_path)
    if isinstance(content, bytes):
        (tmp_path / fashion_mnist.FILES["train"][0]).write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        make_shipped_set.main([str(tmp_path)])
    (line,) = capsys.readouterr().err.splitlines()
    assert caught.value.code == 2 and message in line and not shipped.exists()


@pytest.mark.skipif(not REAL_FOLDER.is_dir(), reason="the full set is not on this machine")
def test_the_shipped_file_can_be_made_again(tmp_path: Path) -> None:
    make_shipped_set.write(REAL_FOLDER, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again, np.load(fashion_mnist.SHIPPED_FILE) as shipped:
        for name in ("images", "labels"):
            np.testing.assert_array_equal(again[name], shipped[name])
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng compresses slightly differently
        assert (tmp_path / "again.npz").read_bytes() == fashion_mnist.SHIPPED_FILE.read_bytes()


IMAGES_FILE, LABELS_FILE = fashion_mnist.FILES["train"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: (folder / IMAGES_FILE).write_bytes((folder / IMAGES_FILE).read_bytes()[:-500]),
            "cannot be read",
        ),
        (lambda folder: (folder / IMAGES_FILE).write_bytes(b""), "is not an IDX file|cannot be read"),
        (lambda folder: (folder / IMAGES_FILE).write_bytes(b"<html>not found</html>"), "cannot be read"),
        (lambda folder: (folder / IMAGES_FILE).write_bytes(gzip.compress(b"\0\0\x08")), "is not an IDX file of 3 dim"),
        (lambda folder: write_idx(folder / IMAGES_FILE, np.zeros(30, np.uint8)), "is not an IDX file of 3 dim"),
        (
            lambda folder: (folder / LABELS_FILE).write_bytes(
                gzip.compress(gzip.decompress((folder / LABELS_FILE).read_bytes())[:-1])
            ),
            r"holds 29 values, not \(30,\)",
        ),
        (lambda folder: write_idx(folder / LABELS_FILE, np.zeros(29, np.uint8)), "do not match"),
        (lambda folder: write_idx(folder / LABELS_FILE, np.full(30, 10, np.uint8)), "do not match"),
    ],
)
def test_damaged_files_are_named(damage, message: str, opened: Opener) -> None:
    install(fashion_mnist.DEBIAN_FOLDER)
    damage(fashion_mnist.DEBIAN_FOLDER)
    for name in ("auto", "fashion_mnist"):
        with pytest.raises(InputError, match=message) as caught:
            opened(name)
        assert "ubyte.gz" in str(caught.value) and "get" in str(caught.value)
