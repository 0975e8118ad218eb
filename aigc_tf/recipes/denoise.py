"""Denoising of photographs: Gaussian noise of any strength, salt and pepper, JPEG (002 §6.1, 003 §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import HalfSizeRecipe, NoisyInput, Tiling


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Denoise(HalfSizeRecipe):
    """Residual denoiser at half resolution; the strength of Gaussian noise is an input (FFDNet, Zhang et al. 2018)."""

    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Noise"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:denoiser"}

    transform_options: ClassVar[type] = NoisyInput

    steps: PositiveInt = 12_000
    noise: Literal["gaussian", "salt_and_pepper", "jpeg"] = "gaussian"
    """The kind of noise to remove."""
    strength: tuple[NonNegativeFloat, NonNegativeFloat] = (0.0, 55.0)
    """Range of the noise: standard deviation in grey levels for gaussian, percent of the pixels for salt_and_pepper,
    quality from 1 to 100 for jpeg; for the last give your own, such as 10 60."""

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.strength
        least, most = (1 if self.noise == "jpeg" else 0), 100
        if not least <= low <= high <= most:
            raise ValueError(
                f"strength is {low:g} to {high:g}: for {self.noise} give two numbers between {least} and {most}, the "
                "lower one first" + (", such as 10 60" if self.noise == "jpeg" else "")
            )
        if self.noise != "gaussian":  # its strength is not an input of the network
            object.__setattr__(self, "transform_options", Tiling)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
