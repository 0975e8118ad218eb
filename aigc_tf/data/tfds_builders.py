"""TensorFlow Datasets (TFDS), without its long waits and messages."""

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

import requests
import tensorflow as tf
from absl import logging

from aigc_tf.errors import InputError
from aigc_tf.storage.files import expanded

# tensorflow_datasets is imported where it is used: that takes half a second, and most runs do not need it.

_PROBE_SECONDS = 5.0
_PROBE_SECONDS_IN_ALL = 8.0  # looking up a host has no timeout of its own, and hosts have several addresses
_STORAGE = "https://storage.googleapis.com/tfds-data"  # has the files of data sets that list no URL
_TRIED_FOR_MINUTES = (500, 502, 503, 504)  # TFDS retries ten times after these responses
_NAME = re.compile(r"\w+(/[\w.+-]+)?(:\d[\w.]*)?")  # data_set/configuration:version


def is_known(name: str) -> bool:
    """Whether TFDS has a data set of this name."""
    import tensorflow_datasets as tfds

    return name in tfds.list_builders(with_community_datasets=False)


def is_prepared(name: str) -> bool:
    """Whether a TFDS data set is on this machine, ready to be read."""
    return (_data_folder() / name).is_dir() and builder_is_prepared(builder_of(name, ()))


def unreachable(url: str) -> str:
    """Why a host does not respond, determined within seconds; empty if it does.

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


def builder_of(name: str, other_names: Sequence[str]) -> Any:
    """The TFDS builder of a data set: `data_set`, `data_set/configuration`, or either with `:version`.

    Raises:
        InputError: TFDS has no such data set; the message lists similar names, including `other_names`.
    """
    import tensorflow_datasets as tfds

    data_set = re.split("[/:]", name)[0]
    try:
        if not _NAME.fullmatch(name):
            raise ValueError("not of the form data_set/configuration:version")
        with _quiet():
            return tfds.builder(name, data_dir=_data_folder())
    except ImportError as error:
        raise InputError(f"TFDS data set {name} needs a package that is not installed: {first_line(error)}") from error
    except (ValueError, TypeError, AssertionError) as error:
        known = tfds.list_builders(with_community_datasets=False)
        if data_set in known:
            configurations = [f"{data_set}/{key}" for key in tfds.builder_cls(data_set).builder_configs]
            close = difflib.get_close_matches(name, configurations, n=5, cutoff=0) or [data_set]
            what = f"TFDS data set {data_set} has no configuration or version {name!r}"
        else:
            close = difflib.get_close_matches(name, {*known, *other_names}, n=3)
            what = f"source {name!r} is neither a file or folder nor a data set that TFDS knows"
        hint = f"the closest names: {', '.join(close)}" if close else "the TFDS catalogue lists all names"
        raise InputError(f"{what}; {hint}") from error


def builder_is_prepared(builder: Any) -> bool:
    """Whether the data set's files are on this machine."""
    with _quiet():
        return bool(builder.is_prepared())


def prepare(name: str, builder: Any, ways: Sequence[str]) -> None:
    """Download a data set, unless it is on this machine.

    Raises:
        InputError: it is missing and cannot be downloaded; the message lists `ways` to get it.
    """
    if builder_is_prepared(builder):
        return
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
            f"source {name} cannot be downloaded: {first_line(error)}. Try again; or {'; or '.join(ways)}"
        ) from error


def _data_folder() -> Path:
    return expanded(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets", "TFDS_DATA_DIR")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence TFDS, which warns about missing files and prints to stdout, where results belong."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        logging.set_verbosity(verbosity)


def split_names(name: str, builder: Any) -> tuple[str, str | None]:
    """The training split, and the test split if there is one.

    Raises:
        InputError: there is no training split.
    """
    splits = builder.info.splits
    if "train" not in splits:
        raise InputError(f"TFDS data set {name} has no split to train on, only {', '.join(splits)}: choose another")
    return "train", next((split for split in ("test", "validation") if split in splits), None)


def examples(builder: Any, split: str, features: Sequence[str]) -> tf.data.Dataset:
    """The examples of a split with only these features, in deterministic order."""
    import tensorflow_datasets as tfds

    return builder.as_dataset(
        split=split,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(features, True)),
        # One file after the other, for a deterministic order.
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    )


def damaged(builder: Any, error: BaseException) -> InputError:
    """The error for files that TensorFlow cannot read."""
    return InputError(f"{builder.data_dir} is damaged ({first_line(error)}): remove it to prepare it again")


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
