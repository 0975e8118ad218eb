"""A run: one folder with everything that training, evaluation and export produced."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_tf.data.assets import facts_of
from aigc_tf.errors import InputError, say
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.options import in_name, require_known, sampling_of
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints, paths
from aigc_tf.runs.card import write_card
from aigc_tf.runs.folder import read_object, read_recipe, read_text
from aigc_tf.runs.progress import Progress
from aigc_tf.runs.published import data_origin, origin
from aigc_tf.runs.reports import chosen_by, export_quality, write_pictures
from aigc_tf.runs.showing import html_of, latest_preview, shown
from aigc_tf.runs.terms import read_terms
from aigc_tf.storage.archives import is_whole
from aigc_tf.storage.files import expanded, write_text

if TYPE_CHECKING:
    from aigc_tf.data.assets import Asset
    from aigc_tf.families.base import GenerativeModel


class Run:
    """A run folder, opened.

    Attributes:
        path: the folder.
        recipe: what it was trained with.
        progress: training progress: of the open checkpoint, or the current one while the run is trained.
    """

    def __init__(
        self, path: Path, recipe: Recipe, progress: Progress, source: Any = None, model: GenerativeModel | None = None
    ) -> None:
        self.path = path
        self.recipe = recipe
        self.progress = progress
        self._model = model  # created when it is first needed, as is the source
        self._source = source

    def __repr__(self) -> str:
        return f"<Run {self.path}: {self.recipe.slug()}, step {self.step} of {self.recipe.steps}>"

    def _repr_html_(self) -> str:
        return html_of(self.path, self.recipe, self.step)

    @classmethod
    def open(cls, path: str | Path, checkpoint: str = "last") -> Run:
        """Open a run folder.

        Args:
            path: the folder.
            checkpoint: "last", or "best" for the one with the best quality during training.

        Raises:
            InputError: it is not a run folder, or the run has no such checkpoint, or only damaged ones.
        """
        path = expanded(path)
        recipe = read_recipe(path)
        if checkpoint not in ("last", "best"):
            raise InputError(f"checkpoint is {checkpoint!r}: choose last or best")
        folder = path / paths.CHECKPOINTS
        step = checkpoints.best_step(folder) if checkpoint == "best" else None
        if step is None:
            return cls(path, recipe, Progress(checkpoints.last_step(folder)))
        if not is_whole(checkpoints.path_of(folder, step)):
            raise InputError(f"the best checkpoint of {path}, step {step}, is lost or damaged: choose the last one")
        return cls(path, recipe, Progress(step))

    @property
    def step(self) -> int:
        """Training steps of the model."""
        return self.progress.step

    @property
    def model(self) -> GenerativeModel:
        """The Keras model with the weights of the open checkpoint; before the first step, with the initial weights.

        Raises:
            InputError: the checkpoint is damaged, or belongs to another model.
        """
        if self._model is None:
            self._model = self._restored() if self.step else self.new_model()
        return self._model

    def _restored(self) -> GenerativeModel:
        from aigc_tf.families.create import create  # imports TensorFlow
        from aigc_tf.families.state import positional_state

        model = create(self.recipe, **self.assets())
        path = checkpoints.path_of(self.path / paths.CHECKPOINTS, self.step)
        checkpoints.restore(path, model.state(), positional_state(model, model.optimizers))
        return model

    def new_model(self, seed: int | None = None) -> GenerativeModel:
        """A model in this run's initial state: new weights, or those of the run in `start_from` that fit.

        Args:
            seed: for new weights; the recipe's if not given.

        Raises:
            InputError: the run in `start_from` cannot be opened, or none of its weights fits.
        """
        from aigc_tf.families.create import create  # imports TensorFlow
        from aigc_tf.runs.starting import take_over

        assets = self.assets()
        model = create(self.recipe if seed is None else dataclasses.replace(self.recipe, seed=seed), **assets)
        if self.recipe.start_from is not None:
            take_over(model, assets, Run.open(self.recipe.start_from))
        return model

    @property
    def source(self) -> Any:
        """The source the run was trained on.

        Raises:
            InputError: it is not available any more, or its content has changed.
        """
        if self._source is None:
            source = resolve(self.recipe.data)(self.recipe)
            if source.fingerprint != self.read_json(paths.SOURCE, fingerprint=str)["fingerprint"]:
                raise InputError(f"{source.name} is not what {self.path} was trained on: its content has changed")
            self._source = source
        return self._source

    def assets(self) -> dict[str, Asset]:
        """The assets that the run keeps: what the model needs to know about its source."""
        return {
            name: resolve(reference).from_json(read_text(self.path / paths.asset_file(name)))
            for name, reference in self.recipe.assets.items()
        }

    def facts(self, step: int) -> dict[str, float]:
        """Facts about the model after `step` steps from the run's assets: the ε of private training."""
        return facts_of(self.assets() | read_terms(self.path), step)

    def read_json(self, file: str, /, **needed: type) -> dict[str, Any]:
        """The object in one of this run's JSON files; InputError if it is missing, damaged or lacks what is needed."""
        return read_object(self.path / file, **needed)

    def generate(self, count: int, seed: int = 0, condition: Any = None, **options: Any) -> Any:
        """Generate `count` examples: images float32 `[count, height, width, channels]` in [0, 1], strings, or others.

        Args:
            count: number of examples.
            seed: the same seed gives the same examples.
            condition: for a conditional model, one for all examples or one for each; by default all classes in turn.
            options: the recipe's `sample_options`: images have `truncation`, text `prompt`, `tokens` and `decoding`.

        Raises:
            InputError: the model does not generate, or the condition is invalid.
        """
        return self.able("Draws").generate(count, seed, condition, **options)

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, **options: Any) -> Any:
        """Transform each input: an autoencoder reconstructs images, a denoiser cleans them.

        Args:
            inputs: in the form of the model's `takes`: images uint8 or in [0, 1], strings, or others.
            seed: for models that sample.
            condition: for a conditional model, one for all inputs or one for each.
            options: the recipe's `transform_options`.

        Raises:
            InputError: the model transforms nothing, or the condition is invalid.
        """
        return self.able("Transforms").transform(inputs, seed, condition, **options)

    def show(self, values: Any = None, inputs: Any = None) -> Any:
        """Show outputs of the model in notebooks, as an image (`PIL.Image`) or text.

        Args:
            values: the result of `generate` or `transform`; the run's latest preview if not given.
            inputs: the inputs of `transform`, to show beside the values.

        Raises:
            InputError: there is no preview yet, the outputs cannot be shown, or there are not as many inputs as values.
        """
        from aigc_tf.families.tasks import Draws, Transforms

        if values is None:
            return latest_preview(self.path)
        if inputs is not None and len(inputs) != len(values):
            raise InputError(f"there are {len(inputs)} inputs and {len(values)} values: give as many of both")
        model = self.model if isinstance(self.model, Draws | Transforms) else self.able("Draws")
        return shown(model.gives.show(values) if inputs is None else model.gives.compare(inputs, values))

    def able(self, task: str) -> Any:
        """The model, if it supports a task of `aigc_tf.families.tasks`, by the task's name.

        Raises:
            InputError: it does not; lists the recipes whose models do.
        """
        from aigc_tf.families import tasks
        from aigc_tf.recipes.registry import recipe_classes

        wanted = getattr(tasks, task)
        if isinstance(self.model, wanted):
            return self.model
        able = [name for name, recipe in recipe_classes().items() if issubclass(resolve(recipe.model), wanted)]
        raise InputError(f"a {self.recipe.slug()} does not {wanted.verb}: choose a run of {', '.join(able)}")

    def evaluate(self, samples: int = 10_000, seed: int = 0, **options: Any) -> dict[str, Any]:
        """Evaluate the model on the test part, with baselines; saved in evaluation.json and on the card.

        Args:
            samples: number of examples to generate, or to evaluate on.
            seed: for the samples.
            options: the recipe's `evaluate_options`, no others; images have `features`, the feature network.

        Returns:
            Floats by name; "better" and "baselines" say how to read them; "protocol" says how they were measured:
            figures of different protocols cannot be compared; "pictures" has the captions of images in the run's
            folder, by name.
        """
        from aigc_tf.metrics.evaluator import Request, evaluate

        require_known(options, self.recipe)
        sampling = sampling_of(self.recipe, options)
        request = Request(part="test", samples=samples, seed=seed, options=options, sampling=sampling)
        request = dataclasses.replace(request, opened=lambda path: Run.open(path).model)
        evaluators = [resolve(reference)() for reference in self.recipe.evaluators]
        report = evaluate(evaluators, self.model, self.source, self.recipe, request)
        report["pictures"] = write_pictures(self.path, report["pictures"], self.made_by(seed))
        report |= {"step": self.step} | self.facts(self.step)
        report["protocol"] |= chosen_by(self.read_json(paths.SOURCE), self.recipe)
        write_text(self.path / paths.EVALUATION, json.dumps(report, indent=2) + "\n")
        self.write_card()
        return report

    def export(
        self,
        format: str = "tflite",
        quantize: str = "none",
        batch: int = 1,
        out: str | Path | None = None,
        measure: bool = True,
        compare_with_keras: bool = True,
        tile: int | None = None,
        **options: Any,
    ) -> Any:
        """Export the model as a verified file; see `aigc_tf.export.export`.

        The quality loss of 8-bit files is measured and compared with the recipe's limits. If the source cannot be
        opened any more, the file is written all the same, and the report and stderr say that this was not measured.

        Args:
            format: "tflite", "saved_model", or "web" for a page that runs the model in a browser.
            quantize: "none", "float16", "dynamic" (8-bit weights) or "int8".
            batch: batch size of the file.
            out: the folder to write; by default one in the run's exports folder.
            measure: measure quality, latency and memory. Without it the file is still verified, but no limits are
                checked.
            compare_with_keras: also measure Keras's own LiteRT export of the same networks.
            tile: for photograph models, the side in pixels of the square tiles that the file takes; without it the file
                takes any height and width, and a page tiles of `PAGE_TILE`.
            options: the recipe's `export_options`; a file with other options gets its own folder.

        Raises:
            InputError: an argument is invalid.
            VerificationError: the file differs too much from the model; it is not kept.
        """
        from aigc_tf.export import check_arguments, export, export_web, exported_model

        check_arguments("tflite" if format == "web" else format, quantize, batch)  # opening the source may take long
        chosen = self.model.exported_with(**options)
        model = exported_model(chosen, format, tile)
        name = f"{format}-{quantize}-batch{batch}" + (f"-tile{tile}" if tile else "") + in_name(options, self.recipe)
        folder = expanded(out) if out else self.path / paths.EXPORTS / name
        facts = self.made_by() | data_origin(self.path, self.recipe)
        try:
            source = self.source
        except InputError as error:
            say(f"warning: {error}; where real examples are needed the model's own samples stand in")
            source = None
        page = partial(export_web, title=type(self.recipe).__name__, facts=facts)
        write = page if format == "web" else partial(export, format=format)
        quality = partial(export_quality, self, chosen, quantize, measure)
        exported = write(
            model,
            folder,
            quantize=quantize,
            batch=batch,
            source=source,
            metadata=facts | chosen.export_metadata(),
            quality=quality if quantize in self.recipe.quality_of else None,
            measure=measure,
            compare_with_keras=compare_with_keras,
            progress=say,
        )
        self.write_card()
        return exported

    def write_card(self) -> None:
        """Write the model card with whatever is known so far."""
        write_card(self.path, self.recipe, self.step, self.assets() | read_terms(self.path))

    def made_by(self, seed: int | None = None) -> dict[str, str]:
        """The provenance mark of a file made with this run, with the seed that it was sampled with."""
        return origin(self.path, self.recipe, self.step, self.model) | ({} if seed is None else {"seed": str(seed)})
