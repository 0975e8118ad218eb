"""Settings of federated training; not part of the model's recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.private import PrivacySettings
from aigc_tf.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClientPrivacySettings(PrivacySettings):
    """Client-level differential privacy (McMahan et al. 2018): hides whether a client, with all its data, took part."""

    epsilon: PositiveFloat | None = None
    """Privacy budget ε of all rounds, from which the noise is calibrated. None trains without privacy."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    """Probability δ with which the guarantee may fail; it has to be less than 1 / clients."""
    clip_norm: PositiveFloat = 1.0
    """Clipping norm of a client's update in a round."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FederationSettings(Settings):
    """Federated averaging (McMahan et al. 2017, algorithm 1): clients train locally, a server averages updates."""

    clients: Annotated[int, Field(ge=2)] = 5
    """Number of clients that the training examples are divided among."""
    rounds: PositiveInt = 20
    """Rounds; in each, clients train steps / rounds steps from the same weights, and the results are averaged."""
    by_class: PositiveFloat | None = None
    """Divide each class in shares drawn from a Dirichlet distribution with this concentration (Hsu et al. 2019): 0.1
    gives a client few classes, 100 all alike. By default each example goes to a client at random."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability that a client is selected in a round."""
    drop: ProperFraction = 0.0
    """Probability that a selected client drops out."""
    proximal: NonNegativeFloat = 0.0
    """μ of FedProx (Li et al. 2020, equation 2), which keeps clients near the weights that a round began with."""
    secure: bool = False
    """Secure aggregation: the server sees sums of updates, never those of a single client."""
    homomorphic: bool = False
    """Sum encrypted updates: the server cannot decrypt them, and one of the clients tells it the sum."""
    privacy: ClientPrivacySettings = ClientPrivacySettings()

    def __post_init__(self) -> None:
        if self.secure and self.homomorphic:
            raise ValueError("secure and homomorphic both hide what single clients send: choose one")
