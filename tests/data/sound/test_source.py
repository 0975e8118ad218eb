"""Folders of recordings as sources: classes, splits, windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from aigc_tf.data.sound.opening import open_source, titles
from aigc_tf.data.sound.spectrograms import spectrograms
from aigc_tf.errors import InputError
from aigc_tf.recipes.sound_gan import SoundGAN
from aigc_tf.recipes.sound_vae import SoundVAE

RECIPE = SoundVAE.tiny()
SAMPLES, RATE = RECIPE.sound.samples, RECIPE.sound.rate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four words by six speakers, noise of any length; a copy, a damaged file and a text file."""
    random = np.random.default_rng(0)
    for word in ("yes", "no", "up", "down"):
        (tmp_path / word).mkdir()
        for speaker in "abcdef":
            sound = random.uniform(-0.5, 0.5, random.integers(100, 4 * SAMPLES))
            soundfile.write(tmp_path / word / f"{speaker}_{word}.wav", sound, RATE)
    (tmp_path / "yes" / "a_copy.wav").write_bytes((tmp_path / "yes" / "a_yes.wav").read_bytes())
    (tmp_path / "yes" / "b_damaged.wav").write_bytes(b"RIFF")
    (tmp_path / "read me.txt").write_text("no sound")
    return tmp_path


def with_source(folder: Path, **sound: object) -> SoundVAE:
    settings = dataclasses.replace(RECIPE.sound, max_unreadable=0.1, **sound)
    return dataclasses.replace(RECIPE, source=str(folder), sound=settings)


def test_sub_folders_are_classes_and_what_is_left_out_is_said(folder: Path):
    source = open_source(with_source(folder))
    assert source.class_names == ("down", "no", "up", "yes")
    assert len(source.train) + len(source.validation or ()) + len(source.test) == 24
    notes = " ".join(source.notes)
    assert "1 recordings that are equal to another one" in notes and "b_damaged.wav" in notes and "read me" in notes
    assert source.pictures.train.images.shape[1:] == (16, 16, 1)
    assert len(source.pictures.train.labels) == len(source.pictures.train.images) == source.count


def test_what_a_speaker_says_stays_on_one_side():
    sounds = list(np.random.default_rng(0).uniform(-1, 1, (80, 400)))
    data = (sounds, [f"class {index % 2}" for index in range(80)])
    recipe = dataclasses.replace(RECIPE, sound=dataclasses.replace(RECIPE.sound, trim_db=None, group="^.$|^(.)"))
    source = open_source(recipe, data=data)  # names are 0, 1, ..., 79, grouped by their first digit
    known = {
        sound.tobytes(): f"{index}"[0]
        for index, sound in enumerate(
            np.round(s / np.abs(s).max() * 0.9 * 32767).astype(np.int16) for s in np.array(sounds, np.float32)
        )
    }
    sides = [{known.get(sound.tobytes()) for sound in part.sounds} for part in (source.train, source.test)]
    assert len(source.test) and not sides[0] & sides[1]


def test_too_few_groups_are_an_error(folder: Path):
    with pytest.raises(InputError, match="too few to hold some out"):
        open_source(with_source(folder, group="^"))


def test_a_window_depends_on_seed_and_position_alone(folder: Path):
    source = open_source(with_source(folder))
    whole = [np.asarray(batch["image"]) for _, batch in zip(range(6), source.batches(8, seed=3), strict=False)]
    later = [np.asarray(batch["image"]) for _, batch in zip(range(2), source.batches(8, 3, first_step=4), strict=False)]
    np.testing.assert_array_equal(np.stack(whole[4:]), np.stack(later))
    part = next(iter(source.batches(8, 3, first_step=4, rows=slice(2, 5))))
    np.testing.assert_allclose(np.asarray(part["image"]), whole[4][2:5], atol=1e-5)
    other = np.asarray(next(iter(source.batches(8, seed=4)))["image"])
    assert whole[0].shape == (8, 16, 16, 1) and not np.array_equal(other, whole[0])
    assert -1 <= whole[0].min() < whole[0].max() <= 1


def test_long_recordings_are_cut_at_random_and_covered_when_measured():
    sounds = [
        np.sin(np.arange(10 * SAMPLES) * (0.1 + 0.01 * index)) * np.linspace(0.2, 1, 10 * SAMPLES)
        for index in range(20)
    ]
    source = open_source(RECIPE, data=sounds)
    assert source.count == 10 * len(source.train)
    first = source.inputs("test", 1000)
    assert first.shape == (10 * len(source.test), SAMPLES)
    np.testing.assert_allclose(first[0] * 32767, source.test.sounds[0][:SAMPLES], atol=0.01)
    epoch = np.concatenate([np.asarray(b["image"]) for _, b in zip(range(3), source.batches(8, 0), strict=False)])
    assert len(np.unique(epoch.round(4).reshape(24, -1), axis=0)) == 24


def test_held_out_batches_are_spectrograms_with_labels():
    source = open_source(SoundGAN.tiny())
    (batch,) = source.held_out("test", 10)
    pictures = spectrograms(source.inputs("test", 10), source.settings)
    np.testing.assert_allclose(batch["image"], 2 * pictures - 1, atol=1e-6)
    names = [source.class_names[label] for label in batch["label"]]
    assert names == source.titles("test", 10) and len(set(source.shown("test", 4)[1])) == 4


def test_the_fingerprint_is_that_of_the_content(folder: Path):
    first = open_source(with_source(folder)).fingerprint
    assert open_source(with_source(folder, hop=8, frames=32)).fingerprint == first
    soundfile.write(folder / "no" / "a_no.wav", np.sin(np.arange(300) / 5), RATE)
    assert open_source(with_source(folder)).fingerprint != first


def test_words_come_from_a_table_or_from_names(folder: Path):
    assert titles(["greetings/good-morning_2.wav"]) == ["good morning 2"]
    lines = [f"{path.relative_to(folder).as_posix()}\tsays {path.stem}" for path in folder.rglob("*.wav")]
    (folder / "words.tsv").write_text("\n".join(lines))
    assert all(word.startswith("says ") for word in open_source(with_source(folder)).titles("train", 5))
    (folder / "words.tsv").write_text("\n".join(lines[1:3]))
    with pytest.raises(InputError, match="says nothing about"):
        open_source(with_source(folder))


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        make()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_cannot_be_used_is_one_line(folder: Path, tmp_path: Path):
    assert "max_unreadable" in refused(lambda: open_source(dataclasses.replace(RECIPE, source=str(folder))))
    (tmp_path / "other").mkdir()
    assert "holds no recordings" in refused(lambda: open_source(with_source(tmp_path / "other")))
    single = folder / "yes" / "a_yes.wav"
    assert "single file" in refused(lambda: open_source(with_source(single)))
    assert "not known" in refused(lambda: open_source(dataclasses.replace(RECIPE, source="nothing_such")))
    assert "at least 10" in refused(lambda: open_source(RECIPE, data=[np.sin(np.arange(400) / 9.0)] * 20))
    assert "int64" in refused(lambda: open_source(RECIPE, data=[np.arange(400)]))
    assert "sound 0 is silent" in refused(lambda: open_source(RECIPE, data=[np.zeros(400)]))
    assert "one for each" in refused(lambda: open_source(RECIPE, data=([np.sin(np.arange(400) / 9.0)], ["a", "b"])))
    noise = list(np.random.default_rng(0).uniform(-1, 1, (20, 400)))
    assert "has no classes" in refused(lambda: open_source(SoundGAN.tiny(), data=noise))
    assert "regular expression" in refused(lambda: with_source(folder, group="("))
    assert "fewer bands" in refused(lambda: with_source(folder, bands=64))
