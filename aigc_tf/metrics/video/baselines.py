"""Baselines of video models."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from aigc_tf.modalities.drawing import to_bytes


def copied(given: np.ndarray, count: int) -> np.ndarray:
    """Repeat the last frame of each clip; `[clips, time, ...]` -> `[clips, count, ...]`."""
    return np.repeat(given[:, -1:], count, axis=1)


def extrapolated(given: np.ndarray, count: int) -> np.ndarray:
    """Linear extrapolation of each pixel from the last two frames, clipped to [0, 1]."""
    ahead = np.arange(1, count + 1).reshape(-1, 1, 1, 1)
    return np.clip(given[:, -1:] + ahead * (given[:, -1:] - given[:, -2:-1]), 0, 1)


def blended(given: np.ndarray, count: int) -> np.ndarray:
    """Linear blend from the frame before the gap to the one after it; half of the given frames come before it."""
    before, after = _borders(given)
    share = (np.arange(1, count + 1) / (count + 1)).reshape(-1, 1, 1, 1)
    return (1 - share) * before[:, None] + share * after[:, None]


def flow_ahead(given: np.ndarray, count: int) -> np.ndarray:
    """The last frame, warped onwards along the optical flow of the last two frames (DIS, Kroeger et al. 2016)."""
    found = []
    for clip in given:
        # Backward flow from the last frame to the one before: where its pixels came from.
        back = _flow(clip[-1], clip[-2])
        found.append([moved(clip[-1], ahead * back) for ahead in range(1, count + 1)])
    return np.array(found)


def flow_between(given: np.ndarray, count: int) -> np.ndarray:
    """The frames around the gap, warped along the flow between them to each moment, and blended (Baker et al. 2011)."""
    found = []
    for before, after in zip(*_borders(given), strict=True):
        onwards, back = _flow(before, after), _flow(after, before)
        made = []
        for share in np.arange(1, count + 1) / (count + 1):
            first, second = moved(before, share * back), moved(after, (1 - share) * onwards)
            made.append((1 - share) * first + share * second)
        found.append(made)
    return np.array(found)


def opencv() -> ModuleType | None:
    """OpenCV if it is installed; it is for development only."""
    try:
        import cv2
    except ImportError:
        return None
    cv2.setNumThreads(1)
    module: ModuleType = cv2
    return module


def flow_back(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Backward flow to the previous frame, in pixels to the right and down, and whether it is valid.

    It is valid where forward and backward flow are consistent (Ruder et al. 2016, eq. 5), so not for pixels that were
    occluded before.

    Returns:
        `[height, width, 2]`, bool `[height, width]`.
    """
    back, onwards = _flow(after, before), _flow(before, after)
    height, width = back.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    there = np.stack([columns, rows], axis=-1) + back
    inside = ((there >= 0) & (there <= [width - 1, height - 1])).all(axis=-1)
    returned = sampled(onwards, back)
    length = np.square(back).sum(axis=-1) + np.square(returned).sum(axis=-1)
    return back, inside & (np.square(back + returned).sum(axis=-1) < 0.01 * length + 0.5)


def _borders(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = given.shape[1] // 2
    return given[:, middle - 1], given[:, middle]


def _flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Optical flow from the first to the second frame, in pixels to the right and down: `[height, width, 2]`."""
    library = opencv()
    assert library is not None
    method = library.DISOpticalFlow_create(library.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [to_bytes(frame.mean(axis=-1)) for frame in (first, second)]
    flow: np.ndarray = method.calc(*grey, None)
    return flow


def moved(frame: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Warp a frame: its value at each pixel's offset in `places`, clipped to [0, 1]."""
    return np.clip(sampled(frame, places), 0, 1)


def sampled(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values `[height, width, any]` at each pixel's offset in `places`, by bilinear interpolation."""
    library = opencv()
    assert library is not None
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]].astype(np.float32)
    at = (columns + places[..., 0]).astype(np.float32), (rows + places[..., 1]).astype(np.float32)
    found: np.ndarray = library.remap(
        values.astype(np.float32), *at, interpolation=library.INTER_LINEAR, borderMode=library.BORDER_REPLICATE
    )
    return found.reshape(values.shape)
