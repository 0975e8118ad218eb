"""Opens sources of music: by name, from MIDI files, or from Python data."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aigc_tf.data.music.excerpts import ExcerptSource
from aigc_tf.data.music.folder import midi_folder, read_files
from aigc_tf.data.music.likeness import ALIKE, NEAR, groups, melody_passages, passages
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.midi import read_piece
from aigc_tf.data.music.piece import Piece
from aigc_tf.data.music.rolls import left_out
from aigc_tf.data.music.source import MusicSource, MusicSplit, PieceSource
from aigc_tf.data.source import GIVEN, held_out_by_key
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.music_gan import MusicGAN
from aigc_tf.recipes.music_vae import MusicVAE
from aigc_tf.recipes.pieces import PiecesSettings

AUTO = "made_up_chorales"
HELD_OUT = "10 % of the pieces held out by content hash"
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_TEST_SHARE = 10
_NEEDED = 10  # pieces
_SHORTEST = 16  # steps

Opened = TypeVar("Opened", bound=PieceSource)


def open_source(recipe: Music, data: Any = None) -> MusicSource:
    """Open windows of a recipe's pieces; see `_opened`."""
    return _opened(recipe, data, partial(MusicSource, nothing_given=recipe.nothing_given))


def open_excerpts(recipe: MusicVAE | MusicGAN, data: Any = None) -> ExcerptSource:
    """Open excerpts of a recipe's pieces; see `_opened`.

    Raises:
        InputError: a part has no piece in four-four time that is long enough.
    """
    source = _opened(recipe, data, ExcerptSource)
    source.refuse_empty_parts()
    if isinstance(recipe, MusicGAN):
        source = dataclasses.replace(source, notes=(*source.notes, *left_out(source.whole.pieces, recipe)))
    return source


def _opened(recipe: Music | MusicVAE | MusicGAN, data: Any, kind: Callable[..., Opened]) -> Opened:
    """Open the pieces of a recipe; about a tenth of them is held out.

    Duplicates and near-duplicates in any key are removed. The split depends only on the content of the pieces.

    Args:
        recipe: its `source` is `auto` (`made_up_chorales`) or a folder of MIDI files.
        data: replaces the source: a sequence of `Piece`.
        kind: class of the source.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    name, licence, pieces, notes = _read(recipe, data)
    settings = recipe.music
    first = groups(pieces, passages, NEAR)
    unique = [piece for index, piece in enumerate(pieces) if first[index] == index]
    if len(unique) < _NEEDED:
        raise InputError(f"{name} has {len(unique)} different pieces, and at least {_NEEDED} are needed: give more")
    if len(unique) < len(pieces):
        notes.append(f"left out: {len(pieces) - len(unique):,} pieces that are nearly the same as another one")
    keys = _keys(unique, settings)
    tested = held_out_by_key(_second(keys), len(unique) // _TEST_SHARE)
    whole = MusicSplit(unique, keys)
    if not tested.any() or tested.all():
        raise InputError(
            f"{name}: too many of its {len(unique)} pieces are settings of one melody to hold some out: give "
            "others, or --music.no-melodies-apart"
        )
    source = kind(
        name=name,
        licence=licence,
        settings=settings,
        whole=whole.only(~tested),
        train=whole.only(~tested),
        test=whole.only(tested),
        test_split=HELD_OUT + (", settings of one melody together" if settings.melodies_apart else ""),
    ).for_recipe(recipe)
    sizes = source.sizes_in_words("pieces", len)
    return dataclasses.replace(source, notes=(f"{name}: {sizes}", *notes))


def _read(recipe: Music | MusicVAE | MusicGAN, data: Any) -> tuple[str, str, list[Piece], list[str]]:
    """The name of the data, its licence, the pieces, and notes on them."""
    settings, name = recipe.music, recipe.source
    if data is not None:
        return GIVEN, _OWN, _given(data, settings), []
    if name in ("auto", AUTO):
        return AUTO, _MADE_UP, made_up_pieces(settings.voices), []
    path = midi_folder(name)
    pieces, notes = read_folder(path, settings)
    return str(path), _OWN, pieces, notes


def _given(data: Any, settings: PiecesSettings) -> list[Piece]:
    pieces = list(data) if isinstance(data, Sequence) else [data]
    for piece in pieces:
        if not isinstance(piece, Piece) or piece.cells.shape[1:] != (len(settings.voices),) or not piece.steps:
            raise InputError(
                f"data is not a sequence of pieces (aigc_tf.data.music.piece) of {len(settings.voices)} voices"
            )
    return pieces


def read_folder(folder: Path, settings: PiecesSettings) -> tuple[list[Piece], list[str]]:
    """The pieces with all voices in a folder and its sub-folders, and notes on what was left out.

    Raises:
        InputError: there are none, or too many files are left out.
    """
    return read_files(folder, partial(_whole_piece, settings), settings.max_unreadable, "music.max_unreadable")


def _whole_piece(settings: PiecesSettings, path: Path) -> Piece:
    piece = read_piece(path, settings.voices)
    found, wanted = piece.cells.shape[1], len(settings.voices)
    if found != wanted:
        raise UnreadableError(f"has {found} part{'s' if found > 1 else ''} instead of {wanted}")
    if piece.steps < _SHORTEST:
        raise UnreadableError(f"is shorter than {_SHORTEST} sixteenth notes")
    return piece


def _keys(pieces: Sequence[Piece], settings: PiecesSettings) -> np.ndarray:
    """Hashes of pieces, uint64 `[pieces]`, equal within a group that stays together: the smallest in the group."""
    own = np.array([_key(piece) for piece in pieces], np.uint64)
    if not settings.melodies_apart:
        return own
    first = groups(pieces, melody_passages, ALIKE)
    smallest = np.full(len(pieces), np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(smallest, first, own)
    return smallest[first]


def _key(piece: Piece) -> int:
    """A hash of the content in any key."""
    changes = np.diff(piece.held.astype("<i2"), axis=0)
    digest = hashlib.blake2b(np.ascontiguousarray(changes).data.cast("B"), digest_size=8, person=b"music")
    return int.from_bytes(digest.digest())


def _second(keys: np.ndarray) -> np.ndarray:
    """Independent hashes derived from hashes, so that the test split does not determine the validation split."""
    digests = [hashlib.blake2b(int(key).to_bytes(8), digest_size=8, person=b"music test").digest() for key in keys]
    return np.array([int.from_bytes(digest) for digest in digests], np.uint64)
