"""Generation cell by cell matches the network on whole windows, and given notes are kept."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import FIRST, HOLD, Piece, pitch_of
from aigc_tf.data.music.voice_leading import parallels
from aigc_tf.errors import InputError
from aigc_tf.families.music.choosing import choose
from aigc_tf.families.music.composing import Task, hops
from aigc_tf.families.music.model import MusicModel
from aigc_tf.metrics.music.likelihood import nats_of_pieces
from aigc_tf.recipes.music import Composing, Music
from aigc_tf.recipes.pieces import VOICES, Choice

PIECES = made_up_pieces(VOICES)


@pytest.fixture(scope="module")
def model() -> MusicModel:
    """A model with weights large enough that every input matters."""
    made = aigc_tf.create(Music.tiny())
    random = np.random.default_rng(0)
    for weight in made.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(random.normal(0, 0.3, weight.shape))
    return made


@pytest.mark.parametrize("steps", [1, 10, 23, 24, 25, 40, 64, 65, 130])
def test_windows_cover_a_piece_once_with_a_known_half_before(steps: int):
    found = [*hops(steps, 24)]
    assert found[0].start == found[0].first == 0 and found[-1].stop == steps
    assert all(second.first == first.stop for first, second in pairwise(found))
    for hop in found[1:]:
        assert hop.first - hop.start == 12 and hop.stop <= hop.start + 24
    for hop in found[:-1]:
        assert hop.start + 24 - hop.stop >= 4  # the encoder's look-ahead


@pytest.mark.parametrize("given", [(), (0,), (1, 3)])
def test_the_cache_gives_the_likelihood_of_whole_windows(model: MusicModel, given: tuple[int, ...]):
    """Cell by cell over several windows, and all windows at once: the same -log p."""
    piece = PIECES[0].part(0, 70)
    mask = np.zeros((1, piece.steps, 4), bool)
    mask[:, :, list(given)] = True
    found = np.zeros((piece.steps, 4))

    def read(logits: np.ndarray, step: int, voice: int) -> np.ndarray:
        symbol = piece.cells[step, voice]
        if voice not in given:
            found[step, voice] = -np.log(tf.nn.softmax(logits[0].astype(np.float64)).numpy()[symbol])
        return np.array([symbol])

    model.composer.write(Task(piece.cells[None], mask, piece.bar), read)
    (whole,) = nats_of_pieces(model, [piece], given)
    np.testing.assert_allclose(found, whole, rtol=1e-3, atol=1e-4)


def test_a_cell_sees_what_is_given_later_and_nothing_else_that_is_later(model: MusicModel):
    piece = PIECES[1].part(0, 24)
    other = Piece(piece.cells.copy(), piece.bar)
    other.cells[16:] = PIECES[2].cells[16:24]
    same, changed = nats_of_pieces(model, [piece, other])
    np.testing.assert_allclose(same[:16], changed[:16], atol=1e-5)
    same, changed = nats_of_pieces(model, [piece, other], given=(0,))
    assert np.abs(same[8:16, 1:] - changed[8:16, 1:]).max() > 1e-3


def test_fixed_voices_stay_and_the_others_are_new(model: MusicModel):
    piece = PIECES[0].part(0, 40)
    for fix in (("soprano",), ("alto", "bass")):
        (made,) = model.transform([piece], seed=1, fix=fix)
        kept = [VOICES.index(name) for name in fix]
        np.testing.assert_array_equal(made.cells[:, kept], piece.cells[:, kept])
        for voice in set(range(4)) - set(kept):
            assert not np.array_equal(made.cells[:, voice], piece.cells[:, voice])
        assert (made.cells[0] != HOLD).all()
        assert model.transform([piece], seed=1, fix=fix) == [made] != model.transform([piece], seed=2, fix=fix)


def test_a_single_melody_becomes_the_voice_that_is_named(model: MusicModel):
    melody = Piece(PIECES[0].cells[:32, :1])
    for voice in (0, 2):
        (made,) = model.transform([melody], fix=VOICES[voice : voice + 1])
        np.testing.assert_array_equal(made.cells[:, voice], melody.cells[:, 0])
    assert model.transform([melody])[0].cells.shape == (32, 4)
    score = PIECES[0].part(0, 16)
    assert model.transform([score]) == model.transform([score], fix=("soprano",)) != [score]
    with pytest.raises(InputError, match="no voice viola"):
        model.transform([melody], fix=("viola",))
    with pytest.raises(InputError, match="bass is to be fixed"):
        model.transform([melody], fix=("soprano", "bass"))


def test_a_prompt_begins_each_piece_and_goes_on(model: MusicModel):
    beginning = PIECES[0].part(0, 16)
    made = model.generate(2, prompt=beginning, bars=1)
    assert [piece.steps for piece in made] == [32, 32] and made[0] != made[1]
    for piece in made:
        np.testing.assert_array_equal(piece.cells[:16], beginning.cells)
    (made,) = model.generate(1, prompt=Piece(beginning.cells[:, :1]), bars=1)
    np.testing.assert_array_equal(made.cells[:16, 0], beginning.cells[:, 0])


def test_pieces_can_be_had_in_a_key(model: MusicModel, monkeypatch: pytest.MonkeyPatch):
    """With a model of realistic notes: random ones range from one end of the piano to the other."""
    drawn = np.stack([PIECES[0].cells[:16], PIECES[5].cells[:16]])
    monkeypatch.setattr(MusicModel, "compose", lambda *_: drawn)
    made = model.generate(2, seed=3, bars=1, key="f#")
    plain = model.generate(2, seed=3, bars=1)
    for piece, other in zip(made, plain, strict=True):
        assert pitch_of(piece.cells[:, 3][piece.cells[:, 3] >= FIRST][-1]) % 12 == 6
        np.testing.assert_array_equal(piece.cells == HOLD, other.cells == HOLD)
    with pytest.raises(InputError, match="a prompt brings its own"):
        Composing(key="c", prompt="tune.mid")


def test_inputs_of_any_length_are_given_back_in_their_order(model: MusicModel):
    pieces = [PIECES[0].part(0, 20), PIECES[1].part(0, 30), PIECES[2].part(0, 20)]
    made = model.transform(pieces, seed=1)
    for piece, new in zip(pieces, made, strict=True):
        np.testing.assert_array_equal(new.cells[:, 0], piece.cells[:, 0])
        assert model.transform([piece], seed=1) == [new]


def test_pieces_do_not_depend_on_those_beside_them(model: MusicModel):
    several = model.generate(3, seed=5, bars=1)
    assert model.generate(1, seed=5, bars=1) == several[:1]


def test_how_symbols_are_chosen():
    logits = np.log(np.array([[0.5, 0.3, 0.2]]))
    uniform = (np.arange(1000) + 0.5) / 1000
    rows = np.repeat(logits, 1000, axis=0)

    def shares(choice: Choice) -> list[float]:
        return (np.bincount(choose(rows, choice, uniform), minlength=3) / 1000).tolist()

    assert shares(Choice()) == pytest.approx([0.5, 0.3, 0.2])
    assert shares(Choice(temperature=0)) == [1, 0, 0]
    assert shares(Choice(temperature=0.5)) == pytest.approx([0.25 / 0.38, 0.09 / 0.38, 0.04 / 0.38], abs=2e-3)
    assert shares(Choice(top_p=0.6)) == pytest.approx([0.625, 0.375, 0])


def test_training_learns_what_follows_what():
    recipe = Music.tiny()
    run_steps, model = 60, aigc_tf.create(recipe)
    source = aigc_tf.references.resolve(recipe.data)(recipe)
    losses = [float(model.train_step(batch)["loss"]) for batch in source.batches(16, recipe.seed).take(run_steps)]
    assert np.mean(losses[-10:]) < 0.55 * np.mean(losses[:5])


def test_of_several_drawings_the_one_with_fewest_parallels_is_written(model: MusicModel):
    once, best = model.generate(4, seed=1, bars=2), model.generate(4, seed=1, bars=2, best_of=8)
    assert model.generate(4, seed=1, bars=2, best_of=8) == best
    assert sum(sum(parallels(piece)) for piece in best) <= sum(sum(parallels(piece)) for piece in once)
    (fitted,) = model.transform([PIECES[0].part(0, 16)], best_of=3)
    np.testing.assert_array_equal(fitted.cells[:, 0], PIECES[0].cells[:16, 0])


def test_no_parallels_are_drawn_where_none_are_wanted(model: MusicModel):
    usual, drawn = (model.generate(4, seed=1, bars=4, parallels=wanted) for wanted in (True, False))
    assert all(sum(parallels(piece)) == 0 for piece in drawn)
    assert any(sum(parallels(piece)) > 0 for piece in usual)
    for voice, name in ((0, "soprano"), (3, "bass")):
        (fitted,) = model.transform([PIECES[0]], fix=(name,), parallels=False)
        assert parallels(fitted) == (0, 0)
        np.testing.assert_array_equal(fitted.cells[:, voice], PIECES[0].cells[:, voice])
