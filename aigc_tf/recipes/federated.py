"""How clients train a model together; not part of the model's recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.private import PrivacySettings
from aigc_tf.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClientPrivacySettings(PrivacySettings):
    """Differential privacy of clients (McMahan et al. 2018): whether one took part, with all its examples."""

    epsilon: PositiveFloat | None = None
    """What is spent in all rounds; the noise follows from it. None trains without."""
    delta: Annotated[float, Field(gt=0, lt=1)] = 1e-3
    """The probability with which more may leak; it has to be less than 1 / clients."""
    clip_norm: PositiveFloat = 1.0
    """Largest norm of what a client changes in a round."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FederationSettings(Settings):
    """Federated averaging (McMahan et al. 2017, algorithm 1): clients train on, a server averages what they change."""

    clients: Annotated[int, Field(ge=2)] = 5
    """Among which the training examples are dealt out."""
    rounds: PositiveInt = 20
    """In each the clients train steps / rounds steps, all from the same weights, and these are averaged."""
    by_class: PositiveFloat | None = None
    """Deal out by class: each class in shares drawn from a Dirichlet distribution with this concentration (Hsu et al.
    2019); 0.1 gives a client few classes, 100 all alike. By default each example goes to a client at random."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The probability of a client to be asked in a round."""
    drop: ProperFraction = 0.0
    """The probability that a client that was asked does not answer."""
    proximal: NonNegativeFloat = 0.0
    """μ of FedProx (Li et al. 2020, equation 2), which holds clients near the weights that a round began with."""
    secure: bool = False
    """Add up by secure aggregation: the server sees sums of changes, never those of a single client."""
    homomorphic: bool = False
    """Add up what clients have encrypted: the server cannot read it, and one of the clients tells it the sum."""
    privacy: ClientPrivacySettings = ClientPrivacySettings()

    def __post_init__(self) -> None:
        if self.secure and self.homomorphic:
            raise ValueError("secure and homomorphic both hide what single clients send: choose one")
