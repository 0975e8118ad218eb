"""Music sources: groups are not split, and the content of batches."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.music.likeness import ALIKE, NEAR, groups, melody_passages, passages
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.opening import open_source
from aigc_tf.data.music.piece import BEHIND, FIRST, HOLD, REST, Piece, ages, ending_on, held, joined, pitch_of
from aigc_tf.data.music.source import MusicSource, given_cells
from aigc_tf.recipes.music import Music, MusicSettings
from aigc_tf.recipes.pieces import VOICES


@pytest.fixture(scope="module")
def source() -> MusicSource:
    return open_source(Music(music=MusicSettings(window=24)))


def with_melody_of(piece: Piece, other: Piece) -> Piece:
    """Another setting of the same melody."""
    cells = other.cells.copy()
    cells[:, 0] = piece.cells[:, 0]
    return dataclasses.replace(piece, cells=cells)


def test_near_duplicates_are_found_in_any_key_and_melodies_apart_from_their_settings():
    first, second, third, *_ = made_up_pieces(VOICES)
    changed = first.transposed(3)
    changed.cells[40:44] = second.cells[40:44]
    setting = with_melody_of(first, second)
    pieces = [first, second, changed, setting, third]
    assert groups(pieces, passages, NEAR).tolist() == [0, 1, 0, 3, 4]
    assert groups(pieces, melody_passages, ALIKE).tolist() == [0, 1, 0, 0, 4]


def test_duplicates_are_kept_once_and_settings_of_a_melody_on_one_side():
    pieces = made_up_pieces(VOICES)
    others = [with_melody_of(piece, pieces[-1 - number]) for number, piece in enumerate(pieces[:40])]
    doubles = [piece.transposed(-2) for piece in pieces[:10]]
    found = open_source(Music(), [*pieces, *others, *doubles])
    assert "left out: 10 pieces" in found.notes[1]
    parts = {name: found.part(name) for name in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == 160 and len(parts["test"]) > 5 and len(parts["validation"]) > 3
    melodies = {name: {piece.cells[:, 0].tobytes() for piece in part.pieces} for name, part in parts.items()}
    assert not melodies["train"] & melodies["test"] and not melodies["train"] & melodies["validation"]
    apart = open_source(Music(music=MusicSettings(melodies_apart=False)), [*pieces, *others])
    assert apart.fingerprint != found.fingerprint


def test_the_split_does_not_depend_on_the_order_of_the_files():
    pieces = made_up_pieces(VOICES)
    first, second = open_source(Music(), pieces), open_source(Music(), pieces[::-1])
    assert set(first.test.pieces) == set(second.test.pieces)


def test_a_batch_depends_on_seed_and_step_alone(source: MusicSource):
    batches = [*source.batches(4, seed=3).take(4)]
    (again,) = source.batches(4, seed=3, first_step=3).take(1)
    part = next(iter(source.batches(4, seed=3, rows=slice(2, 4))))
    for name, values in again.items():
        np.testing.assert_array_equal(values, batches[3][name])
        np.testing.assert_array_equal(part[name], batches[0][name][2:])
    (other,) = source.batches(4, seed=4).take(1)
    assert not np.array_equal(other["held"], batches[0]["held"])


def test_windows_are_moved_within_the_ranges_of_the_voices(source: MusicSource):
    lowest, highest = source.ranges.T
    for batch in source.batches(32, seed=0).take(4):
        sounding = batch["held"].numpy()
        notes = sounding >= FIRST
        assert (sounding >= lowest)[notes].all() and (sounding <= highest)[notes].all()
        # A held note's age is that of the previous step plus one.
        age = batch["age"].numpy()
        inside = (age[:, 1:] > 0) & (batch["left"].numpy() != BEHIND)[:, :, None]
        assert (sounding[:, 1:] == sounding[:, :-1])[inside].all()


def test_cells_and_what_sounds_are_the_same_piece():
    piece = made_up_pieces(VOICES)[0]
    again = np.where(ages(piece.cells) == 0, held(piece.cells), HOLD)
    again[ages(piece.cells) == 31] = HOLD
    np.testing.assert_array_equal(again, piece.cells)
    cut = piece.part(6, 10)
    np.testing.assert_array_equal(cut.held, piece.held[6:16])
    assert cut.places.tolist() == piece.places[6:16].tolist()


def test_pieces_one_after_the_other_have_a_rest_between_them():
    pieces = made_up_pieces(VOICES)[:2]
    whole = joined(pieces, 16)
    assert whole.steps == 2 * pieces[0].steps + 16 and (whole.cells[pieces[0].steps] == REST).all()


def test_a_piece_is_moved_to_end_on_a_note():
    for piece in made_up_pieces(VOICES)[:12]:
        for key in range(12):
            moved = ending_on(piece, key)
            bass = moved.cells[:, 3][moved.cells[:, 3] >= FIRST][-1]
            assert pitch_of(bass) % 12 == key
            assert abs(int(moved.cells[0, 0]) - int(piece.cells[0, 0])) <= 6
    silent = Piece(np.full((16, 4), HOLD, np.int16))
    assert ending_on(silent, 3) == silent


def test_every_kind_of_gift_comes_in_training():
    random = np.random.default_rng(0)
    kinds = [given_cells(random, 24, 4, nothing=0.4) for _ in range(400)]
    none = [given for given in kinds if not given.any()]
    soprano = [given for given in kinds if given[:, 0].all() and not given[:, 1:].any()]
    begun = [given for given in kinds if given[0].any() and not given[-1].any()]
    assert 120 < len(none) < 200 and len(soprano) > 40 and len(begun) > 20
    assert not any(given.all() for given in kinds)


def test_transposition_can_be_switched_off():
    settings = MusicSettings(window=24, transpose=False)
    source = open_source(Music(music=settings))
    known = {tuple(row) for piece in source.train.pieces for row in piece.held.tolist()}
    (batch,) = source.batches(16, seed=0).take(1)
    rows = tf.reshape(batch["held"][:, 1:], (-1, 4)).numpy()
    assert {tuple(row) for row in rows.tolist()} <= known
