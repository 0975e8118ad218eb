"""Near-duplicates between the test and the training part."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.images import near_duplicates as module
from aigc_tf.data.images.near_duplicates import NearDuplicates, difference_hashes, near_duplicates
from aigc_tf.data.images.source import Subset, pieces_of
from tests.data.conftest import Opener


@pytest.fixture
def photos(random: np.random.Generator) -> np.ndarray:
    """Smooth pictures, uint8 `[60, 32, 24, 3]`."""
    rough = random.integers(0, 256, (60, 6, 5, 3), np.uint8)
    return np.stack([Image.fromarray(pixels).resize((24, 32), Image.Resampling.BICUBIC) for pixels in rough])


def saved_anew(pixels: np.ndarray) -> np.ndarray:
    """Enlarged, saved as low-quality JPEG, and reduced again."""
    file = io.BytesIO()
    Image.fromarray(pixels).resize((70, 90), Image.Resampling.LANCZOS).save(file, "JPEG", quality=60)
    return np.asarray(Image.open(file).resize((24, 32), Image.Resampling.LANCZOS))


def test_pictures_that_were_saved_anew_are_found_and_others_are_not(photos: np.ndarray) -> None:
    train, test = photos[:40], photos[40:]
    assert near_duplicates(train, test) == NearDuplicates(0, 20)
    copies = np.stack([saved_anew(pixels) for pixels in train[:15]])
    assert near_duplicates(train, np.concatenate([test, copies])) == NearDuplicates(15, 35)


def test_arrays_that_hold_a_picture_twice_say_so(photos: np.ndarray, opened: Opener) -> None:
    form = {"height": 32, "width": 24, "channels": 3}
    assert not any("near-duplicates" in note for note in opened(data=photos, **form).notes)
    lighter = np.minimum(photos, 250) + 3
    (note,) = (note for note in opened(data=np.concatenate([photos, lighter]), **form).notes if "near-dup" in note)
    assert 3 <= int(note.split()[0]) <= int(note.split()[2])


def test_a_hash_alone_does_not_make_a_duplicate() -> None:
    """Blank pictures all have the hash 0."""
    even = np.arange(0, 250, 25, dtype=np.uint8)[:, None, None, None] * np.ones((1, 9, 9, 1), np.uint8)
    assert not difference_hashes(even).any()
    assert near_duplicates(even[::2], even[1::2]).found == 0
    assert near_duplicates(even[::2], even[::2] + 2).found == 5


def test_the_hash_says_where_cells_become_lighter(random: np.random.Generator) -> None:
    cells = random.integers(0, 256, (7, 8, 9, 1)).astype(np.uint8)
    images = cells.repeat(3, axis=1).repeat(2, axis=2)
    wanted = cells[:, :, 1:, 0].astype(int) > cells[:, :, :-1, 0].astype(int) + 4
    np.testing.assert_array_equal(
        np.unpackbits(difference_hashes(images).view(np.uint8).reshape(7, 8), axis=1), wanted.reshape(7, 64)
    )
    for shape in ((1, 1, 1), (3, 100, 3)):  # fewer pixels than cells
        assert difference_hashes(random.integers(0, 256, (4, *shape), np.uint8)).shape == (4,)


def test_many_pictures_are_looked_at_in_part(photos: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_PAIRS", 400)
    assert near_duplicates(photos[:40], photos[:30]) == NearDuplicates(10, 10)
    assert near_duplicates(photos[:0], photos) == NearDuplicates(0, 60)


def test_parts_of_an_array_are_all_of_it(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aigc_tf.data.images.source._CHUNK_BYTES", 50)
    images = np.arange(30 * 12, dtype=np.uint8).reshape(30, 3, 4, 1)
    images.tofile(f"{tmp_path}/images")
    mapped = np.memmap(f"{tmp_path}/images", np.uint8, "r", shape=images.shape)
    for array in (images, mapped, Subset(mapped, np.arange(30))):
        np.testing.assert_array_equal(np.concatenate([np.array(chunk) for chunk in pieces_of(array)]), images)
    np.testing.assert_array_equal(mapped, images)  # released pages are read again
