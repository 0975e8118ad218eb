"""Write labelled pictures by a conditional model, to train something else on.

    python -m tools.augment saved_models/cgan/RUN --count 5000 --out generated

Every class gets a folder of PNG files; `--source generated` reads them back with their labels, and so does anything
that takes a folder for each class. The files say that they were generated, by which run, with which seed. Calls with
other seeds add to the same folders. What such pictures are good for has to be measured: see
`python -m tools.benchmark augmentation`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.runs.run import Run

TOGETHER = 1000  # pictures that are in memory at once


def augment(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    count: int,
    out: Path,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Write labelled pictures by a conditional model.

    Args:
        run: The run's folder.
        count: How many pictures in all, the same number of each class.
        out: The folder for the classes' folders.
        seed: The same seed gives the same pictures.
        checkpoint: The last one, or the best seen while training.
    """
    from aigc_tf.runs.run import Run

    write_classes(Run.open(run, checkpoint), count, out, seed)
    print(out)


def write_classes(run: Run, count: int, out: Path, seed: int) -> None:
    """Write `count` pictures, the classes in turn.

    Raises:
        InputError: the model is not conditional, there are fewer pictures than classes, or a file is there already.
    """
    from aigc_tf.modalities.drawing import write_png

    require_classes(run.model)
    names = folder_names(run.model.classes.names)
    if count < len(names):
        raise InputError(f"--count is {count}: give at least one picture for each of the {len(names)} classes")
    paths = [out / names[index % len(names)] / f"seed{seed}-{index:06d}.png" for index in range(count)]
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise InputError(f"{there} is there already: choose another --seed or another --out")
    for name in names:
        (out / name).mkdir(parents=True, exist_ok=True)
    remaining = iter(paths)
    for images, _ in labelled_images(run, count, seed):
        for image in images:
            write_png(next(remaining), image, run.made_by(seed))


def labelled_images(run: Run, count: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of pictures, `[batch, height, width, channels]` in [0, 1], and their labels, the classes in turn."""
    import numpy as np

    labels = np.arange(count) % len(run.model.classes.names)
    for part, start in enumerate(range(0, count, TOGETHER)):
        chosen = labels[start : start + TOGETHER]
        part_seed = int(np.random.SeedSequence((seed, part)).generate_state(1)[0])
        yield run.generate(len(chosen), part_seed, labels=chosen), chosen


def require_classes(model: Any) -> None:
    """Raise InputError if a model cannot be told which class to draw; names the recipes whose models can."""
    from aigc_tf.recipes.registry import recipe_classes
    from aigc_tf.references import resolve

    def draws_classes(generate: Any) -> bool:
        return "labels" in inspect.signature(generate).parameters

    if not draws_classes(model.generate):
        able = [name for name, recipe in recipe_classes().items() if draws_classes(resolve(recipe.model).generate)]
        raise InputError(f"a {model.name} cannot be told which class to draw: choose a run of {', '.join(able)}")


def folder_names(class_names: Sequence[str]) -> list[str]:
    """Names of folders, different ones, that any system accepts: "T-shirt/top" becomes "T-shirt-top"."""
    names: list[str] = []
    for class_name in class_names:
        # A folder whose name begins with a dot would not be read back.
        safe = re.sub(r"[^\w .+-]", "-", class_name).strip(" .") or "class"
        name, number = safe, 1
        while name.casefold() in (other.casefold() for other in names):
            number += 1
            name = f"{safe}-{number}"
        names.append(name)
    return names


if __name__ == "__main__":
    command(augment)
