"""Damaged clips, tables of captions, scans and designs, for the benchmark `fuzz`."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import IO

import numpy as np
import pydicom

from aigc_tf.data.moments.opening import open_source as open_captioned
from aigc_tf.data.text import levels, molecules
from aigc_tf.data.video.clip import read_clip, write_animation, write_video
from aigc_tf.data.volumes.slices import read_slices
from aigc_tf.data.volumes.volume import Volume, write_nifti
from aigc_tf.recipes.align import Align
from aigc_tf.recipes.levels import Levels
from aigc_tf.recipes.molecules import Molecules
from aigc_tf.recipes.slices import SliceSettings
from aigc_tf.recipes.video import VideoSettings
from tools.benchmarks.mutations import damaged
from tools.benchmarks.specimens import written

SETTINGS = VideoSettings(size=16, crop=16)


def cases() -> dict[str, Callable[[Path, random.Random], None]]:
    """Readers by name."""
    return {"clips": clip, "tables of captions": captions, "NIfTI and DICOM": scan, "molecules and levels": design}


@cache
def clips() -> tuple[bytes, ...]:
    """An MP4 file and a GIF of five small frames."""
    frames = np.random.default_rng(0).integers(0, 256, (5, 16, 20, 3), np.uint8)
    return tuple(
        written(partial(write, frames=frames, rate=10.0, made_by={})) for write in (write_video, write_animation)
    )


def clip(folder: Path, chance: random.Random) -> None:
    """A damaged video file or GIF."""
    path = folder / "clip.mp4"
    path.write_bytes(damaged(chance.choice(clips()), chance))
    read_clip(path, SETTINGS)


def captions(folder: Path, chance: random.Random) -> None:
    """A damaged table of captions, beside a picture."""
    (folder / "one.gif").write_bytes(clips()[1])
    (folder / "captions.tsv").write_bytes(damaged(b"one.gif\ta red ball\none.gif\ttwo birds\n", chance))
    open_captioned(Align(source=str(folder)))


@cache
def scans() -> dict[str, tuple[bytes, ...]]:
    """Small volumes, by the ending of their files; of a DICOM series all slices."""
    values = np.random.default_rng(0).integers(0, 256, (4, 5, 6)).astype(np.float32)
    written_scan = partial(write_nifti, volume=Volume(values, np.eye(4)), made_by={})
    nifti = [written(partial(written_scan, compressed=compressed)) for compressed in (False, True)]
    slices = tuple(written(partial(write_slice, pixels=values[:, :, index], index=index)) for index in range(4))
    return {".nii": (nifti[0],), ".nii.gz": (nifti[1],), ".dcm": slices}


def write_slice(file: IO[bytes], pixels: np.ndarray, index: int) -> None:
    """A slice `[rows, columns]` of a DICOM series, a millimetre above the one before."""
    header = pydicom.Dataset()
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{index}"
    header.SeriesInstanceUID = "1.2.3"
    header.Rows, header.Columns, header.SamplesPerPixel = *pixels.shape, 1
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 0
    header.PhotometricInterpretation = "MONOCHROME2"
    header.ImageOrientationPatient, header.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, index]
    header.PixelSpacing, header.PixelData = [1, 1], pixels.astype("<u2").tobytes()
    header.save_as(file, enforce_file_format=True)


def scan(folder: Path, chance: random.Random) -> None:
    """A damaged NIfTI file, or a DICOM series of which one slice is damaged."""
    ending, (first, *others) = chance.choice(list(scans().items()))
    for number, content in enumerate((damaged(first, chance), *others)):
        (folder / f"{number}{ending}").write_bytes(content)
    read_slices(folder, SliceSettings())


def design(folder: Path, chance: random.Random) -> None:
    """A damaged file of molecules or of levels."""
    path = folder / "designs.txt"
    path.write_bytes(damaged("\n\n".join(("CCO", "c1ccccc1", "S.#\n.oX", "C" * 90) * 3).encode(), chance))
    if chance.random() < 0.5:
        molecules.open_source(Molecules(source=str(path)))
    else:
        levels.open_source(Levels(source=str(path)))
