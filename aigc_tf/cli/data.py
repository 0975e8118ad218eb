"""Inspect a data source as a recipe would read it, before training."""

from __future__ import annotations

import argparse
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Annotated, Any

import tyro

from aigc_tf.cli.checks import require_ending, require_place
from aigc_tf.cli.command import call, friendly_exit
from aigc_tf.data.overview import Counts, Overview
from aigc_tf.data.paths import refuse_missing
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes, recipe_named
from aigc_tf.references import resolve
from aigc_tf.storage.files import write_atomically, write_text

USUAL = "dcgan"
"""The recipe used where the source does not suggest another."""
READ_AT_ONCE = 500  # pictures
_BAR, _LISTED = 30, 40  # letters of the longest bar, bars of a list


def data(
    source: Annotated[str, tyro.conf.Positional] = "auto",
    recipe: str | None = None,
    out: Path | None = None,
    clean: Path | None = None,
) -> None:
    """Inspect a source as a recipe would read it: splits, classes, lengths, duplicates, outliers, what is skipped.

    Args:
        source: A folder, a file, the name of a data set, or auto.
        recipe: Name of the recipe; by default one that reads such files. All its fields are flags.
        out: Write a picture (.png) of examples, outliers, near-duplicates, and counts of each kind.
        clean: Write a text file that lists copies, near-duplicates, blank pictures and outliers, one per line.
    """
    show(recipe_named(recipe or reader_of(source))(source=source), out, clean)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: the source, then flags of the recipe."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    source = words.pop(0) if words and not words[0].startswith("-") else None
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--recipe")
    first.add_argument("--source", default="auto")
    given, _ = first.parse_known_args(words)
    with friendly_exit():
        source = source or given.source
        refuse_missing(source)
        kind = recipe_named(given.recipe or reader_of(source))
        call(looking(kind(source=source)), words)


def looking(defaults: Recipe) -> Callable[..., None]:
    """The command for one recipe, with its fields as flags, for tyro."""

    def look(settings: Any, recipe: str = "", out: Path | None = None, clean: Path | None = None) -> None:
        del recipe  # the settings are its fields
        show(settings, out, clean)

    look.__annotations__["settings"] = Annotated[type(defaults), tyro.conf.arg(name="")]
    look.__defaults__ = (defaults, defaults.slug(), None, None)
    summary, _, meanings = (inspect.getdoc(data) or "").partition("\n\nArgs:\n")
    source, _, others = meanings.partition("\n")
    look.__doc__ = f"{summary}\n\nThe first word is the source. {source.partition(': ')[2]}\n\nArgs:\n{others}"
    return look


def reader_of(source: str) -> str:
    """The name of a recipe that reads the file at a path, or most files of a folder."""
    path = Path(source).expanduser()
    names = files_below(path).files if path.is_dir() else [source]
    endings = Counter(PurePath(name).suffix.lower() for name in names)
    recipes = recipe_classes()

    def fitness(name: str) -> tuple[int, bool]:
        return sum(endings[ending] for ending in recipes[name].reads), name == USUAL

    return max(recipes, key=fitness)


def show(recipe: Recipe, out: Path | None, clean: Path | None = None) -> None:
    """Print an overview of a recipe's source; write the picture of it and the list of pictures to clean."""
    if out is not None:
        require_ending(out, (".png",))
    for path in (out, clean):
        require_place(path)
    from aigc_tf.families.create import create
    from aigc_tf.families.tasks import modality_of

    source = resolve(recipe.data)(recipe)
    overview: Overview = source.overview()
    print("\n".join([*map(printable, source.notes), f"as {recipe.slug()} sees it (--recipe names another)"]))
    width = max(map(len, overview.facts), default=0)
    print("\n".join(f"{name:<{width}}  {fact}" for name, fact in overview.facts.items()))
    for title, counts in overview.counts.items():
        print(f"\n{title}:\n{listing(counts)}")
    modality = modality_of(create(recipe, **source.assets_for(recipe)))
    if clean is not None:
        list_doubts(source, modality, clean)
    previews = {}
    for title, shown in overview.examples.items():
        titles = shown.titles
        preview = modality.show_titled(shown.values, titles) if titles else modality.show(shown.values, shown.columns)
        previews[title] = preview
        if isinstance(preview, str):
            print(f"\n{title}:\n" + "\n".join(map(printable, preview.splitlines())))
    if out is None:
        print("\n--out data.png writes a picture of it")
        return
    from aigc_tf.modalities.drawing import write_png
    from aigc_tf.modalities.overview import overview_picture

    picture = overview_picture(previews, overview.counts)
    write_atomically(out, partial(write_png, image=picture, made_by={"source": Path(source.name).name}))
    print(f"\n{out}")


def list_doubts(source: Any, modality: Any, out: Path) -> None:
    """Write a tab-separated line for each doubtful picture: the reason, its name, and the one that it duplicates.

    Names are those of all files where the source is a folder, in whatever split; otherwise indices of training
    pictures, from 0.

    Raises:
        InputError: the source does not hold pictures.
    """
    import numpy as np

    from aigc_tf.data.images.cleaning import doubts
    from aigc_tf.data.images.source import ImageSource
    from aigc_tf.data.volumes.slices import holds_volumes

    if not isinstance(source, ImageSource):
        raise InputError(f"--clean lists pictures, and {source.name} holds {modality.name}: leave it out")
    images, names = source.training.images, [str(row) for row in range(len(source.training.images))]
    folder = Path(source.name).expanduser()
    if folder.is_dir() and not holds_volumes(folder):
        read = list(modality.read_all(modality.find([folder]), READ_AT_ONCE))
        images = np.concatenate([values for _, values in read])
        names = [printable(str(file.name)) for files, _ in read for file in files]
    found = doubts(images)
    lines = ["\t".join([kind, names[row], *([] if like is None else [names[like]])]) for kind, row, like in found]
    write_text(out, "".join(f"{line}\n" for line in lines))
    counted = Counter(doubt.kind for doubt in found)
    said = ", ".join(f"{number:,} of kind {kind}" for kind, number in counted.items()) or "nothing"
    print(f"\n{out}: {said} among {len(images):,} pictures")


def listing(counts: Counts) -> str:
    """A line for each kind, with a bar."""
    names = [printable(name) for name in counts.names[:_LISTED]]
    width, most = max(map(len, names), default=0), max(1, int(counts.numbers.max(initial=0)))
    lines = [
        f"  {name:<{width}}  {number:>9,}  {'#' * round(_BAR * number / most)}".rstrip()
        for name, number in zip(names, counts.numbers, strict=False)
    ]
    more = len(counts.names) - len(names)
    return "\n".join([*lines, *([f"  and {more:,} more"] if more else [])])
