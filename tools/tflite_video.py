"""Continue a clip, or generate clips, with only an exported file. Needs numpy, pillow and ai-edge-litert.

    python tools/tflite_video.py model.tflite clip.gif --count 10 --out next.gif          # predict_video: 10 more
    python tools/tflite_video.py model.tflite --count 4 --out clips.gif                   # video_gan: 4 clips in a row

A clip is an animated GIF, or a folder with its frames as pictures in the order of their names; they are centre-cropped
and resized to the size of the file. The output begins with the input frames. docs/MOBILE.md describes the file format.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps, ImageSequence

try:
    from tools.tflite_file import DAMAGE, read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import DAMAGE, read_metadata, status_of  # type: ignore[no-redef]

RATE = 25.0  # frames per second, for files that do not record it


def read_clip(path: Path, height: int, width: int, channels: int) -> np.ndarray:
    """Frames of a GIF, or of a folder of pictures: float32 `[time, height, width, channels]` in [0, 1].

    Raises:
        ValueError: it is damaged, or there are none.
    """

    def fitted(picture: Image.Image) -> np.ndarray:
        picture = ImageOps.fit(picture.convert("L" if channels == 1 else "RGB"), (width, height), Image.Resampling.BOX)
        return np.asarray(picture, np.float32).reshape(height, width, channels) / 255

    try:
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"))
            frames = [fitted(Image.open(file)) for file in files]
        else:
            with Image.open(path) as picture:
                frames = [fitted(frame) for frame in ImageSequence.Iterator(picture)]
    except (*DAMAGE, ValueError, Image.UnidentifiedImageError) as error:
        raise ValueError(f"{path} is neither a GIF nor a folder of pictures that can be read") from error
    if not frames:
        raise ValueError(f"{path} holds no pictures")
    return np.stack(frames)


def write_gif(path: Path, frames: np.ndarray, rate: float) -> None:
    """Write frames `[time, height, width, channels]` in [0, 1] as a looping animated GIF."""
    pixels = np.round(np.clip(frames, 0, 1) * 255).astype(np.uint8)
    pictures = [Image.fromarray(one.squeeze(-1) if one.shape[-1] == 1 else one) for one in pixels]
    pictures[0].save(
        path, "GIF", save_all=True, append_images=pictures[1:], duration=max(20, round(1000 / rate)), loop=0
    )


def continued(step: Any, clip: np.ndarray, past: int, count: int) -> np.ndarray:
    """The next frames, autoregressively: from the last `past` ones, then from the predicted ones.

    Raises:
        ValueError: the clip is too short.
    """
    if len(clip) < past:
        raise ValueError(f"the clip has {len(clip)} frames, and the model needs {past}: give a longer one")
    states = {
        name: np.zeros(details["shape"], np.float32)
        for name, details in step.get_input_details().items()
        if name != "frame"
    }
    made: list[np.ndarray] = []
    given = list(clip[-past:, np.newaxis])
    while len(made) < count:
        outputs = step(frame=given.pop(0) if given else made[-1], **states)
        states = {name: outputs[f"new_{name}"] for name in states}
        if not given:
            made.append(outputs["next"])
    return np.concatenate(made)


def run(options: argparse.Namespace) -> str:
    """Continue or generate; returns a message about the result.

    Raises:
        ValueError: the file or an option cannot be used.
    """
    metadata = read_metadata(options.file)
    interpreter = Interpreter(model_path=str(options.file), num_threads=1)
    names = interpreter.get_signature_list()
    rate = metadata.get("rate") or RATE
    name = "step" if "past" in metadata and "step" in names else "generate"
    if name not in names or (name == "generate" and "motion" not in metadata):
        raise ValueError("it does not hold a predict_video or video_gan that aigc_tf has exported")
    call = interpreter.get_signature_runner(name)
    details = call.get_input_details()["frame" if name == "step" else "latent"]
    if details["shape"][0] != 1:
        raise ValueError("it was exported for several examples at once: export it with --batch 1")
    started = time.perf_counter()
    if name == "step":
        if options.clip is None:
            raise ValueError("name a clip to go on with")
        clip = read_clip(options.clip, *map(int, details["shape"][1:]))
        started = time.perf_counter()
        made = continued(call, clip, int(metadata["past"]), options.count)
        frames, seconds = np.concatenate([clip, made]), (len(made) + int(metadata["past"]) - 1) / rate
    else:
        random = np.random.default_rng(options.seed)
        latents = random.standard_normal((options.count, int(details["shape"][1])), dtype=np.float32)
        clips = [call(latent=latent[np.newaxis])["clip"][0] for latent in latents]
        frames, seconds = np.concatenate(clips, axis=2), len(clips) * len(clips[0]) / rate
    taken = time.perf_counter() - started
    write_gif(options.out, frames, rate)
    return f"{options.out}: {len(frames)} frames, {seconds / taken:.1f} times real time"


def main() -> int:
    """Run the command; returns 2 if a file or an option cannot be used."""
    parser = argparse.ArgumentParser(description="Continue or generate clips with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file of predict_video or video_gan, exported with batch 1")
    parser.add_argument("clip", type=Path, nargs="?", help="a GIF or a folder of pictures to continue")
    parser.add_argument("--count", type=int, default=5, choices=range(1, 1001), metavar="N", help="frames, or clips")
    parser.add_argument("--out", type=Path, default=Path("clip.gif"), help="GIF to write (default: clip.gif)")
    parser.add_argument("--seed", type=int, default=0, help="random seed of generated clips (default: 0)")
    options = parser.parse_args()
    if options.seed < 0:
        parser.error("--seed is a number of at least 0")
    return status_of(options.file, lambda: print(run(options)))


if __name__ == "__main__":
    sys.exit(main())
