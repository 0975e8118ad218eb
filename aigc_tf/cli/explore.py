"""Explore the latent space of a run: interpolations, directions, traversals, edited pictures, guidance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

import tyro

from aigc_tf.cli.command import command
from aigc_tf.cli.editing import Attribute, Invert
from aigc_tf.cli.explorations import Between, Direction, Exploration, Interpolate, Map, Nearest, Traverse
from aigc_tf.cli.guided import Guided
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from aigc_tf.runs.run import Run

MIN_SHOWN = 6  # values, where no count is given

EXPLORATIONS: dict[str, type[Exploration]] = {
    kind.name(): kind for kind in (Interpolate, Direction, Traverse, Map, Between, Nearest, Invert)
}
"""By the names of their commands, which are also flags of `sample`."""
ALL: tuple[type[Exploration], ...] = (*EXPLORATIONS.values(), Attribute, Guided)
Chosen: Any = Union[  # noqa: UP007 - made of a table
    tuple(Annotated[kind, tyro.conf.subcommand(kind.name(), prefix_name=False)] for kind in ALL)
]


def explore(
    run: Annotated[Path, tyro.conf.Positional],
    what: Annotated[Chosen, tyro.conf.arg(name="")],
) -> None:
    """Explore the latent space of a run.

    Args:
        run: The run's folder.
        what: what to show
    """
    exploration: Exploration = what
    exploration.check()

    from aigc_tf.runs.run import Run

    show(Run.open(run, exploration.checkpoint), exploration)


def show(run: Run, what: Exploration) -> None:
    """Write or print what an exploration finds.

    Raises:
        InputError: the model has no such latent space, or the result cannot be written in that form.
    """
    from aigc_tf.cli.results import deliver, destination

    model: Any = None
    for task in what.needs:
        model = run.able(task)
    modality = what.modality(model)
    count = what.count or max(modality.drawn, MIN_SHOWN)
    if what.out is not None and what.out.suffix in modality.moving and not what.is_way:
        still = ", ".join(ending for ending in modality.writes if ending and ending not in modality.moving)
        raise InputError(f"--{what.name()} cannot be a {what.out.suffix}: choose {still}, or a folder")
    out = destination(modality, what.out, run.path / what.name(), count)
    values, columns = what.shown(run, model, count)
    deliver(modality, out, [values], len(values), run.made_by(what.seed), columns)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(explore, arguments)
