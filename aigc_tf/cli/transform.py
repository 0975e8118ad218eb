"""Apply a model to inputs, and save its outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_ending, require_inputs, require_new, require_place, require_seed
from aigc_tf.cli.command import command
from aigc_tf.cli.options import chosen_options, run_command
from aigc_tf.errors import InputError
from aigc_tf.runs.folder import read_recipe

if TYPE_CHECKING:
    from aigc_tf.modalities.base import UserFile


PIPE = Path("-")
"""Stands for stdin among the inputs."""


def transform(
    run: Annotated[Path, tyro.conf.Positional],
    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional] = (),
    *,
    out: Path | None = None,
    text: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--liked"])] = (),
    side_by_side: bool = False,
    json: bool = False,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    condition: Annotated[tuple[str, ...], tyro.conf.arg(aliases=["--labels", "--mask"])] = (),
    **options: Any,
) -> None:
    """Apply a model to inputs, and save its outputs.

    Args:
        run: The run's folder.
        inputs: Input files, or folders of them, or words to search for; - reads lines of text from stdin, and prints
            an output line for each.
        out: Output folder; results are named after their inputs. For a single input it may be a file. Nothing is
            overwritten. By default text is printed.
        text: Texts instead of files, for a model that takes text; for recommenders, titles of liked items.
        side_by_side: Show input and output side by side.
        json: Print one JSON object, for a model with text output.
        seed: Random seed, for models that sample.
        checkpoint: The last checkpoint, or the best one seen while training.
        condition: For a conditional model: one condition for all inputs, or one for each: classes, or masks that are
            white where something is missing.
        options: What the recipe's `transform_options` has.
    """
    piped = inputs == (PIPE,)
    if not piped or text:
        require_inputs(inputs, text, read_recipe(run).inputs_may_be_words)
    require_seed(seed)
    require_place(out)

    from aigc_tf.cli import conditions
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    arguments = chosen_options(opened.recipe, "transform_options", options)
    model = opened.able("Transforms")
    if side_by_side and type(model.takes) is not type(model.transformed):
        raise InputError(
            f"a {opened.recipe.slug()} turns {model.takes.name} into {model.transformed.name}, which cannot be shown "
            "side by side: leave --side-by-side out"
        )
    if model.condition is not None and model.condition.required and not condition:
        raise InputError(f"--condition is missing: {opened.recipe.slug()} needs {model.condition.name}")
    if out is None and not model.transformed.is_printed:
        raise InputError(f"--out is missing: give a folder for the {model.transformed.name}")
    if json and (piped or out is not None or side_by_side or not model.transformed.is_printed):
        raise InputError("--json prints the results of files or --text: leave -, --out and --side-by-side out")
    work = Work(model, seed, conditions.parsed(model, condition), arguments, side_by_side, opened.made_by(seed), json)
    if piped:
        work.lines(sys.stdin)
    elif text:
        work.texts(text, out)
    else:
        work.files(inputs, out)


@dataclass(frozen=True)
class Work:
    """The processing of all inputs."""

    model: Any
    seed: int
    conditions: Any
    """One row, or one for each input; None without conditions."""
    arguments: Mapping[str, Any]
    """Further arguments of the model's method."""
    side_by_side: bool
    made_by: Mapping[str, str]
    json: bool = False
    """Whether what is printed is JSON."""

    def lines(self, lines: Iterable[str]) -> None:
        """Transform lines of text as they arrive, and print a line for each; an empty line stays empty."""
        takes, gives = self.model.takes, self.model.transformed
        if not (takes.is_printed and gives.is_printed):
            raise InputError(f"- reads text, and this model turns {takes.name} into {gives.name}: name files")
        for number, line in enumerate(lines):
            text = line.rstrip("\n")
            (output,) = self._outputs(takes.parse([text]), [0], 1, number) if text.strip() else [""]
            print(output, flush=True)

    def texts(self, texts: Sequence[str], out: Path | None) -> None:
        """Transform texts, and print the results or write them to one file."""
        takes, gives = self.model.takes, self.model.transformed
        if not takes.is_printed:
            raise InputError(f"--text is for models that take text, and this one takes {takes.name}: name files")
        if out is not None:
            self._require_file(out, self._endings())
        values = takes.parse(texts)
        outputs = self._outputs(values, range(len(values)), len(values), 0)
        if out is None:
            self._print(values, outputs)
            return
        self._prepare(out)
        if self.side_by_side:
            self._write_preview(out, takes.compare(values, outputs))
        else:
            gives.write_batches(out, [outputs], len(outputs), self.made_by)
        print(out)

    def files(self, paths: Sequence[Path], out: Path | None) -> None:
        """Transform files, and print the results or write one for each."""
        from aigc_tf.families.tasks import AT_ONCE
        from aigc_tf.modalities.origin import keep_beside

        takes = self.model.takes
        files = takes.find(paths)
        place = {file: index for index, file in enumerate(files)}
        targets = [] if out is None else self._targets(files, paths, out)
        written = []
        for part, (readable, values) in enumerate(takes.read_all(files, AT_ONCE)):
            chosen = [place[file] for file in readable]
            outputs = self._outputs(values, chosen, len(files), part)
            if out is None:
                self._print(values, outputs)
                continue
            for index, value, output in zip(chosen, values, outputs, strict=True):
                self._write(targets[index], value, output)
                written.append(targets[index])
        if out is not None:
            keep_beside(written, self.made_by)
            print(out)

    def _print(self, values: Any, outputs: Any) -> None:
        gives = self.model.transformed
        if self.json:
            print(dumps({**self.made_by, "outputs": gives.plain(outputs)}, ensure_ascii=False))
        else:
            print(self.model.takes.compare(values, outputs) if self.side_by_side else gives.show(outputs))

    def _outputs(self, values: Any, chosen: Sequence[int], count: int, part: int) -> Any:
        """The model's outputs for the inputs at the indices `chosen`, of `count`; `part` is the number of the batch."""
        rows = self.conditions
        if rows is not None and len(rows) not in (1, count):
            raise InputError(f"--condition (--labels) names {len(rows)} for {count} inputs: give one, or one for each")
        if rows is not None and len(rows) > 1:
            rows = self.model.condition.stack([rows[index] for index in chosen])
        return self.model.transform(values, seed_of_part(self.seed, part), rows, **self.arguments)

    def _endings(self) -> Sequence[str]:
        """Extensions of the files that results can be written to."""
        if not self.side_by_side:
            return self.model.transformed.writes
        return [".txt" if self.model.transformed.is_printed else ".png"]

    def _require_file(self, out: Path, endings: Sequence[str]) -> None:
        """Raise InputError unless results can be written to a new file of that name; text can have any extension."""
        if not self.model.transformed.is_printed:
            require_ending(out, endings)
        require_new(out)

    def _targets(self, files: Sequence[UserFile], paths: Sequence[Path], out: Path) -> list[Path]:
        """Where the result of each file goes."""
        endings = self._endings()
        is_single = len(files) == 1 and not paths[0].is_dir()
        if not out.suffix or out.is_dir() or (not is_single and out.suffix not in endings):
            return output_paths(files, out, endings[0])
        if not is_single:
            raise InputError(f"--out is the file {out}, and several results are possible: give a folder")
        self._require_file(out, [*endings, ""])
        return [out]

    def _write(self, path: Path, value: Any, output: Any) -> None:
        takes, gives = self.model.takes, self.model.transformed
        self._prepare(path)
        if self.side_by_side:
            self._write_preview(path, takes.compare(takes.stack([value]), gives.stack([output])))
        elif path.suffix == gives.writes[0]:
            gives.write(path, output, self.made_by)
        else:
            gives.write_all(path, gives.stack([output]), self.made_by)

    def _write_preview(self, path: Path, preview: Any) -> None:
        from aigc_tf.cli.results import write_preview

        write_preview(path, preview, self.made_by)

    def _prepare(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)


def seed_of_part(seed: int, part: int) -> int:
    """The seed of a batch: `seed` itself for the first, derived from it for the others."""
    import numpy as np

    return seed if part == 0 else int(np.random.SeedSequence((seed, part)).generate_state(1)[0])


def output_paths(files: Sequence[UserFile], out: Path, ending: str) -> list[Path]:
    """Where each result goes: below `out`, with the input's name, and a number where that is taken.

    Raises:
        InputError: one of them exists already.
    """
    taken: set[str] = set()
    paths = []
    for file in files:
        name, number = file.name.with_suffix(ending), 1
        # Some file systems are case-insensitive.
        while str(name).casefold() in taken:
            number += 1
            name = file.name.with_name(f"{file.name.stem}-{number}{ending}")
        taken.add(str(name).casefold())
        paths.append(out / name)
    there = [path for path in paths if path.exists()]
    if there:
        others = f", and so do {len(there) - 1} other results" if len(there) > 1 else ""
        raise InputError(f"{there[0]} already exists{others}: choose another --out")
    return paths


def reconstruct(
    run: Annotated[Path, tyro.conf.Positional],
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional],
    *,
    out: Path,
    side_by_side: bool = False,
    checkpoint: Literal["last", "best"] = "last",
) -> None:
    """Reconstruct inputs with an autoencoder: `transform` with fewer options.

    Args:
        run: The run's folder.
        paths: Input files, or folders of them.
        out: Output folder; for a single input it may be a file.
        side_by_side: Show input and output side by side, and for pictures their difference (black: none).
        checkpoint: The last checkpoint, or the best one seen while training.
    """
    transform(run, paths, out=out, side_by_side=side_by_side, checkpoint=checkpoint)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(transform, "transform_options", arguments)


def reconstruct_main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(reconstruct, arguments)
