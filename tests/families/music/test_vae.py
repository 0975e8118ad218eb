"""The music VAE: bars, cell-by-cell likelihood, reconstructions after short training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.music.excerpts import notes_of_pieces
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import Piece
from aigc_tf.errors import InputError
from aigc_tf.export.quality.music import Reader
from aigc_tf.families.music.cells import by_bars
from aigc_tf.families.music.composing import Task
from aigc_tf.families.music.vae import MusicVAE, composer_of, written
from aigc_tf.modalities.music import Excerpts
from aigc_tf.recipes.music_vae import MusicVAE as Recipe
from aigc_tf.recipes.pieces import VOICES, Choice, ExcerptSettings

PIECES = [piece.part(16, 32) for piece in made_up_pieces(VOICES)]


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    """A model of two bars, with weights large enough that every input matters."""
    made = aigc_tf.create(dataclasses.replace(Recipe.tiny(), music=ExcerptSettings(bars=2)))
    random = np.random.default_rng(0)
    for weight in made.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(random.normal(0, 0.3, weight.shape))
    return made


def nats(model: MusicVAE, pieces: list[Piece], latents: np.ndarray) -> np.ndarray:
    return model.nats(notes_of_pieces(pieces), latents, training=False).numpy()


def test_bars_come_with_what_sounds_before_them():
    notes = notes_of_pieces(PIECES[:3])
    bars = by_bars(notes, 2)
    held, age = bars["held"].numpy().reshape(3, 2, 17, 4), bars["age"].numpy().reshape(3, 2, 17, 4)
    np.testing.assert_array_equal(held[:, :, 1:].reshape(3, 32, 4), notes[..., 0])
    np.testing.assert_array_equal(age[:, 1, 0], notes[:, 15, :, 1])
    assert (held[:, 0, 0] == 0).all()
    left = bars["left"].numpy().reshape(3, 2, 16)
    assert left[0].ravel().tolist() == [*range(31, -1, -1)] and bars["place"].numpy()[0].tolist() == [*range(16)]


def test_reading_cell_by_cell_costs_what_the_network_says(model: MusicVAE):
    latents = model.latents(2, 0)
    cells = np.stack([piece.cells for piece in PIECES[:2]])
    reader = Reader(Task(cells, np.zeros(cells.shape, bool)))
    again = written(
        model.call_networks, composer_of(model.call_networks, model.networks), latents, model.recipe, reader
    )
    np.testing.assert_array_equal(again, cells)
    assert reader.nats == pytest.approx(nats(model, PIECES[:2], latents).sum(), rel=1e-4)


def test_a_bar_knows_of_the_one_before_only_what_sounds_at_its_end(model: MusicVAE):
    """The middle of the first bar changes only that bar's nats, and so the total by the same amount."""
    piece, other = PIECES[0], PIECES[0].cells.copy()
    other[4] = PIECES[5].cells[0]
    changed = Piece(other)
    np.testing.assert_array_equal(changed.held[12:], piece.held[12:])
    latents = model.latents(1, 0).repeat(2, axis=0)
    end = [Piece(np.concatenate([each.cells[:16], PIECES[7].cells[16:]])) for each in (piece, changed)]
    first, second = nats(model, [piece, changed], latents), nats(model, end, latents)
    assert abs(first[1] - first[0]) > 1e-2
    assert first[1] - first[0] == pytest.approx(second[1] - second[0], abs=1e-3)


def test_the_latent_decides(model: MusicVAE):
    one, other = model.decode(model.latents(2, 1))
    assert one != other and one.cells.shape == (32, 4) and (one.cells[0] != 0).all()
    assert model.decode(model.latents(2, 1)) == [one, other]
    assert model.generate(2, seed=1) != model.generate(2, seed=1, choice=Choice(temperature=0.1))


def test_files_that_are_too_short_or_lack_voices_are_refused(tmp_path: Path):
    takes = Excerpts(ExcerptSettings())
    for name, piece in {
        "long": PIECES[0],
        "short": PIECES[0].part(0, 16),
        "single": Piece(PIECES[0].cells[:, :1]),
    }.items():
        takes.write(tmp_path / f"{name}.mid", piece, {})
    (read,) = takes.parse([str(tmp_path / "long.mid")])
    np.testing.assert_array_equal(read.cells, PIECES[0].cells)
    with pytest.raises(InputError, match="lasts 16 sixteenth notes from its first bar on, and 32 are needed"):
        takes.parse([str(tmp_path / "short.mid")])
    with pytest.raises(InputError, match="has 1 of 4 voices"):
        takes.parse([str(tmp_path / "single.mid")])


def test_learns_to_give_back_what_it_encodes():
    """A few excerpts are memorised in 80 steps, including note onsets."""
    small = {"depth": 1, "encoder_depth": 1, "width": 32, "heads": 2, "units": 32, "latent_dim": 16}
    recipe = Recipe(**small, steps=80, dropout=0.0, note_dropout=0.0, beta=0.0)
    model = aigc_tf.create(recipe)
    model.make_train_function()
    batch = {"notes": notes_of_pieces(PIECES[:8])}
    first = float(model.test_step(batch)["reconstruction_loss"])
    for _ in range(80):
        model.train_function(iter([batch]))
    assert float(model.test_step(batch)["reconstruction_loss"]) < 0.2 * first
    again = model.transform(PIECES[:8])
    assert np.mean([(one.cells == other.cells).mean() for one, other in zip(PIECES, again, strict=False)]) > 0.9
