"""Generate labelled examples with a conditional model, to train other models on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_place, require_seed
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.runs.run import Run

TOGETHER = 1000  # examples that are in memory at once


def augment(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    count: int,
    out: Path,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Generate labelled examples with a conditional model.

    Args:
        run: The run's folder.
        count: Total number of examples, the same number of each class.
        out: Output folder, with a subfolder for each class.
        seed: The same seed gives the same examples.
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    require_counts(count=count)
    require_seed(seed)
    require_place(out)

    from aigc_tf.runs.run import Run

    write_classes(Run.open(run, checkpoint), count, out, seed)
    print(out)


def write_classes(run: Run, count: int, out: Path, seed: int) -> None:
    """Write `count` examples, the classes in turn.

    Raises:
        InputError: the model is not conditional, there are fewer examples than classes, or a file already exists.
    """
    model = model_of_classes(run)
    names, gives = folder_names(model.condition.kinds), model.gives
    if count < len(names):
        raise InputError(f"--count is {count}: give at least one for each of the {len(names)} {model.condition.name}")
    paths = [out / names[index % len(names)] / f"seed{seed}-{index:06d}{gives.writes[0]}" for index in range(count)]
    there = next((path for path in paths if path.exists()), None)
    if there is not None:
        raise InputError(f"{there} already exists: choose another --seed or another --out")
    for name in names:
        (out / name).mkdir(parents=True, exist_ok=True)
    remaining, made_by = iter(paths), run.made_by(seed)
    try:
        for examples, _ in labelled_examples(run, count, seed):
            for example in examples:
                gives.write(next(remaining), example, made_by)
    except BaseException:  # an incomplete set is useless for training, and would be in the way of the next attempt
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def labelled_examples(run: Run, count: int, seed: int) -> Iterator[tuple[Any, np.ndarray]]:
    """Batches of examples and the numbers of their classes, int64 `[batch]`, the classes in turn."""
    import numpy as np

    model = model_of_classes(run)
    kinds = model.condition.spread(len(model.condition.kinds))
    labels = np.arange(count) % len(kinds)
    for part, start in enumerate(range(0, count, TOGETHER)):
        chosen = labels[start : start + TOGETHER]
        part_seed = int(np.random.SeedSequence((seed, part)).generate_state(1)[0])
        condition = model.condition.stack([kinds[label] for label in chosen])
        yield run.generate(len(chosen), part_seed, condition), chosen


def model_of_classes(run: Run) -> Any:
    """The run's model, if it is conditional and the values of its condition can be listed.

    Raises:
        InputError: it does not; names the recipes whose models do.
    """
    from aigc_tf.families.tasks import Draws, Task
    from aigc_tf.recipes.registry import recipe_classes
    from aigc_tf.references import resolve

    model = run.able("Draws")
    if model.condition is not None and model.condition.kinds:
        return model
    models = {name: resolve(recipe.model) for name, recipe in recipe_classes().items()}
    able = [name for name, kind in models.items() if issubclass(kind, Draws) and kind.condition is not Task.condition]
    raise InputError(f"a {run.recipe.slug()} cannot be told which class to generate: choose a run of {', '.join(able)}")


def folder_names(class_names: Sequence[str]) -> list[str]:
    """Distinct folder names that any system accepts: "T-shirt/top" becomes "T-shirt-top"."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(augment, arguments)
