"""Volumes in a common orientation."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from aigc_tf.errors import UnreadableError, printable
from aigc_tf.optional import needed

NIFTI_ENDINGS = (".nii", ".nii.gz")
DICOM_ENDINGS = (".dcm",)
MAX_VOXELS = 2**30  # 4 GB as float32
MAX_LONGER = 50  # maximum ratio of the sides of a voxel
_SHOWN = (0.5, 99.5)  # percentiles shown as black and white by default


@dataclass(frozen=True, eq=False)
class Volume:
    """Intensities on a regular grid."""

    values: np.ndarray
    """float32 `[to the right, to the front, upwards]`, from the patient's view; in the file's units (Hounsfield units
    for CT), rescaled as it specifies."""
    affine: np.ndarray
    """4x4, from voxel indices to millimetres to the right, to the front and upwards (NIfTI-1, "RAS+")."""
    asked: tuple[float, float] | None = None
    """Intensities that the file specifies as black and white; None if it does not."""

    @property
    def spacing(self) -> np.ndarray:
        """Millimetres between voxels along each axis, `[3]`."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    def window(self, chosen: tuple[float, float] | None) -> tuple[float, float]:
        """Intensities of black and white: the chosen ones, or those in the file, or percentiles.

        Raises:
            UnreadableError: the percentiles are equal.
        """
        low, high = chosen or self.asked or np.percentile(self.values, _SHOWN)
        if not low < high:
            raise UnreadableError(f"is {low:g} nearly everywhere: give window, the intensities of black and white")

        return float(low), float(high)


def imported(module: str) -> Any:
    """Import `nibabel` or `pydicom`.

    Raises:
        InputError: it is not installed.
    """
    return needed(module, to="read volumes", extra="volumes")


@contextmanager
def reading() -> Iterator[None]:
    """Turn any exception of a library while it reads a file into an UnreadableError, since it is about the file."""
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        raise UnreadableError(f"damaged: {printable(reason.splitlines()[0])}") from error


def upright(values: np.ndarray, affine: np.ndarray, asked: tuple[float, float] | None = None) -> Volume:
    """Rotate by quarter turns and mirror a grid of values so that its axes are those of `Volume`.

    Args:
        values: real numbers `[i, j, k]`; NaN and infinite ones become the minimum.
        affine: of these axes; see `Volume`.
        asked: see `Volume`.

    Raises:
        UnreadableError: it is not a volume: another number of dimensions, colours, no finite value, or a single one.
    """
    if values.ndim != 3 or values.dtype.names is not None:
        kind = "colours" if values.dtype.names is not None else f"{values.ndim} dimensions {list(values.shape)}"
        raise UnreadableError(f"has {kind}: expected one volume of 3 dimensions, intensities")
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise UnreadableError("does not say how its voxels lie in space")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if spacing.max() > MAX_LONGER * spacing.min():
        raise UnreadableError(f"has voxels of {' x '.join(f'{length:.3g}' for length in spacing)} mm: is that right?")
    values = np.asarray(values, np.float32)
    finite = np.isfinite(values)
    if not finite.any() or values[finite].min() == values[finite].max():
        raise UnreadableError("has the same value everywhere")
    tools = imported("nibabel.orientations")
    orientation = tools.io_orientation(affine)
    turned = tools.apply_orientation(np.where(finite, values, values[finite].min()), orientation)
    return Volume(np.ascontiguousarray(turned), affine @ tools.inv_ornt_aff(orientation, values.shape), asked)


def read_nifti(path: Path) -> Volume:
    """Read the volume in a NIfTI file.

    Raises:
        UnreadableError: it is damaged, or not a volume.
    """
    nibabel = imported("nibabel")
    with reading():
        image = nibabel.load(path)
        refuse_huge(image.shape)
        values, affine = np.asanyarray(image.dataobj), image.affine
    if values.ndim == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    return upright(values, affine)


def write_nifti(file: IO[bytes], volume: Volume, made_by: Mapping[str, str], compressed: bool) -> None:
    """Write a volume as a NIfTI-1 file, with its provenance in the description, at most 79 bytes."""
    image = imported("nibabel").Nifti1Image(volume.values, volume.affine)
    image.header["descrip"] = "; ".join(made_by.values()).encode()[:79]
    content = image.to_bytes()
    file.write(gzip.compress(content) if compressed else content)


def refuse_huge(shape: tuple[int, ...]) -> None:
    """Raise UnreadableError for more than `MAX_VOXELS`, before reading them."""
    if np.prod(np.array(shape, np.float64)) > MAX_VOXELS:
        raise UnreadableError(f"holds {list(shape)} voxels, more than {MAX_VOXELS:,} are not read")
