"""Train a network that draws the slices between the slices of a volume: 1,500 steps of 8 crops, about two minutes.

    python -m trainers.finer_slices --source scan.nii.gz
    python -m trainers.finer_slices --source SCANS --photos.axis sagittal --every 4

A folder holds NIfTI files (.nii, .nii.gz) or DICOM series (.dcm): pip install 'aigc-tf[volumes]'.

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.finer_slices import FinerSlices

if __name__ == "__main__":
    train_command(FinerSlices)
