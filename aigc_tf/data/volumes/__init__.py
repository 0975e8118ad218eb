"""Volumes: NIfTI files and DICOM series, and the slices that models of pictures take of them."""
