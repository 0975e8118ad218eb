"""Volumes: orientation, spacing, display windows, splits of one and several volumes, and real-world files."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from aigc_tf.data.images.opening import open_source
from aigc_tf.data.photos.opening import open_source as open_photos
from aigc_tf.data.volumes.dicom import read_series, series_of
from aigc_tf.data.volumes.slices import holds_volumes, read_slices
from aigc_tf.data.volumes.volume import MAX_VOXELS, read_nifti, refuse_huge, upright
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.recipes.finer_slices import FinerSlices
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.photos import PhotoSettings
from aigc_tf.recipes.slices import SliceSettings
from aigc_tf.recipes.vae import VAE

RANDOM = np.random.default_rng(0)
# [right, front, up]: each axis has a different length and gradient.
SCAN = np.add.outer(np.add.outer(100.0 * np.arange(20), 10.0 * np.arange(30)), np.arange(40.0)).astype(np.float32)


def nifti(path: Path, values: np.ndarray = SCAN, affine: np.ndarray | None = None) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4) if affine is None else affine), path)
    return path


def dicom(folder: Path, **changed: Any) -> list[Path]:
    """The axial slices of SCAN + 0.5 as a DICOM series, not in spatial order."""
    folder.mkdir(exist_ok=True)
    series, paths = generate_uid(), []
    for index in RANDOM.permutation(SCAN.shape[2]):
        header = pydicom.Dataset()
        header.file_meta = pydicom.dataset.FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        header.SeriesInstanceUID = series
        header.Rows, header.Columns = SCAN.shape[1], SCAN.shape[0]
        header.BitsAllocated = header.BitsStored = 16
        header.HighBit, header.PixelRepresentation, header.SamplesPerPixel = 15, 0, 1
        header.PhotometricInterpretation = "MONOCHROME2"
        header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]  # columns to the left, rows to the back
        header.ImagePositionPatient = [0, 0, 2.5 * float(index)]
        header.PixelSpacing, header.RescaleSlope, header.RescaleIntercept = [1.5, 0.5], 1, 0.5
        header.WindowCenter, header.WindowWidth = 500, 400
        header.PixelData = SCAN[::-1, ::-1, index].T.astype(np.uint16).tobytes()
        for name, value in changed.items():
            setattr(header, name, value)
        paths.append(folder / f"{len(paths):03}.dcm")
        header.save_as(paths[-1], enforce_file_format=True)
    return paths


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_volume_is_upright_however_it_is_stored(flips: tuple[int, ...], order: tuple[int, ...], tmp_path: Path):
    stored = SCAN[:: flips[0], :: flips[1], :: flips[2]].transpose(order)
    affine = np.eye(4)
    affine[:3, :3] = (np.diag(flips) * np.array([0.5, 1.0, 2.0]))[:, order]
    volume = read_nifti(nifti(tmp_path / "scan.nii.gz", stored, affine))
    np.testing.assert_array_equal(volume.values, SCAN)
    assert volume.spacing == pytest.approx((0.5, 1.0, 2.0))


def test_a_dicom_series_is_sorted_rescaled_and_upright(tmp_path: Path):
    series, unreadable = series_of(dicom(tmp_path))
    assert not unreadable
    volume = read_series(next(iter(series.values())))
    np.testing.assert_array_equal(volume.values, SCAN + 0.5)
    assert volume.spacing == pytest.approx((0.5, 1.5, 2.5))
    assert volume.window(None) == (300.0, 700.0) and volume.window((1.0, 2.0)) == (1.0, 2.0)


def test_slices_are_upright_square_and_in_the_window(tmp_path: Path):
    path = nifti(tmp_path / "scan.nii", affine=np.diag([1.0, 1.0, 3.0, 1.0]))
    found = read_slices(path, SliceSettings(axis="coronal", window=(0.0, 2000.0)))
    one = found.slices[0].pixels
    assert one.shape == (120, 20, 1)  # three times as high, like its voxels
    assert (np.diff(one[:, 0, 0].astype(int)) <= 0).all()  # up is up
    assert (np.diff(one[0, :, 0].astype(int)) > 0).all()  # right is right
    assert one[0, -1, 0] == round(255 * (100 * 19 + 39) / 2000)
    axial = read_slices(path, SliceSettings(window=(0.0, 2000.0))).slices[0].pixels
    assert axial.shape == (30, 20, 1)
    assert axial[0, 0, 0] > axial[-1, 0, 0]  # the front is at the top
    assert read_slices(path, SliceSettings(axis="sagittal")).slices[0].pixels.shape == (120, 30, 1)


def test_the_parts_of_one_volume_are_slabs_with_gaps(tmp_path: Path):
    noisy = RANDOM.random((6, 7, 200)).astype(np.float32)
    slices = read_slices(nifti(tmp_path / "scan.nii", noisy), SliceSettings()).slices
    places = {
        part: [int(one.name[-4:]) for one in slices if one.part == part] for part in ("train", "validation", "test")
    }
    assert places["test"] == list(range(80, 100))
    assert places["validation"] == list(range(120, 130))
    assert not set(places["train"]) & set(range(74, 106)) and {73, 106} <= set(places["train"])


def test_of_several_volumes_whole_ones_are_held_out(tmp_path: Path):
    for number in range(4):  # the same name in separate folders
        (tmp_path / f"{number}").mkdir()
        nifti(tmp_path / f"{number}" / "T1.nii", RANDOM.random((6, 7, 8)).astype(np.float32))
    dicom(tmp_path / "series")
    slices = read_slices(tmp_path, SliceSettings()).slices
    parts = {one.name.rpartition("/")[0]: one.part for one in slices}
    assert len(parts) == 5 and sorted(parts.values()) == ["test", "train", "train", "train", "validation"]
    assert all(parts[one.name.rpartition("/")[0]] == one.part for one in slices)


def test_a_folder_is_what_its_first_file_is(tmp_path: Path):
    assert not holds_volumes(tmp_path)
    nifti(tmp_path / "b.nii")
    (tmp_path / ".a.png").touch()
    (tmp_path / "a.txt").touch()
    assert holds_volumes(tmp_path) and holds_volumes(tmp_path / "b.nii")
    (tmp_path / "a.png").touch()
    assert not holds_volumes(tmp_path)


def test_models_of_images_and_of_photographs_take_volumes(tmp_path: Path):
    path = str(nifti(tmp_path / "scan.nii", RANDOM.random((20, 24, 60)).astype(np.float32)))
    images = open_source(VAE(source=path, images=ImageSettings(height=16, width=12, channels=3)))
    assert images.train.images.shape[1:] == (16, 12, 3) and len(images.test.images) == 6
    assert "slab" in images.test_split and "patient" in images.licence
    photos = open_photos(FinerSlices(source=path, photos=PhotoSettings(axis="axial", crop=16, channels=1)))
    assert len(photos.test) == 6 and photos.train[0].shape == (24, 20, 1)
    with pytest.raises(InputError, match=r"less than a crop: give --photos\.crop"):
        open_photos(FinerSlices(source=path, photos=PhotoSettings(axis="axial", channels=1)))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones((4, 4, 4), np.float32), "the same value everywhere"),
        (np.full((4, 4, 4), np.nan, np.float32), "the same value everywhere"),
        (np.ones((4, 4, 4, 5), np.float32), "4 dimensions"),
        (np.ones((4, 4), np.float32), "2 dimensions"),
    ],
)
def test_what_is_no_volume_is_refused(values: np.ndarray, reason: str, tmp_path: Path):
    with pytest.raises(UnreadableError, match=reason):
        read_nifti(nifti(tmp_path / "scan.nii", values))


def test_damaged_files_are_refused_in_one_line(tmp_path: Path):
    whole = gzip.compress(nifti(tmp_path / "scan.nii").read_bytes())
    (tmp_path / "scan.nii").unlink()
    for name, content in (("cut.nii.gz", whole[: len(whole) // 2]), ("empty.nii", b""), ("text.nii.gz", b"hello")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"volume {name} damaged") as refusal:
            read_slices(path, SliceSettings())
        assert "\n" not in str(refusal.value)
    (tmp_path / "text.dcm").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"1 DICOM files of .* cannot be read: text\.dcm"):
        read_slices(tmp_path / "text.dcm", SliceSettings())
    with pytest.raises(UnreadableError, match="are not read"):
        refuse_huge((MAX_VOXELS, 2, 2))


def test_a_series_with_gaps_colours_or_other_sizes_is_refused(tmp_path: Path):
    paths = dicom(tmp_path / "gap")
    headers = next(iter(series_of(paths)[0].values()))
    inner = [one for one in headers if one.ImagePositionPatient[2] != 12.5]
    with pytest.raises(UnreadableError, match="mm apart"):
        read_series(inner)
    with pytest.raises(UnreadableError, match="several frames"):
        read_series(next(iter(series_of(dicom(tmp_path / "frames", NumberOfFrames=3))[0].values())))
    with pytest.raises(UnreadableError, match="damaged"):
        read_series(next(iter(series_of(dicom(tmp_path / "short", PixelData=b"12"))[0].values())))
    with pytest.raises(UnreadableError, match="one slice"):
        read_series(headers[:1])


def test_voxels_without_a_place_are_refused():
    with pytest.raises(UnreadableError, match="how its voxels lie"):
        upright(SCAN, np.zeros((4, 4)))
    with pytest.raises(UnreadableError, match="1 x 1 x 1e"):
        upright(SCAN, np.diag([1.0, 1.0, 1e6, 1.0]))
