"""Volumes (NIfTI files and DICOM series), and their slices as images."""
