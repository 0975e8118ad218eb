"""A run: one folder with everything that was trained, measured and exported."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_tf.errors import InputError, say
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints
from aigc_tf.runs.folder import read_object, read_recipe, read_text
from aigc_tf.storage.archives import is_whole
from aigc_tf.storage.files import write_atomically, write_text

if TYPE_CHECKING:
    from aigc_tf.export.runner import Runner
    from aigc_tf.families.base import GenerativeModel


class Run:
    """A run folder, opened.

    Attributes:
        path: the folder.
        recipe: the recipe it was trained with.
        step: training steps of the checkpoint that is open.
    """

    def __init__(
        self, path: Path, recipe: Recipe, step: int, model: GenerativeModel | None = None, source: Any = None
    ) -> None:
        self.path = path
        self.recipe = recipe
        self.step = step
        # Both are opened when they are first asked for; a run that was just trained has them.
        self._model = model
        self._source = source

    @classmethod
    def open(cls, path: str | Path, checkpoint: str = "last") -> Run:
        """Open a run folder.

        Args:
            path: the folder.
            checkpoint: "last", or "best" for the one with the best quality figure seen while training.

        Raises:
            InputError: it is no run folder, or the run has no such checkpoint, or only damaged ones.
        """
        path = Path(path).expanduser()
        recipe = read_recipe(path)
        if checkpoint not in ("last", "best"):
            raise InputError(f"checkpoint is {checkpoint!r}: choose last or best")
        folder = path / "checkpoints"
        step = checkpoints.best_step(folder) if checkpoint == "best" else None
        if step is None:
            return cls(path, recipe, last_step(folder))
        if not is_whole(checkpoints.path_of(folder, step)):
            raise InputError(f"the best checkpoint of {path}, step {step}, is lost or damaged: choose the last one")
        return cls(path, recipe, step)

    @property
    def model(self) -> GenerativeModel:
        """The Keras model with the weights of this run's checkpoint."""
        if self._model is None:
            from aigc_tf.families.create import create  # imports TensorFlow

            model = create(self.recipe, **self.assets())
            checkpoints.restore(checkpoints.path_of(self.path / "checkpoints", self.step), model.state())
            self._model = model
        return self._model

    @property
    def source(self) -> Any:
        """The source the run was trained on.

        Raises:
            InputError: it cannot be had any more, or its content has changed.
        """
        if self._source is None:
            source = resolve(self.recipe.data)(self.recipe)
            if source.fingerprint != self.read_json("source.json", fingerprint=str)["fingerprint"]:
                raise InputError(f"{source.name} is not what {self.path} was trained on: its content has changed")
            self._source = source
        return self._source

    def assets(self) -> dict[str, Any]:
        """What the model needs to know of its source, as the run keeps it."""
        return {
            name: resolve(reference).from_json(read_text(self.path / f"{name}.json"))
            for name, reference in self.recipe.assets.items()
        }

    def read_json(self, file: str, /, **needed: type) -> dict[str, Any]:
        """The object in one of this run's JSON files.

        Raises:
            InputError: it is missing or damaged, or lacks what is needed.
        """
        return read_object(self.path / file, **needed)

    def generate(self, count: int, seed: int = 0, **options: Any) -> Any:
        """`count` new examples: images float32 `[count, height, width, channels]` in [0, 1], or strings.

        Args:
            count: how many.
            seed: the same seed gives the same examples.
            options: of the model; those of images have `truncation`, those of text `prompt`, `tokens` and `decoding`.
        """
        return self.model.generate(count, seed, **options)

    def evaluate(self, samples: int = 10_000, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Measure the model's quality; also kept in the run's evaluation.json and on its card.

        Args:
            samples: how many examples are generated.
            seed: of the samples.
            options: of the recipe's evaluation; for images `kind`, the feature network.

        Returns:
            Floats by name, and under "protocol" what they were measured with: figures of different
            protocols cannot be compared.
        """
        from aigc_tf.modalities.drawing import write_png
        from aigc_tf.runs.card import write_model_card

        report = resolve(self.recipe.evaluation)(self.model, self.source, self.recipe, samples, seed, **options)
        for name, picture in report.pop("pictures", {}).items():
            write = partial(write_png, image=picture, made_by=self.made_by(seed), scale=2)
            write_atomically(self.path / f"{name}.png", write)
        report |= {"step": self.step} | self.model.promises(self.step)
        write_text(self.path / "evaluation.json", json.dumps(report, indent=2) + "\n")
        write_model_card(self)
        return report

    def export(
        self,
        format: str = "tflite",
        quantize: str = "none",
        batch: int = 1,
        out: str | Path | None = None,
        compare_with_keras: bool = True,
    ) -> Any:
        """Write the model as a verified file; see `aigc_tf.export.export`.

        What 8-bit files lose in quality is measured, with the limits of the recipe. Where the source cannot be
        opened any more the file is written all the same: the report and stderr say that this was not measured.

        Args:
            format: "tflite", "saved_model", or "web" for a page that draws in a browser.
            quantize: "none", "float16", "dynamic" (8-bit weights) or "int8".
            batch: examples that one call of the file makes.
            out: the folder to write; in the run's exports if not given.
            compare_with_keras: measure Keras's own LiteRT export of the same networks too.

        Raises:
            InputError: an argument cannot be used.
            VerificationError: the file differs too much from the model; it is not kept.
        """
        from aigc_tf.export import export, export_web
        from aigc_tf.runs.card import write_model_card

        folder = Path(out).expanduser() if out else self.path / "exports" / f"{format}-{quantize}-batch{batch}"
        recorded = self.read_json("source.json", name=str, licence=str)
        metadata = self.made_by() | {"data": recorded["name"], "licence of the data": recorded["licence"]}
        metadata |= self.model.export_metadata()
        try:
            source = self.source
        except InputError as error:
            say(f"warning: {error}; where real examples are needed the model's own samples stand in")
            source = None
        page = partial(export_web, title=type(self.recipe).__name__)
        write = page if format == "web" else partial(export, format=format)
        exported = write(
            self.model,
            folder,
            quantize=quantize,
            batch=batch,
            source=source,
            metadata=metadata,
            quality=partial(self._export_quality, quantize) if quantize in ("dynamic", "int8") else None,
            compare_with_keras=compare_with_keras,
            progress=say,
        )
        write_model_card(self)
        return exported

    def _export_quality(self, quantize: str, runner: Runner) -> dict[str, Any]:
        """What quantising changes in quality, or why that cannot be measured."""
        try:
            return resolve(self.recipe.export_quality)(self.model, self.source, self.recipe, runner, quantize)
        except InputError as error:
            say(f"warning: the quality of the quantised file is not measured: {error}")
            return {"not_measured": str(error)}

    def made_by(self, seed: int | None = None) -> dict[str, str]:
        """What a file made with this run says of its origin."""
        origin = {"generated by": f"aigc_tf, {type(self.recipe).__name__}, step {self.step}", "run": self.path.name}
        return origin if seed is None else origin | {"seed": str(seed)}


def last_step(folder: Path) -> int:
    """The step of the last checkpoint in a folder that is whole; damaged ones after it are named.

    Raises:
        InputError: there is none.
    """
    step, damaged = checkpoints.last_whole(folder)
    if step is None:
        if damaged:
            raise InputError(f"all checkpoints in {folder} are damaged: start a new run")
        raise InputError(f"{folder.parent} has no checkpoint yet: train it with --resume first")
    for path in damaged:
        say(f"warning: {path} is damaged: step {step} is used instead")
    return step


def to_json(report: dict[str, Any]) -> str:
    """A report as one line of JSON; NumPy's numbers become Python's."""
    return json.dumps(report, default=lambda value: value.item() if isinstance(value, np.generic) else str(value))
