"""Restores a photograph of any size with an exported file alone. Needs only numpy, Pillow and ai-edge-litert.

    python tools/tflite_restore.py upscale.tflite photo.jpg --out large.png
    python tools/tflite_restore.py denoise.tflite photo.jpg --sigma 25 --out clean.png
    python tools/tflite_restore.py inpaint.tflite photo.jpg --mask mask.png --out whole.png

The file takes squares of one size. A photograph is cut into squares that overlap; of each result the middle is kept,
that of `style`, `pix2pix` and `cyclegan`, which look at all that they are given, included: there seams may show
(docs/MOBILE.md).
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

OVERLAP = 12  # pixels on each side of a square whose results are not kept, a quarter of the square at most
SIGNATURES = ("restore", "translate")


def restored(
    run: Callable[..., dict[str, np.ndarray]],
    shapes: dict[str, tuple[int, ...]],
    pictures: dict[str, np.ndarray],
    sigma: float,
) -> np.ndarray:
    """A picture, float32 `[scale * height, scale * width, channels]` in [0, 1].

    Args:
        run: of a signature.
        shapes: of its inputs by name.
        pictures: `image`, and `mask` if it takes one, float32 `[height, width, channels]` in [0, 1].
        sigma: of the noise in grey levels, for a file that takes it.
    """
    batch, side, _, _ = shapes["image"]
    overlap = min(OVERLAP, side // 4)
    keep = side - 2 * overlap
    height, width, _ = pictures["image"].shape
    rows, columns = -(-height // keep), -(-width // keep)
    around = ((overlap, rows * keep - height + overlap), (overlap, columns * keep - width + overlap), (0, 0))
    padded = {name: np.pad(picture, around, mode="symmetric") for name, picture in pictures.items()}
    whole = None
    for top in range(0, rows * keep, keep):
        for left in range(0, columns * keep, keep):
            inputs = {
                name: np.repeat(picture[np.newaxis, top : top + side, left : left + side], batch, axis=0)
                for name, picture in padded.items()
            }
            if "sigma" in shapes:
                inputs["sigma"] = np.full(shapes["sigma"], sigma, np.float32)
            (answer,) = run(**inputs).values()
            scale = answer.shape[1] // side
            if whole is None:
                whole = np.empty((scale * rows * keep, scale * columns * keep, answer.shape[-1]), np.float32)
            inner = slice(scale * overlap, scale * (overlap + keep))
            place = slice(scale * top, scale * (top + keep)), slice(scale * left, scale * (left + keep))
            whole[place] = answer[0, inner, inner]
    assert whole is not None
    return np.clip(whole[: scale * height, : scale * width], 0, 1)


def read_picture(path: Path, channels: int) -> np.ndarray:
    """float32 `[height, width, channels]` in [0, 1]."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")
        return np.asarray(upright, np.float32).reshape(upright.height, upright.width, channels) / 255


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the exported file")
    parser.add_argument("photo", type=Path, help="the picture that goes in")
    parser.add_argument("--out", type=Path, required=True, help="the picture that comes out")
    parser.add_argument("--mask", type=Path, help="a picture of the same size: white where something is missing")
    parser.add_argument("--sigma", type=float, default=25.0, help="standard deviation of the noise, in grey levels")
    arguments = parser.parse_args()
    try:
        interpreter = Interpreter(model_path=str(arguments.file))
        found = [name for name in SIGNATURES if name in interpreter.get_signature_list()]
        if not found:
            raise ValueError(
                f"it has none of the signatures {', '.join(SIGNATURES)}: tools/tflite_demo.py draws with others"
            )
        run = interpreter.get_signature_runner(found[0])
        shapes = {name: tuple(details["shape"]) for name, details in run.get_input_details().items()}
        pictures = {"image": read_picture(arguments.photo, shapes["image"][-1])}
        if "mask" in shapes:
            if arguments.mask is None:
                raise ValueError("it fills what a mask says is missing: give --mask")
            pictures["mask"] = (read_picture(arguments.mask, 1) > 0.5).astype(np.float32)
            if pictures["mask"].shape[:2] != pictures["image"].shape[:2]:
                sizes = ["{1}x{0}".format(*pictures[name].shape) for name in ("mask", "image")]
                raise ValueError(f"the mask has {sizes[0]} pixels and the photo {sizes[1]}: give one of the same size")
        made = np.round(restored(run, shapes, pictures, arguments.sigma) * 255).astype(np.uint8)
        Image.fromarray(made[..., 0] if made.shape[-1] == 1 else made).save(arguments.out)
    except (OSError, ValueError) as error:
        sys.exit(f"{arguments.file.name}: {error}")
    print(arguments.out)


if __name__ == "__main__":
    main()
