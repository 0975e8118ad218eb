"""Privacy accounting: the noise multiplier for a given (ε, δ), and ε after a number of training steps."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError
from aigc_tf.optional import needed
from aigc_tf.recipes.private import PrivacySettings

POINTS = 20  # at which ε is computed in advance
TOLERANCE = 1e-3
FINE, COARSE = 1e-4, 1e-3  # grids that privacy losses are rounded up to; the coarse one makes ε up to 0.3 % larger
MIN_NOISE, MAX_NOISE = 0.25, 1e4  # below, losses are spread so widely that the computation takes minutes


@dataclass(frozen=True)
class Guarantee(Asset):
    """The privacy guarantee of each training example, and its mechanism; a run keeps it as `guarantee.json`.

    (ε, δ)-differential privacy of the weights after training, where neighbouring data sets differ in the presence of
    one example (add or remove).
    """

    explains_weights: ClassVar[bool] = False

    examples: int
    """Number of training examples, N."""
    expected_batch: int
    """Each example is in each batch with probability expected_batch / N, independently (Poisson sampling)."""
    updates_per_step: int
    """Noised updates per training step, each with its own batch."""
    clip_norm: float | None
    """Per-example clipping norm, C; None for no clipping, no noise and no guarantee."""
    noise_multiplier: float
    """The noise on the sum of clipped gradients has the standard deviation noise_multiplier * C."""
    delta: float
    """δ."""
    spent: tuple[tuple[int, float], ...]
    """Pairs of training steps and ε, ascending, up to the last step of the recipe."""

    @property
    def sampling_rate(self) -> float:
        """The probability that an example is in a batch."""
        return self.expected_batch / self.examples

    def epsilon(self, steps: int) -> float | None:
        """An upper bound of ε after `steps` training steps: the value at the next step for which it was computed.

        Raises:
            InputError: there are more steps than were planned.
        """
        if self.clip_norm is None:
            return None
        for planned, epsilon in ((0, 0.0), *self.spent):
            if steps <= planned:
                return epsilon
        raise InputError(f"after step {steps}: the noise was chosen for {self.spent[-1][0]} steps")

    def facts(self, step: int) -> dict[str, float]:
        """ε after `step` training steps and δ, by name; empty without a guarantee."""
        epsilon = self.epsilon(step)
        return {} if epsilon is None else {"epsilon": epsilon, "delta": self.delta}

    def card_section(self, step: int) -> str:
        """The model card's section on privacy: what is guaranteed, and what is not."""
        from aigc_tf.privacy.card import privacy_section

        return privacy_section(self, step)

    def reason_to_refuse(self, recorded: Guarantee) -> str:
        """Why a run cannot be resumed with this guarantee: it must keep the one it was started with."""
        if recorded == self:
            return ""
        return (
            "was started with another noise, or another ε, than is computed now with the installed dp-accounting and "
            f"these examples (noise multiplier {recorded.noise_multiplier:.6g} and {recorded.examples:,} examples "
            f"then, {self.noise_multiplier:.6g} and {self.examples:,} now): install the version that it was started "
            "with, or start a new run"
        )

    def reason_to_refuse_start(self, learnt_from: bool) -> str:
        """Why a run cannot start from given weights: its noise does not cover what they learnt from the examples."""
        if self.clip_norm is None or not learnt_from:
            return ""
        return (
            "its weights were trained on the same source, or it is not known whether they were; the noise of this run "
            "does not hide that, and the promised ε would not hold: leave start_from out, or choose a run on other data"
        )

    def to_json(self) -> str:
        """This guarantee as JSON."""
        return json.dumps(dataclasses.asdict(self)) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            fields = json.loads(text)
            fields["spent"] = tuple((int(step), float(epsilon)) for step, epsilon in fields["spent"])
            found = cls(**fields)
            found._check()
            return found
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise InputError(f"guarantee.json is not a guarantee: {error}") from None

    def _check(self) -> None:
        """Raise ValueError if the parts of a guarantee are inconsistent."""
        counts = (self.examples, self.expected_batch, self.updates_per_step)
        if not all(type(count) is int and count > 0 for count in counts):
            raise ValueError(f"{counts} are not numbers of examples and of updates")
        steps, epsilons = zip(*self.spent, strict=True) if self.spent else ((), ())
        for number in (self.noise_multiplier, self.delta, 0.0 if self.clip_norm is None else self.clip_norm, *epsilons):
            if not isinstance(number, float) or not 0 <= number < math.inf:
                raise ValueError(f"{number!r} is not a number of at least 0")
        if list(steps) != sorted(steps) or bool(steps) != (self.clip_norm is not None):
            raise ValueError("it does not list what is spent after increasing numbers of steps")


@cache
def guarantee(
    settings: PrivacySettings, examples: int, batch_size: int, steps: int, updates_per_step: int = 1
) -> Guarantee:
    """The guarantee with the least noise that keeps the requested (ε, δ) over all training steps.

    Args:
        settings: ε, δ and the clipping norm; without ε there is neither noise nor clipping.
        examples: number of training examples.
        batch_size: expected.
        steps: of training.
        updates_per_step: updates per training step, each with its own batch.

    Raises:
        InputError: δ is meaningless for so many examples, ε is too small for any noise, or dp-accounting is missing.
    """
    expected_batch = min(batch_size, examples)
    if settings.epsilon is None:
        return Guarantee(examples, expected_batch, updates_per_step, None, 0.0, settings.delta, ())
    if settings.delta * examples >= 1:
        raise InputError(
            f"privacy.delta is {settings.delta:g}: with {examples:,} examples, giving one of them away whole would "
            f"count as private; choose less than {1 / examples:.1g}"
        )
    rate = expected_batch / examples
    noise = noise_multiplier(settings.epsilon, settings.delta, rate, steps * updates_per_step)
    marks = sorted({-(-steps * (point + 1) // POINTS) for point in range(POINTS)})
    spent = tuple((mark, quickly(noise, rate, mark * updates_per_step, settings.delta)) for mark in marks)
    return Guarantee(examples, expected_batch, updates_per_step, settings.clip_norm, noise, settings.delta, spent)


def epsilon(
    noise: float,
    sampling_rate: float,
    updates: int,
    delta: float,
    grid: float = FINE,
) -> float:
    """ε of the Poisson-subsampled Gaussian mechanism over a number of updates, at a given δ.

    Computed from the privacy loss distribution (Koskela et al. 2020; Doroshenko et al. 2022).

    Args:
        noise: the noise multiplier.
        sampling_rate: of an example, in each update.
        updates: in total.
        delta: δ.
        grid: resolution of the privacy losses; ε is an upper bound with any.

    Raises:
        InputError: dp-accounting is missing.
    """
    library = _dp_accounting()
    accountant = library.pld.PLDAccountant(value_discretization_interval=grid)
    event = library.PoissonSampledDpEvent(sampling_rate, library.GaussianDpEvent(noise))
    return float(accountant.compose(event, updates).get_epsilon(delta))


def quickly(noise: float, sampling_rate: float, updates: int, delta: float) -> float:
    """A close upper bound of `epsilon`, with a grid that scales as the privacy losses do, like 1 / noise."""
    return epsilon(noise, sampling_rate, updates, delta, grid=COARSE / max(1.0, noise))


def noise_multiplier(wanted: float, delta: float, sampling_rate: float, updates: int) -> float:
    """The least noise multiplier with which ε is at most `wanted`, to a relative tolerance of `TOLERANCE`.

    Raises:
        InputError: none up to `MAX_NOISE` is enough, or dp-accounting is missing.
    """

    def is_enough(noise: float) -> bool:
        return quickly(noise, sampling_rate, updates, delta) <= wanted

    enough = 1.0
    while not is_enough(enough):
        enough *= 2
        if enough > MAX_NOISE:
            raise InputError(f"privacy.epsilon is {wanted}: no noise up to {MAX_NOISE:g} is enough for that")
    while is_enough(enough / 2):
        enough /= 2
        if enough <= MIN_NOISE:
            return enough
    too_little = enough / 2
    while enough > too_little * (1 + TOLERANCE):
        middle = math.sqrt(enough * too_little)
        enough, too_little = (middle, too_little) if is_enough(middle) else (enough, middle)
    return enough


def _dp_accounting() -> Any:
    for name in ("dp_accounting.pld", "dp_accounting"):  # the package does not import its part itself
        library = needed(name, to="train with privacy", extra="privacy", package="dp-accounting")
    return library
