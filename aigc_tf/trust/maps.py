"""Attribution maps: one number per position of an input; each method is a function."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import tensorflow as tf

from aigc_tf.trust.fidelity import Case, Method
from aigc_tf.trust.judged import Judged

PATH_STEPS = 32
NOISY_COPIES, NOISE = 24, 0.15
PATCH_SHARE = 1 / 7


def integrated_gradients(judged: Judged, case: Case) -> np.ndarray:
    """Integrated gradients (Sundararajan et al. 2017, eq. 3), with the midpoint rule in 32 steps from the reference.

    The map sums approximately to the difference of the logit or score between input and reference.
    """
    value, reference, label = case
    middles = ((np.arange(PATH_STEPS) + 0.5) / PATH_STEPS).reshape(-1, *(1 for _ in value.shape))
    path = reference + (value - reference) * middles.astype(np.float32)
    return of_places((value - reference) * _slopes(judged, path, label).mean(axis=0))


def smooth_grad(judged: Judged, case: Case) -> np.ndarray:
    """SmoothGrad (Smilkov et al. 2017, eq. 2): the mean gradient over 24 noisy copies, as its absolute value.

    The noise has a standard deviation of 0.15 of the input's range and a fixed seed.
    """
    value, _, label = case
    normal = np.random.default_rng(0).standard_normal((NOISY_COPIES, *value.shape), dtype=np.float32)
    copies = value + np.float32(NOISE * np.ptp(value)) * normal
    return of_places(np.abs(_slopes(judged, copies, label).mean(axis=0)))


def grad_cam(judged: Judged, case: Case) -> np.ndarray:
    """Grad-CAM (Selvaraju et al. 2017, eqs. 1 and 2) on the last spatial feature maps, upsampled bilinearly.

    Raises:
        ValueError: the network has no such feature maps.
    """
    value, _, label = case
    if judged.with_maps is None:
        raise ValueError("the network has no maps of features")
    given = tf.constant(value[None])
    with tf.GradientTape() as tape:
        tape.watch(given)
        maps, outputs = judged.with_maps(given, training=False)
        number = outputs[0, label]
    weights = tf.reduce_mean(tape.gradient(number, maps), axis=(1, 2), keepdims=True)
    found = tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1, keepdims=True))
    return tf.image.resize(found, value.shape[:2]).numpy()[0, ..., 0]


def occlusion(judged: Judged, case: Case) -> np.ndarray:
    """Occlusion (Zeiler & Fergus 2014, §4.2): the drop of the value when a patch takes the reference's values.

    Patches are a seventh of each side and overlap by half; a position gets the mean of the patches that cover it.
    """
    value, reference, label = case
    sides = [max(1, int(side * PATCH_SHARE)) for side in value.shape[:2]]
    rows, columns = (
        [*range(0, whole - side, max(1, side // 2)), whole - side]
        for whole, side in zip(value.shape[:2], sides, strict=True)
    )
    places = list(itertools.product(rows, columns))
    masks = np.zeros((len(places), *value.shape[:2]), bool)
    for mask, (top, left) in zip(masks, places, strict=True):
        mask[top : top + sides[0], left : left + sides[1]] = True
    covered = np.where(masks.reshape(*masks.shape, *(1 for _ in value.shape[2:])), reference, value)
    before, *after = judged.values(np.concatenate([value[None], covered]), label)
    falls = before - np.array(after)
    return np.tensordot(falls, masks, 1) / np.maximum(masks.sum(axis=0), 1)


METHODS: Mapping[str, Callable[[Judged, Case], np.ndarray]] = {
    "integrated gradients": integrated_gradients,
    "SmoothGrad": smooth_grad,
    "Grad-CAM": grad_cam,
    "occlusion": occlusion,
}


def methods_for(judged: Judged) -> dict[str, Method]:
    """The applicable methods: Grad-CAM needs feature maps."""
    return {
        name: partial(method, judged)
        for name, method in METHODS.items()
        if method is not grad_cam or judged.with_maps is not None
    }


def of_places(numbers: np.ndarray) -> np.ndarray:
    """Attributions per position: for images the sum over the channels."""
    return numbers.sum(axis=-1) if numbers.ndim == 3 else numbers


def _slopes(judged: Judged, inputs: np.ndarray, label: int) -> np.ndarray:
    slopes: np.ndarray = judged.slopes(tf.constant(inputs, tf.float32), tf.constant(label)).numpy()
    return slopes
