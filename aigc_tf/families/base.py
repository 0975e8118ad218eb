"""What training, measuring and export ask of a model, whatever its algorithm."""

from __future__ import annotations

import abc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.families.pages import Panel
from aigc_tf.families.state import named_state
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.base import Preview
from aigc_tf.nn.optimizers import FusedAdam


def is_news(record: logging.LogRecord) -> bool:
    """Whether a message of TensorFlow's says more than that functions are traced anew.

    Each model has functions of its own: where a process makes several, TensorFlow takes them for one that is traced
    again and again, and says so in a paragraph.
    """
    return "triggered tf.function retracing" not in record.getMessage()


tf.get_logger().addFilter(is_news)


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature."""

    shape: tuple[int | None, ...]
    """Without the batch dimension; None is any height or width."""
    meaning: str
    """What the numbers are, with range and unit, for the model card."""
    dtype: str = "float32"
    kinds: tuple[str, ...] = ()
    """Of a number from 0 that stands for one of several: their names."""


NUMBERS_TRIED = 2**22
"""How many numbers the examples of an input hold, at most, that a file is compared and calibrated with."""
FEWEST_TRIED = 8

Examples: TypeAlias = Callable[[int, int], dict[str, np.ndarray]]
"""`(count, seed)` -> inputs by name, `[count, ...]`."""


@dataclass(frozen=True)
class Signature:
    """A named, deterministic function of a trained model: what SavedModel and LiteRT files hold."""

    network: keras.Model
    """Functional; its inputs and outputs are in the order of the two mappings below."""
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]
    examples: Examples
    """Real inputs, for verification and calibration."""
    feedback: Mapping[str, str] = field(default_factory=dict)
    """For a signature that is called in a loop: which output becomes which input of the next call,
    `{"new_state": "state"}`. It is verified and calibrated over whole sequences."""
    longest: int | None = None
    """How many calls a sequence can have, if it has an end: a transformer's context."""
    strange: Examples | None = None
    """What `examples` gives, out of the ordinary, as users may give it; None where programs draw the inputs, as latents
    are."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Which outputs hold places in another one, as of its largest numbers: `{"items": "scores"}`. What is compared is
    what stands at these places in Keras: of two that are next to equal, either may come first."""
    compared: Mapping[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)
    """What of an output is compared with Keras, and then on the mean over all numbers: the spectrogram of a sound whose
    phases are found by iterations that let rounding grow, where they are hardly defined."""
    other_sizes: Sequence[Examples] = ()
    """Examples of other heights and widths, where these are unknown: files are compared on a batch of each, and timed
    with the last."""
    passes: int = 1
    """How often a network is applied one after the other in a call, each time to what it made before: the differences
    from Keras that are accepted are so many times those of a single pass."""
    in_float: bool = False
    """In a file with 8-bit arithmetic it stays in float: it computes what 256 levels have no room for, such as phases,
    without layers that learnt anything."""

    def tried(self, count: int, seed: int, batch: int = 1) -> dict[str, np.ndarray]:
        """Inputs to verify and to calibrate with: ordinary ones, then as many strange ones if there are any.

        8-bit numbers hold only what was seen when they were calibrated: by ordinary inputs alone, and all strange ones
        look alike.

        Args:
            count: of ordinary ones; of large ones there are fewer, see `NUMBERS_TRIED`.
            seed: of what is drawn.
            batch: whole batches of so many are given.
        """
        if not self.feedback:
            largest = max(values.size for values in self.examples(1, seed).values())
            count = min(count, max(FEWEST_TRIED, NUMBERS_TRIED // largest))
        count = -(-count // batch) * batch
        ordinary = self.examples(count, seed)
        if self.strange is None:
            return ordinary
        strange = self.strange(count, seed)
        return {name: np.concatenate([values, strange[name]]) for name, values in ordinary.items()}


class AnySize(abc.ABC):
    """A model of pictures of any height and width, of which a file can also be made that takes squares of one size."""

    @abc.abstractmethod
    def of_size(self, side: int) -> Any:
        """The same model for squares of that many pixels: its `signatures`, and its `page`.

        Raises:
            InputError: the model takes no squares of that size.
        """


class GenerativeModel(keras.Model, abc.ABC):
    """A `keras.Model` with a `train_step` of its own over batches of named tensors.

    What it can do, it says by the base classes of its tasks (`aigc_tf.families.tasks`). The networks and optimizers are
    attributes; `state` collects what a checkpoint holds.
    """

    adam: FusedAdam
    """Of all weights that learn, unless a model has several optimizers."""

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Every optimizer by its role."""
        return {"optimizer": self.adam}

    def ready(self) -> None:
        """Call at the end of a constructor: the networks and the optimizers are there.

        `fit` compiles the training step without XLA, which made that of a GAN six times slower on CPUs.
        """
        self.built = True
        self.compile(optimizer=None, jit_compile=False)

    @abc.abstractmethod
    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The functions that an exported file holds, by name.

        Args:
            source: of real examples, for inputs that are data; without one the model's own samples stand in.
        """

    def export_metadata(self) -> dict[str, Any]:
        """JSON-able facts that a program needs to run the exported file, beside its signatures (docs/MOBILE.md)."""
        return {}

    def exported_with(self, **options: Any) -> Any:
        """What is exported with the recipe's `export_options`: its `signatures`, `page` and `export_metadata`.

        Args:
            options: by name; most models have none.
        """
        del options
        return self

    def page(self, source: Any = None) -> Sequence[Panel]:
        """What a browser can do with the exported file, one panel below the other; nothing by default.

        Args:
            source: of examples; None if it is not available.
        """
        del source
        return ()

    @abc.abstractmethod
    def previews(self, source: Any) -> Mapping[str, Preview | Clip]:
        """What to watch through training, by name: pictures, uint8 `[height, width, channels]`, text, or sounds.

        Args:
            source: the run's; examples come from its `watched` part.
        """

    def troubles(self, logs: Mapping[str, Any], watched: dict[str, float]) -> list[str]:
        """What goes wrong in training by what a step has logged, in words; nothing by default.

        Args:
            logs: of the step.
            watched: what is counted from step to step, by name; part of every checkpoint.
        """
        return []

    def state(self) -> dict[str, keras.Variable]:
        """Every variable that training changes, by the path of its layer.

        `Model.variables` holds the weights, the batch-norm statistics, the moving averages and the states of
        all seed generators (Dropout's too), but no optimizer: those are added here.
        """
        return named_state(self, self.optimizers)


def copy_state(source: GenerativeModel, target: GenerativeModel) -> None:
    """Give a model the state of another of the same recipe."""
    state = source.state()
    for name, variable in target.state().items():
        variable.assign(state[name].numpy())
