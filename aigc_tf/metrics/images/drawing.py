"""Images sampled from a model for evaluation: in chunks, each with its own seed and conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.modalities.drawing import to_bytes

_CHUNK_IMAGES, _CHUNK_NUMBERS = 500, 2**24  # drawn at once: few enough pixels for 64 MB


class Generates(Protocol):
    """What the evaluation needs of an image model; `aigc_tf.families.tasks.Draws` provides it."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> Any:
        """float32 `[count, height, width, channels]` in [0, 1]."""

    def conditions(self, given: Any, count: int) -> Any:
        """One condition for each of `count` images, or None."""


@runtime_checkable
class HasOtherSamplers(Protocol):
    """A model that can sample in other ways, too, as a VAE with a learnt prior can from the standard normal one."""

    @property
    def other_samplers(self) -> Mapping[str, Generates]:
        """By name: baselines of its own samples."""


def chunk_seed(seed: int, index: int) -> int:
    """The seed of a chunk, below 2**31; independent for chunks of the same and of neighbouring seeds."""
    return int(np.random.SeedSequence((seed, index)).generate_state(1)[0] >> 1)


def generated_images(
    model: Generates,
    shape: tuple[int, int, int],
    samples: int,
    seed: int = 0,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[np.ndarray]:
    """`samples` generated images in uint8 chunks `[n, height, width, channels]`, n at most 500.

    Chunk i is drawn with `chunk_seed(seed, i)`; the size of chunks depends only on the shape. A conditional model gets
    one list over all samples, `model.conditions(None, samples)`, of which each chunk takes its slice, so that all
    classes are equally frequent, however many there are. `options` are sampling options.

    Raises:
        ValueError: the model returns another shape.
        InputError: it returns values that are not finite.
    """
    size = max(1, min(_CHUNK_IMAGES, _CHUNK_NUMBERS // int(np.prod(shape))))
    generate: Callable[..., Any] = model.generate
    conditions = model.conditions(None, samples)
    for index, start in enumerate(range(0, samples, size)):
        count = min(size, samples - start)
        condition = None if conditions is None else conditions[start : start + count]
        images = np.asarray(generate(count, chunk_seed(seed, index), condition, **options))
        if images.shape != (count, *shape):
            raise ValueError(f"generate({count}) returned shape {images.shape}: expected {(count, *shape)}")
        if not np.isfinite(images).all():
            raise InputError("the model generates values that are not finite: its training diverged")
        yield to_bytes(images)  # rounded as in a saved PNG, so that the figures are of what one sees
