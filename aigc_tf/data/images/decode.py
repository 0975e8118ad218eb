"""Image files decoded on all cores, in the form that a recipe asks for."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from aigc_tf.data.images.prepare import decode_image
from aigc_tf.errors import UnreadableError
from aigc_tf.recipes.images import PICTURE_ENDINGS, ImageSettings

SUFFIXES = PICTURE_ENDINGS
_AT_ONCE = 512  # files whose images may wait to be used: few enough to be held in memory


class FleetingError(UnreadableError):
    """The system cannot read a file now; it may be sound."""


def decode_files(files: Sequence[Path], settings: ImageSettings) -> Generator[np.ndarray | UnreadableError]:
    """The image of each file in turn, uint8 `[height, width, channels]`, or what is wrong with the file."""

    def decode(path: Path) -> np.ndarray | UnreadableError:
        try:
            if not path.is_file():  # a pipe would be waited for
                return UnreadableError("a pipe, a device, a socket or a folder" if path.exists() else "no such file")
            return decode_image(path.read_bytes(), settings)
        except OSError as error:
            return FleetingError(error.strerror or str(error))
        except UnreadableError as error:
            return error

    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode") as pool:
        # Pillow comments on what it repairs by itself, and on many pixels, of which `decode_image` refuses too many.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        for start in range(0, len(files), _AT_ONCE):
            # When this is closed early, files that wait are not decoded.
            yield from pool.map(decode, files[start : start + _AT_ONCE])
