"""PSNR and SSIM against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from aigc_tf.metrics.images.image_quality import decibels, psnr, ssim, ssim_map

RANDOM = np.random.default_rng(0)


def pair(shape: tuple[int, ...], noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Smooth pictures with flat regions, and noisy copies, float32."""
    rows, columns = np.indices(shape[1:3])
    waves = RANDOM.uniform(0.05, 0.5, (2, shape[0], 1, 1, shape[3]))
    clean = np.clip(0.8 + np.sin(waves[0] * rows[..., None] + waves[1] * columns[..., None]), 0, 1)
    noisy = np.clip(clean + noise * RANDOM.normal(size=shape), 0, 1)
    return clean.astype("float32"), noisy.astype("float32")


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (3, 16, 16, 3), (2, 40, 23, 3), (2, 11, 11, 1), (1, 12, 64, 1)])
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_both_are_those_of_scikit_image(shape: tuple[int, ...], noise: float):
    clean, noisy = pair(shape, noise)
    for found, images in zip(ssim(noisy, clean), zip(clean, noisy, strict=True), strict=True):
        expected = structural_similarity(
            *(image.astype("float64") for image in images),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=-1,
        )
        assert found == pytest.approx(expected, abs=1e-9)
        mapped = structural_similarity(
            *(image.astype("float64") for image in images),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=-1,
            full=True,
        )[1]
        np.testing.assert_allclose(
            ssim_map(*(image[np.newaxis] for image in images))[0], mapped.mean(axis=-1), atol=1e-9
        )
    for found, images in zip(psnr(noisy, clean), zip(clean, noisy, strict=True), strict=True):
        assert found == pytest.approx(peak_signal_noise_ratio(*images, data_range=1.0), abs=1e-4)


def test_a_constant_difference_is_known():
    dark, bright = np.full((2, 16, 16, 1), 0.25), np.full((2, 16, 16, 1), 0.75)
    np.testing.assert_allclose(psnr(dark, bright), 20 * np.log10(2))
    np.testing.assert_allclose(ssim(dark, bright), (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4))


def test_equal_images_are_alike_and_opposite_ones_are_not():
    clean, _ = pair((3, 20, 20, 1), 0)
    np.testing.assert_allclose(psnr(clean, clean), 120)
    np.testing.assert_allclose(ssim(clean, clean), 1)
    checks = np.indices((20, 20)).sum(0)[None, ..., None] % 2
    assert ssim(checks, 1 - checks)[0] < -0.9


def test_images_smaller_than_the_window_are_measured():
    clean, noisy = pair((4, 6, 9, 3), 0.1)
    found = ssim(noisy, clean)
    assert found.shape == (4,) and (found < 1).all() and (found > 0).all()
    assert ssim(clean, clean) == pytest.approx(1)


def test_each_image_is_measured_alone():
    clean, noisy = pair((6, 16, 16, 1), 0.2)
    for measure in (psnr, ssim):
        whole = measure(noisy, clean)
        np.testing.assert_allclose(
            np.concatenate([measure(noisy[:1], clean[:1]), measure(noisy[1:], clean[1:])]), whole
        )
        assert whole.shape == (6,) and len(set(whole.tolist())) == 6


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_other_shapes_are_refused(measure):
    with pytest.raises(ValueError, match=r"\(2, 16, 16, 1\).*\(1, 16, 16, 1\)"):
        measure(np.zeros((2, 16, 16, 1)), np.zeros((1, 16, 16, 1)))
    with pytest.raises(ValueError, match="expected the same"):
        measure(np.zeros((16, 16)), np.zeros((16, 16)))


def test_signal_to_noise_of_known_errors() -> None:
    np.testing.assert_allclose(decibels(np.array([1.0, 0.01, 0.0])), [0, 20, 120])
