"""Post-processing of examples before they are written: best-of-n selection, filters, upscaling, watermarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_tf.errors import InputError, say

if TYPE_CHECKING:
    import numpy as np

    from aigc_tf.cli.improving import Best, Enlarging
    from aigc_tf.data.classes import ClassNames
    from aigc_tf.modalities.base import Modality
    from aigc_tf.runs.run import Run
    from aigc_tf.trust.content import Filter

ROUNDS = 20
"""Maximum number of attempts per example until one passes the filters."""
Drawing = Callable[[int, int, Any], Iterator[Any]]
"""(count, seed, conditions, a row each, or None) -> batches of examples."""


ON_THE_WAY = ("best of", "filtered", "upscaled")
"""Keys in a mark of origin of examples that do not follow from the model and the seed alone."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Flags of a command that belong together."""

    def given(self) -> dict[str, Any]:
        """The flags that are given, by name."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value not in (None, ()) and value is not False}


@dataclass(frozen=True, kw_only=True)
class Refusals(Flags):
    """Content filters."""

    refuse_words: Path | None = None
    """File of words or phrases, one per line: texts that contain one of them are generated again."""
    refuse_classes: tuple[str, ...] = ()
    """Classes, by name or number: pictures or texts that a classifier assigns to one of them are generated again."""
    refuse_by: Path | None = None
    """With --refuse-classes: the run of the classifier, such as one of semi_vae or classify; by default the classifier
    by which models of the run's source are evaluated."""

    def filters(self, run: Run) -> dict[str, Filter]:
        """The filters by their flags.

        Raises:
            InputError: they do not fit what the run generates.
        """
        if self.refuse_by is not None and not self.refuse_classes:
            raise InputError("--refuse-by is the classifier: give --refuse-classes, too")
        found = {}
        if self.refuse_words is not None:
            found["--refuse-words"] = filter_of_words(run.model.gives, self.refuse_words)
        if self.refuse_classes:
            found["--refuse-classes"] = filter_of_classes(run, self.refuse_classes, self.refuse_by)
        return found


def filter_of_words(gives: Modality, path: Path) -> Filter:
    """A filter of texts by words.

    Raises:
        InputError: examples are not printed, or the file lists no words.
    """
    from aigc_tf.trust.content import word_filter, words_of

    if not gives.is_printed:
        raise InputError(f"--refuse-words is for texts, and this run generates {gives.name}: leave it out")
    refuses = word_filter(words_of(path))
    return lambda values: refuses([str(gives.show(gives.stack([value]))) for value in values])


def filter_of_classes(run: Run, refused: tuple[str, ...], by: Path | None) -> Filter:
    """A filter by the classifier of a run, or of a run's source.

    Raises:
        InputError: there is no such classifier, it judges something else, or has no such class.
    """
    from aigc_tf.modalities.pictures import Pictures
    from aigc_tf.trust.content import class_filter
    from aigc_tf.trust.subjects import classes_told

    gives = run.model.gives
    if by is None:
        if not isinstance(gives, Pictures):
            raise InputError(f"--refuse-classes of {gives.name} needs a classifier: give --refuse-by RUN")
        return class_filter(*classes_told(run.source, run.recipe), refused)
    return class_filter(*told_by(by, gives, "--refuse-by"), refused)


def told_by(by: Path, gives: Modality, flag: str) -> tuple[Callable[[Any], np.ndarray], ClassNames]:
    """The classifier of a run: examples -> probabilities `[count, classes]`, and the names of the classes.

    Args:
        by: the run.
        gives: what is judged.
        flag: that names the run.

    Raises:
        InputError: it is not a classifier, or classifies something else.
    """
    from aigc_tf.families.classifies import Classifies
    from aigc_tf.runs.run import Run
    from aigc_tf.trust.subjects import require_same_kind

    judge = Run.open(by).model
    if not isinstance(judge, Classifies):
        raise InputError(f"{flag} {by} is not a classifier: name a run of semi_vae, semi_gan or classify")
    require_same_kind(judge.takes, gives, f"{flag} {by}")
    return judge.probabilities, judge.classes


def key_of(run: Run, options: dict[str, Any], out: Path | None) -> str | None:
    """The key of a watermark that is added to generated examples, removed from the options; None without one.

    Where the model itself samples with a watermark, the key stays in its options.

    Raises:
        InputError: examples would be shrunk to a sheet or an animation, where the pattern cannot be detected.
    """
    if "watermark" not in options or run.model.gives.watermarked is None:
        return None
    if out is None or out.suffix:
        raise InputError("--watermark is for single pictures: give --out FOLDER, without an ending")
    return str(options.pop("watermark"))


@dataclass(frozen=True)
class Finishing:
    """Post-processing of generated examples: best-of-n selection, filters, upscaling, watermarks, in this order."""

    filters: Mapping[str, Filter] = field(default_factory=dict)
    """By the flags that requested them."""
    key: str | None = None
    """Key of the watermark."""
    best: Best | None = None
    """Best-of-n selection."""
    enlarging: Enlarging | None = None
    """Upscaling of pictures."""

    def on_the_way(self) -> dict[str, Any]:
        """What a mark of origin says about it."""
        best = self.best and f"{self.best.times}, by {self.best.judge}"
        said = (best, list(self.filters), self.enlarging and self.enlarging.origin)
        return {name: value for name, value in zip(ON_THE_WAY, said, strict=True) if value}

    def finished(self, model: Any, draw: Drawing, total: int, seed: int, rows: Any) -> Iterator[Any]:
        """Batches of `total` examples.

        Args:
            model: that generates them.
            draw: generates batches.
            total: how many.
            seed: of the first round; refused examples are generated again with seeds derived from it.
            rows: a condition for each, or None.
        """
        if self.best is not None:
            draw = self.best.drawing(model, draw)
        batches = self._passed(model, draw, total, seed, rows) if self.filters else draw(total, seed, rows)
        if self.enlarging is not None:
            batches = map(self.enlarging.enlarge, batches)
        yield from batches if self.key is None else (model.gives.watermarked(batch, self.key) for batch in batches)

    def _passed(self, model: Any, draw: Drawing, total: int, seed: int, rows: Any) -> Iterator[Any]:
        """One batch of examples that pass all filters, each with its own condition; reports how many were refused."""
        found: dict[int, Any] = {}
        refused, drawn = dict.fromkeys(self.filters, 0), 0
        for round_seed in seeds(seed):
            missing = [place for place in range(total) if place not in found]
            if not missing:
                break
            some = None if rows is None else model.condition.stack([rows[place] for place in missing])
            values = [value for batch in draw(len(missing), round_seed, some) for value in batch]
            answers = [refuses(model.gives.stack(values)) for refuses in self.filters.values()]
            found |= {place: values[row] for row, place in enumerate(missing) if not any(a[row] for a in answers)}
            refused = {name: refused[name] + int(answer.sum()) for name, answer in zip(refused, answers, strict=True)}
            drawn += len(missing)
        words = ", ".join(f"{count} by {name}" for name, count in refused.items())
        if len(found) < total:
            raise InputError(f"{len(found)} of {total} examples passed in {ROUNDS} rounds ({words}): refuse less")
        say(f"refused of {drawn} generated examples: {words}")
        yield model.gives.stack([found[place] for place in range(total)])


def seeds(first: int) -> list[int]:
    """The seed of each round: the given one, and others derived from it."""
    import numpy as np

    further = (np.random.SeedSequence((first, round_)).generate_state(1)[0] for round_ in range(1, ROUNDS))
    return [first, *map(int, further)]
