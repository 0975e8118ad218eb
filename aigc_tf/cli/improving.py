"""Improvements of generated examples: best-of-n selection, and upscaling of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from aigc_tf.cli.checks import require_counts
from aigc_tf.cli.finishing import Drawing, Flags, told_by
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.modalities.base import Modality
    from aigc_tf.runs.run import Run

SOURCES_OWN = Path("classifier")
"""Stands for the classifier of the source, in place of a run."""
Rating = Callable[[Any, Any], "np.ndarray"]
"""(examples, conditions, a row each, or None) -> their quality, float `[count]`, higher is better."""


@dataclass(frozen=True, kw_only=True)
class Improvements(Flags):
    """Ways to get better examples."""

    best_of: int | None = None
    """Generate this many candidates per example, and keep the best: for `music` that with the fewest parallels, for
    pictures that which a GAN's own discriminator rates as most real, or of which a classifier is most confident."""
    best_by: Annotated[Path | None, tyro.conf.arg(metavar="RUN|classifier")] = None
    """With --best-of: the run that rates candidates, a classifier, such as one of semi_vae or classify, or a GAN;
    `classifier` is that by which models of its source are evaluated. By default a GAN's own discriminator, or else the
    latter."""
    upscale: Annotated[Path | None, tyro.conf.arg(metavar="RUN")] = None
    """A run of upscale, which enlarges the pictures."""

    def without(self, options: dict[str, Any], own: set[str]) -> Improvements:
        """These without what the model does itself, which becomes one of its options.

        Args:
            options: of sampling, to which it is added.
            own: names of the model's own options.

        Raises:
            InputError: there is a judge without anything to choose among, or the model chooses by itself.
        """
        require_counts(best_of=self.best_of)
        if self.best_by is not None and self.best_of is None:
            raise InputError("--best-by chooses among several: give --best-of N, too")
        if self.best_of is None or "best_of" not in own:
            return self
        if self.best_by is not None:
            raise InputError("--best-by: this run has its own criterion for the best, leave it out")
        options["best_of"] = self.best_of
        return replace(self, best_of=None)

    def of(self, run: Run) -> tuple[Best | None, Enlarging | None]:
        """The best-of-n selection for a run, and the upscaling; None for what is not requested."""
        best = None if self.best_of is None else Best(self.best_of, *rating_of(run, self.best_by))
        return best, None if self.upscale is None else Enlarging.by(self.upscale, run.able("Draws").gives)


@dataclass(frozen=True)
class Best:
    """Best-of-n selection."""

    times: int
    """Candidates per example."""
    rating: Rating
    judge: str
    """Who rates, in words."""

    def drawing(self, model: Any, draw: Drawing) -> Drawing:
        """A function that generates several candidates per example, with its condition, and keeps the best.

        Args:
            model: that generates them.
            draw: generates batches.
        """
        from aigc_tf.cli.conditions import repeated

        def drawn(count: int, seed: int, rows: Any) -> Iterator[Any]:
            candidates = None if rows is None else repeated(model, rows, self.times)
            waiting: list[Any] = []
            done = 0
            for batch in draw(count * self.times, seed, candidates):
                waiting += list(batch)
                whole = len(waiting) // self.times * self.times
                if whole:
                    own = None if candidates is None else candidates[done : done + whole]
                    yield self._kept(model.gives.stack(waiting[:whole]), own)
                    waiting, done = waiting[whole:], done + whole

        return drawn

    def _kept(self, values: Any, rows: Any) -> Any:
        """The best of each `times` consecutive examples."""
        import numpy as np

        ratings = self.rating(values, rows).reshape(-1, self.times)
        kept = np.arange(len(ratings)) * self.times + ratings.argmax(axis=1)
        return values[kept] if isinstance(values, np.ndarray) else [values[index] for index in kept]


def rating_of(run: Run, by: Path | None) -> tuple[Rating, str]:
    """How examples of a run are rated, and by whom.

    Args:
        run: that generates them.
        by: the run of the judge, or `classifier` for that of the run's source; None for a GAN's own discriminator, or
            else that classifier.

    Raises:
        InputError: there is no such judge, or it judges something else.
    """
    from aigc_tf.families.classifies import Classifies
    from aigc_tf.families.judges import JudgesByDiscriminator
    from aigc_tf.modalities.pictures import Pictures
    from aigc_tf.runs.run import Run
    from aigc_tf.trust.subjects import classes_told, require_same_kind

    model, gives = run.able("Draws"), run.model.gives
    if by is not None and by != SOURCES_OWN:
        judge = Run.open(by).model
        if isinstance(judge, JudgesByDiscriminator) and not isinstance(judge, Classifies):
            require_same_kind(judge.takes, gives, f"--best-by {by}")
            if judge.conditions(None, 1) is not None:
                raise InputError(f"--best-by {by} judges pictures together with a condition: name a run without one")
            return lambda values, rows: judge.realness(values), f"discriminator of {by.name}"
        return sureness(model, *told_by(by, gives, "--best-by")), f"classifier {by.name}"
    if not isinstance(gives, Pictures):
        raise InputError(f"--best-of of {gives.name} needs a judge: give --best-by RUN")
    if by is None and isinstance(model, JudgesByDiscriminator):
        return model.realness, "own discriminator"
    return sureness(model, *classes_told(run.source, run.recipe)), "classifier of the source"


def sureness(model: Any, probabilities: Callable[[Any], np.ndarray], classes: Any) -> Rating:
    """The probability of the requested class, or of the likeliest one if none was requested.

    Args:
        model: that generates; its condition may be a class.
        probabilities: of each class, float `[count, classes]`, for generated examples.
        classes: of the probabilities; those of the condition are matched by name.
    """
    from aigc_tf.modalities.labels import Labels

    def rating(values: Any, rows: Any) -> np.ndarray:
        found = probabilities(values)
        if rows is None or not isinstance(model.condition, Labels):
            return found.max(axis=1)
        wanted = classes.numbers([model.condition.kinds[int(row)] for row in rows])
        asked: np.ndarray = found[range(len(found)), wanted]
        return asked

    return rating


@dataclass(frozen=True)
class Enlarging:
    """Upscaling of pictures with a run."""

    enlarge: Callable[[Any], Any]
    origin: str
    """The run and the hash of its weights."""

    @classmethod
    def by(cls, path: Path, gives: Modality) -> Enlarging:
        """A run of `upscale`.

        Raises:
            InputError: the run does not upscale, or the examples are not pictures.
        """
        from aigc_tf.families.photo_model import PhotoModel
        from aigc_tf.families.state import weights_hash
        from aigc_tf.modalities.pictures import Pictures
        from aigc_tf.runs.run import Run

        if not isinstance(gives, Pictures):
            raise InputError(f"--upscale is for pictures, and this run generates {gives.name}: leave it out")
        run = Run.open(path)
        if not isinstance(run.model, PhotoModel) or run.model.scale == 1:
            raise InputError(f"--upscale {path} is a run of {run.recipe.slug()}: name a run of upscale")
        return cls(run.model.transform, f"{path.name}, weights {weights_hash(run.model)}")
