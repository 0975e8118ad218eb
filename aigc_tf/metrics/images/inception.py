"""Inception v3 with Keras's ImageNet weights: the weights file, and the network over it."""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import shutil
import sys
import threading
import urllib.request
from pathlib import Path

import keras
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.storage.files import expanded, new_file

SIDE = 299
FEATURES = 2048

WEIGHTS_NAME = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"
WEIGHTS_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/{WEIGHTS_NAME}"
WEIGHTS_MD5 = "9a0d58056eeedaa3f26cb7ebd46da564"  # as keras.applications checks it
_WEIGHTS_MEGABYTES = 96
_PROBE_SECONDS = 8
_STALLED_SECONDS = 30
_NETWORK_ERRORS = (OSError, http.client.HTTPException)  # urllib's own errors and timeouts are OSErrors


def weights_file() -> Path:
    """The weights file in Keras's cache, downloaded if missing.

    Raises:
        InputError: they are not available (within 10 s without a network), or the file is damaged.
    """
    home = expanded(os.environ.get("KERAS_HOME") or "~/.keras", "KERAS_HOME")
    path = home / "models" / WEIGHTS_NAME
    if not path.is_file():
        fix = f"put {WEIGHTS_URL} into {path.parent}, or measure with another kind of feature network"
        if not reachable(WEIGHTS_URL):
            raise InputError(f"Inception's weights are not in {path.parent} and there is no network: {fix}")
        try:
            _download(WEIGHTS_URL, path)
        except _NETWORK_ERRORS as error:
            raise InputError(f"Inception's weights could not be downloaded ({_reason(error)}): {fix}") from None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    if found != WEIGHTS_MD5:
        raise InputError(f"{path} is damaged (md5 {found}, expected {WEIGHTS_MD5}): delete it")
    return path


def _reason(error: Exception) -> str:
    """Why a download failed, without the name of the output file."""
    return getattr(error, "strerror", None) or str(error)


def reachable(url: str) -> bool:
    """Whether the address answers within 8 s in total (a DNS lookup has no timeout of its own)."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=_PROBE_SECONDS):
                answers.append(True)
        except _NETWORK_ERRORS:
            answers.append(False)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS)
    return answers == [True]


def _download(url: str, path: Path) -> None:
    print(f"downloading {url} ({_WEIGHTS_MEGABYTES} MB) to {path}", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(url, timeout=_STALLED_SECONDS) as response, new_file(path) as file:
        shutil.copyfileobj(response, file)


def build(weights: Path | None) -> keras.Model:
    """Images `[n, 299, 299, 3]` in [-1, 1] -> features `[n, 2048]`, probabilities `[n, 1000]`.

    Args:
        weights: the file, or None for random ones.
    """
    state = random.getstate()  # Keras seeds the initial weights, soon replaced, from Python's random state
    try:
        inception = keras.applications.InceptionV3(weights=weights and str(weights))
    finally:
        random.setstate(state)
    outputs = {"features": inception.get_layer("avg_pool").output, "probabilities": inception.output}
    return keras.Model(inception.input, outputs, name="keras_inception_v3")


def prepare(images: tf.Tensor) -> tf.Tensor:
    """uint8 `[n, height, width, 1 or 3]` -> float32 `[n, 299, 299, 3]` in [-1, 1]; grey is repeated."""
    resized = tf.image.resize(tf.cast(images, tf.float32), (SIDE, SIDE), method="bilinear", antialias=True)
    if resized.shape[-1] == 1:
        resized = tf.repeat(resized, 3, axis=-1)
    return resized / 127.5 - 1.0
