"""Slice super-resolution of a scan, with a run of `finer_slices`.

    python -m tools.finer_scan RUN scan.nii.gz --out finer.nii.gz

A scan is a NIfTI file, or a folder with one DICOM series. Not for diagnosis: new slices are guesses.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from aigc_tf.cli.checks import require_new, require_place
from aigc_tf.cli.command import command
from aigc_tf.errors import InputError, UnreadableError


def finer_scan(
    run: Annotated[Path, tyro.conf.Positional],
    scan: Annotated[Path, tyro.conf.Positional],
    *,
    out: Path,
    window: tuple[float, float] | None = None,
) -> None:
    """Slice super-resolution of a scan.

    Args:
        run: Folder of a run of finer_slices.
        scan: A NIfTI file, or a folder with one NIfTI file or DICOM series.
        out: The NIfTI file to write, .nii or .nii.gz.
        window: Intensity window of the network, black and white; by default as the file says, or nearly all.
    """
    if not out.name.lower().endswith((".nii", ".nii.gz")):
        raise InputError(f"--out is {out}: choose a name that ends in .nii or .nii.gz")
    require_new(out)
    require_place(out)
    if not scan.exists():
        raise InputError(f"{scan} does not exist: name a NIfTI file, or a folder with a DICOM series")

    from aigc_tf.data.volumes.slices import volumes_at
    from aigc_tf.data.volumes.volume import write_nifti
    from aigc_tf.families.restoration.scans import finer
    from aigc_tf.modalities.origin import keep_beside
    from aigc_tf.runs.run import Run
    from aigc_tf.storage.files import write_atomically

    opened = Run.open(run)
    if opened.recipe.slug() != "finer_slices":
        raise InputError(f"{run} is a run of {opened.recipe.slug()}: train finer_slices")
    found = volumes_at(scan)
    if len(found) != 1:
        raise InputError(f"{scan} holds {len(found)} volumes: name one of them")
    try:
        made = finer(opened.model, found[0].read(), window)
    except UnreadableError as error:
        raise InputError(f"volume {found[0].name} {error}") from None
    out.parent.mkdir(parents=True, exist_ok=True)
    compressed = out.name.lower().endswith(".gz")
    made_by = opened.made_by()
    write_atomically(out, partial(write_nifti, volume=made, made_by=made_by, compressed=compressed))
    keep_beside([out], made_by)
    print(out)


if __name__ == "__main__":
    command(finer_scan)
