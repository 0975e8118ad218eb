"""The terms of federated training: stored in the run's folder, shown on its card, checked when it is resumed."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Self

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.accounting import guarantee as promised
from aigc_tf.recipes.federated import ClientPrivacySettings, FederationSettings


@dataclass(frozen=True)
class Federation(Asset):
    """The clients and settings of a federated run."""

    settings: FederationSettings
    sizes: tuple[int, ...]
    """Training examples of each client."""
    local_steps: int
    """Local training steps per client and round."""
    guarantee: Guarantee | None
    """Client-level guarantee, in which `examples` are clients and steps are rounds."""

    @classmethod
    def of(cls, settings: FederationSettings, sizes: tuple[int, ...], local_steps: int) -> Self:
        """The terms, with the least noise that keeps the client-level ε, if one is requested.

        Raises:
            InputError: δ is meaningless for so few clients, or dp-accounting is missing.
        """
        promise = None
        if settings.privacy.epsilon is not None:
            asked = max(1, round(settings.share * settings.clients))
            promise = promised(settings.privacy, settings.clients, asked, settings.rounds)
        return cls(settings, sizes, local_steps, promise)

    @property
    def share(self) -> float:
        """The probability that a client is sampled in a round."""
        return self.settings.share if self.guarantee is None else self.guarantee.sampling_rate

    def facts(self, step: int) -> dict[str, float]:
        """ε and δ per client after `step` training steps, if guaranteed."""
        return {} if self.guarantee is None else self.guarantee.facts(step // self.local_steps)

    def card_section(self, step: int) -> str:
        """The model card's section: who trained, and what is guaranteed to each client."""
        settings, sizes = self.settings, self.sizes
        rows: dict[str, Any] = {
            "clients": f"{len(sizes)}, simulated in one process, with {min(sizes):,} to {max(sizes):,} examples",
            "examples distributed": "at random"
            if settings.by_class is None
            else f"by class, Dirichlet {settings.by_class:g}",
            "rounds": f"{step // self.local_steps} of {self.local_steps} steps at each client",
            "asked per round": f"each client with probability {self.share:g}; {settings.drop:g} of them do not answer",
            "training at the clients": f"FedProx, μ {settings.proximal:g}" if settings.proximal else "FedAvg",
            "the server sees": _seen(settings),
        }
        if self.guarantee is not None:
            facts = self.facts(step)
            rows["ε, δ of a client"] = f"{facts['epsilon']:.4g}, {facts['delta']:g}, for all of its examples together"
            rows["noise"] = (
                f"{self.guarantee.noise_multiplier:.4g} times the clipping norm {self.guarantee.clip_norm:g}, added by "
                "the server"
            )
        table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
        return f"## Trained together\n\n| property | value |\n| --- | --- |\n{table}\n\n{_NOT_COVERED}"

    def reason_to_refuse(self, recorded: Federation) -> str:
        """Why a run cannot be resumed: rounds may be added only on the same terms, and never in private training."""
        now = dataclasses.replace(self.settings, rounds=recorded.settings.rounds)
        if (now, self.sizes, self.local_steps) != (recorded.settings, recorded.sizes, recorded.local_steps):
            return (
                f"was trained by {len(recorded.sizes)} clients in rounds of {recorded.local_steps} steps with other "
                f"settings ({json.dumps(dataclasses.asdict(recorded.settings))}): give the same, or start a new run"
            )
        if self.guarantee is not None and recorded.guarantee is not None:
            return self.guarantee.reason_to_refuse(recorded.guarantee)
        return ""

    def to_json(self) -> str:
        """This as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            found = json.loads(text)
            privacy = ClientPrivacySettings(**found["settings"].pop("privacy"))
            sizes, local_steps, promise = tuple(found["sizes"]), found["local_steps"], found["guarantee"]
            settings = FederationSettings(**found["settings"], privacy=privacy)
            if len(sizes) != settings.clients or not all(
                type(size) is int and size > 0 for size in (*sizes, local_steps)
            ):
                raise ValueError(f"{sizes} are not numbers of examples, or {local_steps} of steps")
            guarantee = None if promise is None else Guarantee.from_json(json.dumps(promise))
            return cls(settings, sizes, local_steps, guarantee)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(f"federation.json does not say how clients train: {error}") from None


def _seen(settings: FederationSettings) -> str:
    """What the server sees, in words."""
    if settings.secure:
        return "sums of changes (secure aggregation)"
    return "sums of changes (homomorphic encryption)" if settings.homomorphic else "each client's changes"


_NOT_COVERED = (
    "The clients were simulated: one process had all examples, held out the validation and test parts from all of "
    "them, and chose and measured there. What a finished model gives away of examples is the same however it was "
    "trained, unless an ε is promised; secure aggregation hides what single clients send, not what their sum says."
)
