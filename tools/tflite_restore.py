"""Restore a photograph of any size with only an exported file. Needs only numpy, Pillow and ai-edge-litert.

    python tools/tflite_restore.py upscale.tflite photo.jpg --out large.png
    python tools/tflite_restore.py denoise.tflite photo.jpg --sigma 25 --threads 2 --out clean.png
    python tools/tflite_restore.py inpaint.tflite photo.jpg --mask mask.png --out whole.png
    python tools/tflite_restore.py adain.tflite photo.jpg --style painting.jpg --out styled.png

The photograph is processed in tiles that overlap by the network's receptive field, and the centre of each result is
kept: there are no seams, and memory is bounded. The receptive field is recorded in the file (docs/MOBILE.md). `style`,
`adain`, `pix2pix` and `cyclegan` use statistics of their whole input: there seams may show.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

try:
    from tools.tflite_file import read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import read_metadata, status_of  # type: ignore[no-redef]

SIGNATURES = ("restore", "translate")
TILE = 256  # pixels, side of a tile if the file takes any size


@dataclass(frozen=True)
class Squares:
    """How a picture is cut into tiles.

    Args:
        side: maximum side of a tile in pixels; exact, if the file takes a fixed size.
        overlap: pixels on each side of a tile whose results are discarded.
        multiple: heights and widths must be multiples of it.
        fixed: whether the file takes a fixed size.
        batch: batch size of the file; a tile is repeated to fill it.
    """

    side: int
    overlap: int
    multiple: int
    fixed: bool
    batch: int = 1

    def lengths(self, size: int) -> tuple[int, int]:
        """Number of tiles along a height or width, and pixels kept of each."""
        keep = self.side - 2 * self.overlap
        count = -(-size // keep)
        if not self.fixed:  # equal parts waste the least
            keep = -(-size // (count * self.multiple)) * self.multiple
        return count, keep


def squares_of(facts: dict[str, Any], shape: tuple[int, ...], tile: int) -> Squares:
    """The tiling that a file needs.

    Args:
        facts: the file's metadata.
        shape: shape of its `image`, -1 for any size.
        tile: side of a tile in pixels, if it takes any size.

    Raises:
        ValueError: the metadata lack it.
    """
    if not {"overlap", "multiple"} <= facts.keys():
        raise ValueError("it does not say how it takes large pictures: export the run again")
    multiple, fixed = facts["multiple"], shape[1] > 0
    side = shape[1] if fixed else max(tile, 4 * multiple) // multiple * multiple
    overlap = min(-(-facts["overlap"] // multiple), side // 4 // multiple) * multiple
    return Squares(side, overlap, multiple, fixed, shape[0])


def parts(height: int, width: int, squares: Squares) -> Iterator[tuple[slice, slice]]:
    """The part kept of each tile, in pixels of the picture; the last ones reach beyond it."""
    (rows, down), (columns, across) = squares.lengths(height), squares.lengths(width)
    for row in range(rows):
        for column in range(columns):
            yield slice(row * down, (row + 1) * down), slice(column * across, (column + 1) * across)


def restored(
    run: Callable[..., dict[str, np.ndarray]],
    pictures: dict[str, np.ndarray],
    beside: dict[str, np.ndarray],
    squares: Squares,
) -> np.ndarray:
    """The restored picture, uint8 `[scale * height, scale * width, channels]`.

    Args:
        run: calls a signature.
        pictures: `image`, and `mask` if it takes one, uint8 `[height, width, channels]`.
        beside: further inputs, the same for all tiles, `[batch, ...]` each.
        squares: the tiling.
    """
    height, width, _ = pictures["image"].shape
    around = []
    for count, keep, size in ((*squares.lengths(size), size) for size in (height, width)):
        around.append((squares.overlap, squares.overlap + count * keep - size))
    padded = {name: np.pad(picture, [*around, (0, 0)], mode="symmetric") for name, picture in pictures.items()}
    whole = None
    for down, across in parts(height, width, squares):
        window = tuple(slice(side.start, side.stop + 2 * squares.overlap) for side in (down, across))
        inputs = {
            name: np.repeat(picture[window][np.newaxis].astype(np.float32) / 255, squares.batch, axis=0)
            for name, picture in padded.items()
        }
        (answer,) = run(**inputs, **beside).values()
        scale = answer.shape[1] // inputs["image"].shape[1]
        if whole is None:
            whole = np.empty((scale * height, scale * width, answer.shape[-1]), np.uint8)
        place = whole[tuple(slice(scale * side.start, scale * side.stop) for side in (down, across))]
        first = scale * squares.overlap
        kept = answer[0, first : first + place.shape[0], first : first + place.shape[1]]
        np.rint(np.clip(kept, 0, 1) * 255, out=place, casting="unsafe")
    assert whole is not None
    return whole


def read_picture(path: Path, channels: int) -> np.ndarray:
    """uint8 `[height, width, channels]`."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
        return np.asarray(upright).reshape(upright.height, upright.width, channels)


def read_inputs(photo: Path, mask: Path | None, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """The pictures that a signature takes, by name.

    Raises:
        ValueError: there is no mask, or one of another size.
    """
    pictures = {"image": read_picture(photo, shapes["image"][-1])}
    if "mask" in shapes:
        if mask is None:
            raise ValueError("it fills what a mask says is missing: give --mask")
        pictures["mask"] = np.where(read_picture(mask, 1) > 127, np.uint8(255), np.uint8(0))
        if pictures["mask"].shape[:2] != pictures["image"].shape[:2]:
            sizes = ["{1}x{0}".format(*pictures[name].shape) for name in ("mask", "image")]
            raise ValueError(f"the mask has {sizes[0]} pixels and the photo {sizes[1]}: give one of the same size")
    return pictures


def read_beside(style: Path | None, sigma: float, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Further inputs of a signature besides pictures of the photograph's size, by name: float32.

    Raises:
        ValueError: there is no style picture.
    """
    found = {}
    if "sigma" in shapes:
        found["sigma"] = np.full(shapes["sigma"], sigma, np.float32)
    if "style" in shapes:
        if style is None:
            raise ValueError("it takes the style of a picture: give --style")
        batch, height, width, channels = shapes["style"]
        with Image.open(style) as image:
            upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
            fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
        pixels = np.asarray(fitted, np.float32).reshape(1, height, width, channels) / 255
        found["style"] = np.repeat(pixels, batch, axis=0)
    return found


def run(options: argparse.Namespace) -> None:
    """Restore the photograph, and print its path.

    Raises:
        ValueError: the file or a picture cannot be used.
    """
    interpreter = Interpreter(model_path=str(options.file), num_threads=options.threads)
    found = [name for name in SIGNATURES if name in interpreter.get_signature_list()]
    if not found:
        raise ValueError(
            f"it has none of the signatures {', '.join(SIGNATURES)}: tools/tflite_demo.py generates with others"
        )
    call = interpreter.get_signature_runner(found[0])
    shapes = {name: tuple(details["shape_signature"]) for name, details in call.get_input_details().items()}
    pictures = read_inputs(options.photo, options.mask, shapes)
    beside = read_beside(options.style, options.sigma, shapes)
    squares = squares_of(read_metadata(options.file), shapes["image"], options.tile)
    made = restored(call, pictures, beside, squares)
    Image.fromarray(made[..., 0] if made.shape[-1] == 1 else made).save(options.out)
    print(options.out)


def main() -> int:
    """Run the command; returns 2 if the file or a picture cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the exported file")
    parser.add_argument("photo", type=Path, help="the input picture")
    parser.add_argument("--out", type=Path, required=True, help="the output picture")
    parser.add_argument("--mask", type=Path, help="a picture of the same size: white where something is missing")
    parser.add_argument("--style", type=Path, help="the style picture")
    parser.add_argument("--sigma", type=float, default=25.0, help="standard deviation of the noise, in grey levels")
    parser.add_argument("--threads", type=int, default=1, help="number of threads")
    parser.add_argument("--tile", type=int, default=TILE, help="side of a tile in pixels, for a file of any size")
    options = parser.parse_args()
    return status_of(options.file, lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
