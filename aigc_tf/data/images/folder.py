"""Folders of images, prepared once; unreadable files are counted and listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aigc_tf.data.images.decode import SUFFIXES
from aigc_tf.data.images.layout import Layout, layout_of
from aigc_tf.data.images.near_duplicates import note_on
from aigc_tf.data.images.prepared import PreparedFolder, prepared
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.source import HELD_OUT
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, listed, printable
from aigc_tf.recipes.images import ImageSettings


def open_folder(folder: Path, settings: ImageSettings) -> ImageSource:
    """Open all images in a folder and its sub-folders; see `aigc_tf.data.images.layout` for parts and classes.

    If the folder has no test part, a tenth is held out by a hash of the prepared pixels: copies of an image are on the
    same side.

    Raises:
        InputError: there are no training images, more than `settings.max_unreadable` of them cannot be read, or a
            folder cannot be read.
    """
    found = files_below(folder, SUFFIXES)
    left_out = f"left out: {found.left_out}" if found.left_out else ""
    if not found.files:
        raise InputError(
            f"folder {folder} holds no images: expected files that end in {', '.join(SUFFIXES)}"
            + (f" ({left_out})" if left_out else "")
        )
    layout = layout_of(found.files, f"folder {folder}")
    content = prepared(folder, layout, settings)
    unreadable = [f"{printable(layout.files[position])} ({reason})" for position, reason in content.unreadable]
    _check_share(folder, unreadable, len(layout.files), settings.max_unreadable)
    if not len(content.parts["train"].images):
        raise InputError(f"none of the training images in {folder} can be read: {listed(unreadable)}")
    tested = layout.parts.index("test") if "test" in layout.parts else None
    return ImageSource(
        name=str(folder),
        train=content.parts["train"],
        test=content.parts["test"],
        own_validation=content.parts.get("validation"),
        known=(content.fingerprint, tuple(content.parts.values())),
        class_names=layout.class_names,
        test_split=HELD_OUT if tested is None else f"the folder {Path(layout.files[tested]).parts[0]}",
        licence="the user's own",
        notes=(*([left_out] if left_out else []), *_notes(layout, content, unreadable)),
    )


def _notes(layout: Layout, content: PreparedFolder, unreadable: list[str]) -> Iterator[str]:
    yield from layout.notes
    if unreadable:
        yield (
            f"{len(unreadable)} of {len(layout.files)} files could not be read and are left out: {listed(unreadable)}"
        )
    yield from note_on(content.near_duplicates)
    if content.note:
        yield content.note


def _check_share(folder: Path, unreadable: list[str], count: int, allowed: float) -> None:
    if len(unreadable) > allowed * count:
        raise InputError(
            f"{len(unreadable)} of {count} images in {folder} cannot be read, more than the share of {allowed:g} that "
            f"images.max_unreadable allows: {listed(unreadable)}; repair or remove them, or raise the limit"
        )
    if len(unreadable) == count:
        raise InputError(f"none of the {count} images in {folder} can be read: {listed(unreadable)}")
