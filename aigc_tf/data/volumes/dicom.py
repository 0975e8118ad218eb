"""Reads volumes from DICOM series, with one file per slice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.volumes.volume import Volume, imported, reading, refuse_huge, upright
from aigc_tf.errors import UnreadableError

IRREGULAR = 0.01  # of the slice distance: larger deviations from the mean indicate missing slices


def series_of(paths: Iterable[Path]) -> tuple[dict[str, list[Any]], dict[Path, str]]:
    """File headers grouped by series, and the errors of unreadable files.

    A header's `filename` is where to read its pixels later.
    """
    pydicom = imported("pydicom")
    series: dict[str, list[Any]] = {}
    unreadable: dict[Path, str] = {}
    for path in paths:
        try:
            with reading():
                header = pydicom.dcmread(path, stop_before_pixels=True)
                series.setdefault(str(header.SeriesInstanceUID), []).append(header)
        except UnreadableError as error:
            unreadable[path] = str(error)
    return series, unreadable


def read_series(headers: list[Any]) -> Volume:
    """The volume of a series (DICOM PS3.3 §C.7.6.2.1.1: image position and orientation).

    Args:
        headers: headers of its files, in any order; patients' names in them are not used.

    Raises:
        UnreadableError: slices are missing or differ in size, a file has several frames, or pixels cannot be decoded.
    """
    with reading():
        ordered, affine = _placed(headers)
        shape = (int(headers[0].Columns), int(headers[0].Rows), len(headers))
        asked = _asked(ordered[0])
    refuse_huge(shape)
    values = np.stack([_pixels(header, shape) for header in ordered], axis=-1)
    return upright(values, affine, asked)


def _placed(headers: list[Any]) -> tuple[list[Any], np.ndarray]:
    """Headers in slice order, and the affine for `upright`, for voxels [column, row, slice]."""
    if len(headers) < 2:
        raise UnreadableError("has one slice: a volume has several")
    rows, columns = np.array(headers[0].ImageOrientationPatient, float).reshape(2, 3)
    normal = np.cross(rows, columns)
    places = np.array([np.array(header.ImagePositionPatient, float) for header in headers])
    order = np.argsort(places @ normal)
    distances = np.diff((places @ normal)[order])
    step = float(distances.mean())
    if step <= 0 or np.abs(distances - step).max() > IRREGULAR * step:
        raise UnreadableError(
            f"has slices that are {distances.min():.4g} to {distances.max():.4g} mm apart: some are missing"
        )
    between_rows, between_columns = (float(length) for length in headers[0].PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = rows * between_columns, columns * between_rows
    affine[:3, 2] = normal * step
    affine[:3, 3] = places[order[0]]
    return [headers[index] for index in order], np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine  # LPS -> RAS


def _pixels(header: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels of one file, float32 `[columns, rows]`, rescaled as it specifies (§C.11.1)."""
    pydicom = imported("pydicom")
    place = Path(header.filename).name
    with reading():
        if (int(header.Columns), int(header.Rows)) != shape[:2] or int(header.get("NumberOfFrames", 1) or 1) != 1:
            raise UnreadableError(f"has another size than the other slices, or several frames, in {place}")
        pixels = pydicom.dcmread(header.filename).pixel_array
        if pixels.ndim != 2:
            raise UnreadableError(f"has colours in {place}: expected intensities")
        slope, intercept = float(header.get("RescaleSlope", 1)), float(header.get("RescaleIntercept", 0))
        return (pixels * np.float32(slope) + np.float32(intercept)).astype(np.float32).T


def _asked(header: Any) -> tuple[float, float] | None:
    """The display window that a file specifies (§C.11.2.1.2), the first of several."""
    centre, width = (np.atleast_1d(header.get(name, [])) for name in ("WindowCenter", "WindowWidth"))
    if not len(centre) or not len(width):
        return None
    middle, half = float(centre[0]), float(width[0]) / 2
    return (middle - half, middle + half) if half > 0 else None
