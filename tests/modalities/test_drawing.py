"""Layout of picture grids."""

import numpy as np
import pytest

from aigc_tf.modalities.drawing import enlargement, grid, to_bytes


def test_grid_keeps_every_picture_in_reading_order():
    images = np.stack([np.full((3, 5, 1), level / 10) for level in range(7)])
    sheet = grid(images, columns=3, gap=1)
    assert sheet.shape == (3 * 4 + 1, 3 * 6 + 1, 1) and sheet.dtype == np.uint8
    for index in range(7):
        top, left = 1 + index // 3 * 4, 1 + index % 3 * 6
        assert (sheet[top : top + 3, left : left + 5] == round(index / 10 * 255)).all()
    assert (sheet[0] == 255).all() and (sheet[9:, 7:] == 255).all()  # gaps and empty places are white


def test_bytes_round_and_clip():
    values = np.array([-1.0, 0.0, 0.4999 / 255, 0.5001 / 255, 1.0, 2.0])
    np.testing.assert_array_equal(to_bytes(values), [0, 0, 0, 1, 255, 255])
    stay = np.array([0, 7, 255], np.uint8)
    assert to_bytes(stay) is stay


@pytest.mark.parametrize(("width", "factor"), [(16, 4), (28, 3), (64, 1), (200, 1)])
def test_small_pictures_are_enlarged(width: int, factor: int):
    assert enlargement(np.zeros((1, 8, width, 1))) == factor
