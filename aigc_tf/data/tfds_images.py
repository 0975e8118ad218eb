"""Image data sets of TensorFlow Datasets (TFDS), without its long waits and its long messages."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import requests
import tensorflow as tf
from absl import logging

from aigc_tf.data.arrays import Batch, batches_of, hold_out, prepared_split
from aigc_tf.data.source import ImageSource
from aigc_tf.data.splits import HELD_OUT
from aigc_tf.errors import InputError
from aigc_tf.recipes.base import ImageSettings

# tensorflow_datasets is imported where it is used: it takes half a second, and most runs do without it.

_PROBE_SECONDS = 5.0
_PROBE_SECONDS_IN_ALL = 8.0  # looking up a host's address has no timeout of its own, and hosts have several
_STORAGE = "https://storage.googleapis.com/tfds-data"  # holds the files of data sets that list no address
_TRIED_FOR_MINUTES = (500, 502, 503, 504)  # TFDS asks ten times more after these answers
_NAME = re.compile(r"\w+(/[\w.+-]+)?(:\d[\w.]*)?")  # data_set/configuration:version
_READ_AT_ONCE = 256


def open_tfds(
    name: str,
    settings: ImageSettings,
    *,
    ways: Sequence[str] = (),
    licence: str = "",
    other_names: Sequence[str] = (),
) -> ImageSource:
    """A TFDS image data set, downloaded on first use.

    Args:
        name: `data_set`, `data_set/configuration`, or either with `:version`.
        settings: the form that the images are brought to.
        ways: to get the data set without a download, for the message that it cannot be had.
        licence: if it is known better than TFDS knows it.
        other_names: that may have been meant, if TFDS knows no such data set.

    Raises:
        InputError: there is no such data set of images, or it cannot be downloaded.
    """
    builder = _builder(name, other_names)
    labelled = _check_features(name, builder.info.features)
    if not _is_prepared(builder):
        _download(name, builder, ways)
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(f"TFDS data set {name} has no split to train on, only {', '.join(splits)}: choose another")
    test_name = next((split for split in ("test", "validation") if split in splits), None)
    try:
        if test_name is None:
            train, test = hold_out(_read(name, builder, "train", labelled), settings)
        else:
            train = prepared_split(_read(name, builder, "train", labelled), settings)
            test = prepared_split(_read(name, builder, test_name, labelled), settings)
    except tf.errors.OpError as error:
        raise InputError(f"{builder.data_dir} is damaged ({_line(error)}): remove it, to prepare it anew") from error
    return ImageSource(
        name=name,
        dataset="/".join(part for part in (builder.name, builder.builder_config_name) if part),
        train=train,
        test=test,
        class_names=tuple(builder.info.features["label"].names) if labelled else None,
        test_split=f"{test_name} split of the data set" if test_name else HELD_OUT,
        licence=licence or f"see {builder.info.homepage or 'the TFDS catalogue'}",
        notes=(f"read from {builder.data_dir}",),
    )


def is_known(name: str) -> bool:
    """Whether TFDS has a data set of this name."""
    import tensorflow_datasets as tfds

    return name in tfds.list_builders(with_community_datasets=False)


def is_prepared(name: str) -> bool:
    """Whether a data set of TFDS is on this machine, ready to be read."""
    return (_data_folder() / name).is_dir() and _is_prepared(_builder(name, ()))


def unreachable(url: str) -> str:
    """Why a host gives no answer, found out within seconds; empty if it does.

    The proxies in HTTP_PROXY and HTTPS_PROXY are used, as TFDS does.
    """
    reasons = []

    def ask() -> None:
        try:
            answer = requests.head(url, timeout=_PROBE_SECONDS)
        except requests.exceptions.ProxyError:
            reasons.append("no connection through the proxy that HTTP_PROXY or HTTPS_PROXY names")
        except requests.exceptions.Timeout:
            reasons.append(f"no answer within {_PROBE_SECONDS:.0f} s")
        except requests.exceptions.RequestException:
            reasons.append("no connection")
        else:
            reasons.append(f"it answers {answer.status_code}" if answer.status_code in _TRIED_FOR_MINUTES else "")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_PROBE_SECONDS_IN_ALL)
    return reasons[0] if reasons else f"no answer within {_PROBE_SECONDS_IN_ALL:.0f} s"


def _builder(name: str, other_names: Sequence[str]) -> Any:
    import tensorflow_datasets as tfds

    data_set = re.split("[/:]", name)[0]
    try:
        if not _NAME.fullmatch(name):
            raise ValueError("not of the form data_set/configuration:version")
        with _quiet():
            return tfds.builder(name, data_dir=_data_folder())
    except ImportError as error:
        raise InputError(f"TFDS data set {name} needs a package that is not there: {_line(error)}") from error
    except (ValueError, TypeError, AssertionError) as error:
        known = tfds.list_builders(with_community_datasets=False)
        if data_set in known:
            configurations = [f"{data_set}/{key}" for key in tfds.builder_cls(data_set).builder_configs]
            close = difflib.get_close_matches(name, configurations, n=5, cutoff=0) or [data_set]
            what = f"TFDS data set {data_set} has no form {name!r}"
        else:
            close = difflib.get_close_matches(name, {*known, *other_names}, n=3)
            what = f"source {name!r} is neither a file or folder nor a data set that TFDS knows"
        hint = f"the closest names: {', '.join(close)}" if close else "the TFDS catalogue lists all names"
        raise InputError(f"{what}; {hint}") from error


def _is_prepared(builder: Any) -> bool:
    with _quiet():
        return bool(builder.is_prepared())


def _check_features(name: str, features: Any) -> bool:
    """Whether the examples have labels, too."""
    import tensorflow_datasets as tfds

    found = dict(features) if isinstance(features, tfds.features.FeaturesDict) else {}
    image = found.get("image")
    if not isinstance(image, tfds.features.Image):
        raise InputError(f"TFDS data set {name} has no feature image, only {', '.join(found)}: choose one of images")
    if image.shape[-1] not in (1, 3) or image.np_dtype != np.uint8:
        raise InputError(f"TFDS data set {name} has {image}: expected 1 or 3 channels of uint8")
    return isinstance(found.get("label"), tfds.features.ClassLabel)


def _download(name: str, builder: Any, ways: Sequence[str]) -> None:
    from tensorflow_datasets.core.download.util import DownloadError

    by_hand = " ".join((builder.MANUAL_DOWNLOAD_INSTRUCTIONS or "").split())
    by_hand_folder = _data_folder() / "downloads" / "manual"
    if by_hand and not by_hand_folder.is_dir():
        raise InputError(f"TFDS data set {name} must be downloaded by hand into {by_hand_folder}: {by_hand}")
    ways = ways or (f"copy {_data_folder() / builder.name} from a machine that has it",)
    url = next((url for url in builder.url_infos or () if url.startswith("http")), _STORAGE)
    reason = "" if by_hand else unreachable(url)
    if reason:
        raise InputError(
            f"source {name} is not on this machine and cannot be downloaded, {urlsplit(url).hostname}: {reason}. "
            f"Connect to the network and try again; or {'; or '.join(ways)}; or name another source"
        )
    try:
        with _quiet():
            builder.download_and_prepare()
    except (OSError, ImportError, ValueError, AssertionError, DownloadError, tf.errors.OpError) as error:
        raise InputError(
            f"source {name} cannot be downloaded: {_line(error)}. Try again; or {'; or '.join(ways)}"
        ) from error


def _read(name: str, builder: Any, split: str, labelled: bool) -> Iterator[Batch]:
    import tensorflow_datasets as tfds

    features = ("image", "label") if labelled else ("image",)
    dataset = builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(features, True)),
        # One file after the other: the order is the same everywhere.
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    )
    dataset = dataset.map(lambda example: (example["image"], example["label"]) if labelled else example["image"])
    count = builder.info.splits[split].num_examples
    if None not in builder.info.features["image"].shape:
        dataset, count = dataset.batch(_READ_AT_ONCE), -(-count // _READ_AT_ONCE)
    return batches_of(dataset, f"TFDS data set {name}", count)


def _data_folder() -> Path:
    return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """TFDS warns about what it does not find, and prints to stdout, which belongs to the program's results."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        logging.set_verbosity(verbosity)


def _line(error: BaseException) -> str:
    """The first line of an error's message."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
