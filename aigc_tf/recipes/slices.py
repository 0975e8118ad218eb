"""How volumes are sliced into pictures."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SliceSettings(Settings):
    """Slicing of volumes: NIfTI files and DICOM series."""

    axis: Literal["axial", "coronal", "sagittal"] = "axial"
    """Orientation of slices of volumes: seen from below, from the front, or from the side."""
    window: tuple[float, float] | None = None
    """Intensity window of volumes: the values shown as black and white, in the units of the file. None: as the file
    says, or else the percentiles 0.5 and 99.5."""

    def __post_init__(self) -> None:
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError(f"window is {self.window[0]:g} to {self.window[1]:g}: give the lower one first")
