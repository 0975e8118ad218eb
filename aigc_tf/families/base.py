"""The base class of all models, and the signatures of exported files."""

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
    """A logging filter that drops TensorFlow's warnings about retracing.

    Each model has its own traced functions: if a process creates several models, TensorFlow mistakes them for one
    function that is retraced repeatedly, and warns at length.
    """
    return "triggered tf.function retracing" not in record.getMessage()


tf.get_logger().addFilter(is_news)


@dataclass(frozen=True)
class TensorSpec:
    """One input or output of a signature."""

    shape: tuple[int | None, ...]
    """Without the batch dimension; None for any height or width."""
    meaning: str
    """The meaning of the values, with range and unit, for the model card."""
    dtype: str = "float32"
    kinds: tuple[str, ...] = ()
    """The names behind the ids from 0 of a categorical input or output."""


NUMBERS_TRIED = 2**22
"""Maximum total size of an input's examples for verification and calibration."""
FEWEST_TRIED = 8

Examples: TypeAlias = Callable[[int, int], dict[str, np.ndarray]]
"""`(count, seed)` -> inputs by name, `[count, ...]`."""


@dataclass(frozen=True)
class Signature:
    """A named, deterministic function of a trained model, as in SavedModel and LiteRT files."""

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
    """Maximum number of calls in a sequence, such as a transformer's context; None if unlimited."""
    strange: Examples | None = None
    """Like `examples`, but unusual inputs that users may give; None if inputs are drawn by programs, as latents are."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Outputs that are indices into another output, for example of its largest values: `{"items": "scores"}`. They are
    compared by Keras's values at these indices, since the order of nearly equal values is arbitrary."""
    compared: Mapping[str, Callable[[np.ndarray], np.ndarray]] = field(default_factory=dict)
    """A transform of outputs before the comparison with Keras, which is then of means over all values: the spectrogram
    of a sound, for example, as phase reconstruction amplifies rounding errors where phases are ill-defined."""
    other_sizes: Sequence[Examples] = ()
    """Examples of further heights and widths, for signatures of any size: files are compared on a batch of each, and
    timed with the last."""
    passes: int = 1
    """How many times a call applies a network in sequence, each time to its previous output; the tolerance for
    differences from Keras is multiplied by it."""
    in_float: bool = False
    """Kept in float in files with 8-bit arithmetic, for computations without trained layers that need more than 256
    levels, such as phases."""

    def tried(self, count: int, seed: int, batch: int = 1) -> dict[str, np.ndarray]:
        """Inputs for verification and calibration: ordinary ones, then as many unusual ones if there are any.

        8-bit values cover only the range seen in calibration: with ordinary inputs alone, all unusual ones would look
        alike.

        Args:
            count: number of ordinary ones; fewer if they are large, see `NUMBERS_TRIED`.
            seed: of random inputs.
            batch: the result consists of whole batches of this size.
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
    """A model of pictures of any height and width, which can also be exported for squares of a fixed size."""

    @abc.abstractmethod
    def of_size(self, side: int) -> Any:
        """The same model for squares of that many pixels: its `signatures`, and its `page`.

        Raises:
            InputError: the model takes no squares of that size.
        """


class GenerativeModel(keras.Model, abc.ABC):
    """A `keras.Model` with a custom `train_step` over batches of named tensors.

    Its tasks are given by base classes from `aigc_tf.families.tasks`. Networks and optimizers are attributes; `state`
    collects the contents of a checkpoint.
    """

    adam: FusedAdam
    """The optimizer of all trainable weights, unless a model has several."""

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Every optimizer by its role."""
        return {"optimizer": self.adam}

    def ready(self) -> None:
        """Finish construction: call at the end of a constructor, when networks and optimizers exist.

        `fit` compiles the training step without XLA, which made that of a GAN six times slower on CPUs.
        """
        self.built = True
        self.compile(optimizer=None, jit_compile=False)

    @abc.abstractmethod
    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The functions that an exported file holds, by name.

        Args:
            source: of real examples, for inputs that are data; without it, the model's own samples are used.
        """

    def export_metadata(self) -> dict[str, Any]:
        """JSON-able facts that programs need to run the exported file, besides its signatures (docs/MOBILE.md)."""
        return {}

    def exported_with(self, **options: Any) -> Any:
        """The object to export with the recipe's `export_options`: has `signatures`, `page` and `export_metadata`.

        Args:
            options: by name; most models have none.
        """
        del options
        return self

    def page(self, source: Any = None) -> Sequence[Panel]:
        """Panels of the web page for the exported file, top to bottom; none by default.

        Args:
            source: of examples; None if it is not available.
        """
        del source
        return ()

    @abc.abstractmethod
    def previews(self, source: Any) -> Mapping[str, Preview | Clip]:
        """Previews during training, by name: pictures, uint8 `[height, width, channels]`, text, or sounds.

        Args:
            source: the run's; examples come from its `watched` part.
        """

    def troubles(self, logs: Mapping[str, Any], watched: dict[str, float]) -> list[str]:
        """Warnings about training problems, from a step's logs; none by default.

        Args:
            logs: of the step.
            watched: counters kept across steps, by name; part of every checkpoint.
        """
        return []

    def state(self) -> dict[str, keras.Variable]:
        """Every variable that training changes, by the path of its layer.

        `Model.variables` holds the weights, batch-norm statistics, EMA weights and the states of all seed generators
        (including Dropout's), but not the optimizers', which are added here.
        """
        return named_state(self, self.optimizers)


def copy_state(source: GenerativeModel, target: GenerativeModel) -> None:
    """Copy a model's state to another model of the same recipe."""
    state = source.state()
    for name, variable in target.state().items():
        variable.assign(state[name].numpy())
