"""Inception v3: search for its weights, and preprocessing. No network access is needed."""

import hashlib
import random
import time

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.metrics.images import inception
from aigc_tf.metrics.images.features import feature_network
from aigc_tf.recipes.images import ImageSettings


@pytest.fixture(autouse=True)
def keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A file that replaces the weights on Keras's server."""
    file = tmp_path / "server.h5"
    file.write_bytes(b"weights")
    monkeypatch.setattr(inception, "WEIGHTS_URL", file.as_uri())
    monkeypatch.setattr(inception, "WEIGHTS_MD5", hashlib.md5(b"weights").hexdigest())
    return file


def test_no_network_says_where_to_put_the_file(stripes, monkeypatch, keras_home):
    monkeypatch.setattr(inception, "reachable", lambda url: False)
    with pytest.raises(InputError, match=r"no network: put https://.*kernels\.h5 into") as error:
        feature_network(stripes(), ImageSettings(height=16, width=16), "inception")
    assert str(keras_home / "models") in str(error.value)


def test_a_network_that_hangs_is_given_up(monkeypatch):
    def hang(*_, **__):
        time.sleep(3)
        raise TimeoutError

    monkeypatch.setattr(inception, "_PROBE_SECONDS", 0.2)
    monkeypatch.setattr(inception.urllib.request, "urlopen", hang)
    started = time.monotonic()
    assert not inception.reachable(inception.WEIGHTS_URL)
    assert time.monotonic() - started < 2


def test_probe_is_under_ten_seconds():
    assert 0 < inception._PROBE_SECONDS < 10


def test_downloaded_once_and_checked(server, keras_home, capsys):
    path = inception.weights_file()
    assert path == keras_home / "models" / inception.WEIGHTS_NAME
    assert path.read_bytes() == b"weights"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    output = capsys.readouterr()
    assert output.out == "" and "downloading" in output.err
    server.unlink()
    assert inception.weights_file() == path


def test_unreachable_server(server):
    server.unlink()
    with pytest.raises(InputError, match="no network"):
        inception.weights_file()


def test_failed_download_leaves_nothing(server, keras_home, monkeypatch):
    def broken(source, target):
        target.write(b"wei")
        raise ConnectionResetError("connection reset")

    monkeypatch.setattr(inception.shutil, "copyfileobj", broken)
    with pytest.raises(InputError, match=r"could not be downloaded \(connection reset\): put "):
        inception.weights_file()
    assert list((keras_home / "models").iterdir()) == []


def test_damaged_file(server, keras_home):
    path = inception.weights_file()
    path.write_bytes(b"other")
    with pytest.raises(InputError, match="is damaged"):
        inception.weights_file()


def test_images_become_rgb_of_299():
    grey = np.zeros((2, 28, 28, 1), np.uint8)
    grey[1] = 255
    prepared = inception.prepare(grey).numpy()
    assert prepared.shape == (2, 299, 299, 3)
    np.testing.assert_allclose(prepared[0], -1, atol=1e-6)
    np.testing.assert_allclose(prepared[1], 1, atol=1e-6)
    rgb = np.zeros((1, 300, 600, 3), np.uint8)
    rgb[..., 1] = 255
    colours = np.array([-1, 1, -1])
    np.testing.assert_allclose(inception.prepare(rgb)[0], np.broadcast_to(colours, (299, 299, 3)), atol=1e-6)


def test_shrinking_is_antialiased():
    # A fine checkerboard must become grey; without antialiasing single pixels are selected.
    board = (np.indices((1024, 1024)).sum(axis=0) % 2 * 255).astype(np.uint8)[None, ..., None]
    assert np.abs(inception.prepare(board).numpy()).max() < 0.1


def test_the_network_itself(stripes, monkeypatch):
    """The real layers with random weights: shapes, protocol, no effect on Python's random state."""
    build = inception.build
    monkeypatch.setattr(inception, "weights_file", lambda: None)
    monkeypatch.setattr(inception, "build", lambda _: build(None))
    before = random.getstate()
    source = stripes(height=16, width=24)
    network = feature_network(source, ImageSettings(height=16, width=24), "inception")
    assert random.getstate() == before
    found = network.extract(source.test.images[:2])
    assert found.features.shape == (2, inception.FEATURES) and found.probabilities.shape == (2, 1000)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-5)
    assert network.name == "keras-inception-v3"
    assert "not comparable" in network.note and network.resize.startswith("299x299, bilinear, antialias")
