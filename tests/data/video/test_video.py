"""Clips of any format are read in order at their rate, bad ones give one line, and windows never cross a split."""

from __future__ import annotations

import dataclasses
import io
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.video.clip import Clip, read_clip, write_animation, write_video
from aigc_tf.data.video.opening import open_source
from aigc_tf.data.video.splits import ClipSplit, MovingSplit
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.clips import Clips
from aigc_tf.recipes.predict_video import PredictVideo
from aigc_tf.recipes.video import VideoSettings

WHOLE = VideoSettings(size=None, crop=16)
MADE_BY = {"software": "aigc_tf"}


def greys(count: int, height: int = 24, width: int = 32) -> np.ndarray:
    """Frames of increasing brightness."""
    values = np.linspace(20, 230, count).astype(np.uint8)
    return np.broadcast_to(values[:, None, None, None], (count, height, width, 3)).copy()


def written(path: Path, frames: np.ndarray, rate: float = 10.0) -> Path:
    encoded = io.BytesIO()
    (write_animation if path.suffix == ".gif" else write_video)(encoded, frames, rate, MADE_BY)
    path.write_bytes(encoded.getvalue())
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str):
    frames = greys(8)
    clip = read_clip(written(tmp_path / name, frames), WHOLE)
    assert clip.frames.shape == frames.shape and clip.rate == pytest.approx(10, rel=0.01)
    assert np.abs(clip.frames.astype(int) - frames).max() <= 4
    assert b"aigc_tf" in (tmp_path / name).read_bytes()


def test_a_folder_of_pictures_is_a_clip_in_the_order_of_its_names(tmp_path: Path):
    frames = greys(5)
    for number in (3, 1, 4, 0, 2):
        Image.fromarray(frames[number]).save(tmp_path / f"{number:03d}.png")
    np.testing.assert_array_equal(read_clip(tmp_path, WHOLE).frames, frames)
    assert [file.path for file in Clips(WHOLE).find([tmp_path])] == [tmp_path]
    np.testing.assert_array_equal(Clips(WHOLE).read_or_reason(tmp_path).frames, frames)
    with pytest.raises(InputError, match="no clips are named"):
        Clips(WHOLE).find([])


def test_odd_sizes_are_written_and_frames_resized_by_their_shorter_side(tmp_path: Path):
    clip = read_clip(written(tmp_path / "odd.mp4", greys(3, 33, 47)), VideoSettings(size=16, crop=16))
    assert clip.frames.shape == (3, 16, 23, 3)
    grey = read_clip(tmp_path / "odd.mp4", dataclasses.replace(WHOLE, channels=1))
    assert grey.frames.shape[-1] == 1


def test_a_variable_frame_rate_becomes_a_fixed_one(tmp_path: Path):
    """Frames at 0, 0.1, 0.5 and 0.6 s: at 10 frames per second the second one is repeated four times."""
    with av.open(str(tmp_path / "variable.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.options = 32, 24, "yuv420p", {"crf": "4", "bf": "0"}
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        for pixels, time in zip(greys(4), (0, 100, 500, 600), strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    as_it_is = read_clip(tmp_path / "variable.mkv", WHOLE).frames[:, 0, 0, 0]
    assert len(as_it_is) == 4
    fixed = read_clip(tmp_path / "variable.mkv", dataclasses.replace(WHOLE, rate=10.0))
    np.testing.assert_array_equal(fixed.frames[:, 0, 0, 0], as_it_is[[0, 1, 1, 1, 1, 2, 3]])
    assert fixed.rate == 10


def bad_files(folder: Path) -> dict[str, str]:
    """Files that are not clips, and their error messages."""
    whole = written(folder / "whole.mp4", greys(6)).read_bytes()
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    (folder / "header.mp4").write_bytes(whole[:60])
    written(folder / "single.mp4", greys(1))
    written(folder / "single.gif", greys(1))
    written(folder / "small.gif", greys(3, 8, 8))
    (folder / "cut.gif").write_bytes(written(folder / "good.gif", greys(3)).read_bytes()[:20])
    with av.open(str(folder / "nothing.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(greys(1)[0], format="rgb24")))
        container.mux(stream.encode())
    with av.open(str(folder / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
    return {
        "empty.mp4": "is empty",
        "noise.mp4": "not a video",
        "header.mp4": "not a video",
        "single.mp4": "single frame",
        "single.gif": "single frame",
        "nothing.mkv": "single frame",
        "small.gif": "8 pixels",
        "cut.gif": "damaged GIF|no frames",
        "sound.wav": "no pictures",
    }


def test_what_is_no_clip_gets_one_line(tmp_path: Path):
    for name, message in bad_files(tmp_path).items():
        with pytest.raises(UnreadableError, match=message) as caught:
            read_clip(tmp_path / name, WHOLE)
        assert "\n" not in str(caught.value)
        with pytest.raises(InputError, match="1 of 1 clips cannot be read") as refused:
            recipe = dataclasses.replace(PredictVideo.tiny(), source=str(tmp_path / name))
            open_source(dataclasses.replace(recipe, video=dataclasses.replace(recipe.video, size=None, crop=16)))
        assert "\n" not in str(refused.value)


def test_a_clip_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path):
    frames = np.random.default_rng(0).integers(0, 256, (12, 24, 32, 3), np.uint8)
    whole = written(tmp_path / "whole.gif", frames).read_bytes()
    (tmp_path / "broken.gif").write_bytes(whole[: len(whole) // 2])
    assert 2 <= len(read_clip(tmp_path / "broken.gif", WHOLE).frames) < 12


def test_without_the_package_av_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = written(tmp_path / "a.mp4", greys(3))
    written(tmp_path / "a.gif", greys(3))
    monkeypatch.setitem(sys.modules, "av", None)
    assert len(read_clip(tmp_path / "a.gif", WHOLE).frames) == 3
    with pytest.raises(InputError, match=r"pip install 'aigc-tf\[video\]'"):
        read_clip(path, WHOLE)


def test_the_end_of_few_clips_is_held_out_and_no_frame_is_on_two_sides():
    recipe = PredictVideo.tiny()
    clips = [np.full((length, 40, 36, 1), index, np.uint8) for index, length in enumerate((60, 3, 90))]
    for clip in clips:
        clip[:, :, :, 0] = np.arange(len(clip))[:, None, None]
    source = open_source(recipe, clips)
    assert any("1 clips of fewer" in note for note in source.notes)
    seen = {
        part: {int(value) for clip in split.clips[1:] for value in clip[:, 0, 0, 0]}
        for part, split in (("train", source.train), ("validation", source.validation), ("test", source.test))
    }
    assert seen["train"] | seen["validation"] | seen["test"] == set(range(90))
    assert sum(map(len, seen.values())) == 90 and max(seen["train"]) < min(seen["test"])
    with pytest.raises(InputError, match="no clip of 4 frames"):
        open_source(recipe, [clips[1]])
    with pytest.raises(InputError, match="too short"):
        open_source(recipe, [clips[0][:5]])
    with pytest.raises(InputError, match="shape"):
        open_source(recipe, [np.zeros((9, 8, 8, 1), np.uint8)])


def test_windows_depend_on_their_number_and_seed_alone():
    split = ClipSplit([np.random.default_rng(0).integers(0, 256, (20, 40, 50, 1), np.uint8)], 4, 32, True)
    numbers, seeds = np.array([3, 3, 9]), np.array([[1, 2], [5, 2], [1, 2]])
    first = split.windows(numbers, seeds, 0)
    np.testing.assert_array_equal(first[[2, 0]], split.windows(numbers[[2, 0]], seeds[[2, 0]], 0))
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, split.windows(numbers, seeds, 1))
    source = open_source(PredictVideo.tiny())
    batches = [next(iter(source.batches(2, 0, first_step=step)))["clip"].numpy() for step in (1, 1, 2)]
    np.testing.assert_array_equal(batches[0], batches[1])
    assert not np.array_equal(batches[0], batches[2])


def test_sprites_stay_inside_and_move_by_their_speed():
    sprite = np.full((1, 4, 4, 1), 200, np.uint8)
    split = MovingSplit(sprite, 12, 32)
    split.SPRITES = 1
    for seed in range(20):
        window = split.window(0, np.random.default_rng(seed))
        assert (window.sum(axis=(1, 2, 3)) == 200 * 16).all()  # never across a boundary
        places = np.array([np.argwhere(frame[..., 0]).mean(axis=0) for frame in window])
        moved = np.linalg.norm(np.diff(places, axis=0), axis=1)
        assert (moved <= 4 + 1.5).all() and moved.mean() > 0.8


def test_clips_are_shown_and_written_in_all_forms(tmp_path: Path):
    clips = Clips(WHOLE)
    given = [Clip(greys(6), 12.0), Clip(greys(4, 16, 16), 12.0)]
    for ending in (".mp4", ".gif", ".png", ""):
        clips.write_all(tmp_path / f"all{ending}", given, MADE_BY)
    assert len(read_clip(tmp_path / "all.gif", WHOLE).frames) == 4
    assert len([*(tmp_path / "all").iterdir()]) == 2
    assert clips.show(given).dtype == np.uint8
    with pytest.raises(InputError, match="expected"):
        clips.rows(np.zeros((3, 8, 8)))
