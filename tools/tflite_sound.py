"""Generate sounds, or interpolate between two recordings, with only an exported file. Needs numpy and ai-edge-litert.

    python tools/tflite_sound.py model.tflite --label seven --count 4 --out seven.wav
    python tools/tflite_sound.py model.tflite --between a.wav b.wav --count 6 --out way.wav

Input WAV files must have 16 bits, and the sample rate of the model: resample them with other programs. Sounds are
written one after the other. An autoregressive model takes --temperature and --noise. The format of the exported file is
described in docs/MOBILE.md.
"""

import argparse
import sys
import time
import wave
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

try:
    from tools.tflite_file import DAMAGE, read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import DAMAGE, read_metadata, status_of  # type: ignore[no-redef]

GAP = 0.25  # seconds between sounds


def read_wav(path: Path, rate: int, samples: int) -> np.ndarray:
    """A WAV file as float32 `[samples]` in [-1, 1], channels averaged, peak 0.9, padded with silence or truncated.

    Raises:
        ValueError: it is damaged, silent, or of another format.
    """
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getsampwidth())
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2" if form[1] == 2 else "u1")
            sound = sound[: len(sound) // file.getnchannels() * file.getnchannels()]
            sound = sound.reshape(-1, file.getnchannels()).mean(axis=1)
    except (*DAMAGE, wave.Error, ValueError) as error:
        raise ValueError(f"{path} is not a WAV file that can be read") from error
    if form != (rate, 2):
        raise ValueError(
            f"{path} has {form[0]} samples per second of {8 * form[1]} bits: convert it to {rate} of 16 bits"
        )
    if not np.any(sound):
        raise ValueError(f"{path} is silent")
    before = max(0, (samples - len(sound)) // 2)
    placed = np.zeros(samples, np.float32)
    part = sound[:samples] * (0.9 / np.abs(sound).max())
    placed[before : before + len(part)] = part
    return placed


def write_wav(path: Path, sounds: np.ndarray, rate: int) -> None:
    """Write sounds `[count, samples]` in [-1, 1], one after the other, 16 bits, mono."""
    silence = np.zeros(round(GAP * rate))
    whole = np.concatenate([part for sound in sounds for part in (sound, silence)][:-1])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(np.clip(whole, -1, 1) * 32767).astype("<i2").tobytes())


def latents_of(interpreter: Interpreter, options: argparse.Namespace, rate: int, size: int) -> np.ndarray:
    """Latents `[count, size]`: random, or a linear interpolation between the encodings of two recordings.

    Raises:
        ValueError: the model cannot encode, or a recording cannot be used.
    """
    if options.between is None:
        return np.random.default_rng(options.seed).standard_normal((options.count, size), dtype=np.float32)
    if "encode" not in interpreter.get_signature_list():
        raise ValueError("the model does not encode recordings: leave --between out")
    encode = interpreter.get_signature_runner("encode")
    samples = int(encode.get_input_details()["sound"]["shape"][1])
    first, second = (encode(sound=read_wav(path, rate, samples)[None])["mean"] for path in options.between)
    return np.concatenate([(1 - t) * first + t * second for t in np.linspace(0, 1, options.count, dtype=np.float32)])


def draw_frame(told: dict[str, np.ndarray], options: argparse.Namespace, random: np.random.Generator) -> np.ndarray:
    """The next frame `[1, bands]` in [-1, 1], sampled from the mixture that `step` returns."""
    weights, means, log_scales = (told[name][0].astype(np.float64) for name in ("weights", "means", "log_scales"))
    component = int(weights.argmax())
    if options.temperature:
        odds = np.exp((weights - weights.max()) / options.temperature)
        component = int((np.cumsum(odds) <= random.random() * odds.sum()).sum())
    uniform = np.maximum(random.random(len(means)), np.finfo(np.float64).tiny)
    quantiles = np.log(uniform) - np.log1p(-uniform)
    frame = means[:, component] + options.noise * np.exp(log_scales[:, component]) * quantiles
    levels = np.round((np.clip(frame, -1, 1) + 1) * 127.5)
    return (levels / 127.5 - 1).astype(np.float32)[None]


def frame_by_frame(interpreter: Interpreter, frames: int, label: np.ndarray, options: argparse.Namespace) -> np.ndarray:
    """Sounds `[count, samples]` of an autoregressive model, frame by frame.

    Raises:
        ValueError: an option is not for such a model.
    """
    if options.between is not None:
        raise ValueError("the model does not encode recordings: leave --between out")
    step, synthesise = (interpreter.get_signature_runner(name) for name in ("step", "synthesise"))
    details = step.get_input_details()
    states = [name for name in details if name not in ("before", "label")]
    sounds = []
    for index in range(options.count):
        random = np.random.default_rng((options.seed, index))
        given = {name: np.zeros(details[name]["shape"], details[name]["dtype"]) for name in states}
        drawn = [np.full(details["before"]["shape"], -1, np.float32)]
        for _ in range(frames):
            told = step(before=drawn[-1], label=label, **given)
            given = {name: told[f"new_{name}"] for name in states}
            drawn.append(draw_frame(told, options, random))
        picture = (np.concatenate(drawn[1:]).T[None, ..., None] + 1) / 2
        sounds.append(synthesise(picture=picture.astype(np.float32))["sound"][0])
    return np.stack(sounds)


def of_latents(
    interpreter: Interpreter, name: str, given: dict[str, np.ndarray], options: argparse.Namespace, rate: int
) -> np.ndarray:
    """Sounds `[count, samples]` from latents, by a signature."""
    make = interpreter.get_signature_runner(name)
    size = int(make.get_input_details()["latent"]["shape"][1])
    latents = latents_of(interpreter, options, rate, size)
    return np.stack([make(latent=latent[None], **given)["sound"][0] for latent in latents])


def run(options: argparse.Namespace) -> str:
    """Generate sounds; returns a message about the result.

    Raises:
        ValueError: the file or an option cannot be used.
    """
    metadata = read_metadata(options.file)
    interpreter = Interpreter(model_path=str(options.file), num_threads=1)
    signatures = interpreter.get_signature_list()
    drawn = {"step", "synthesise"} <= set(signatures)
    name = "step" if drawn else next((one for one in ("generate", "decode") if one in signatures), None)
    if name is None or "rate" not in metadata:
        raise ValueError("it does not hold a model of sound that aigc_tf has exported")
    details = interpreter.get_signature_runner(name).get_input_details()
    if next(iter(details.values()))["shape"][0] != 1:
        raise ValueError("it was exported for several examples at once: export it with --batch 1")
    given, classes = {}, metadata.get("classes", [])
    if options.label is not None:
        if options.label not in classes:
            raise ValueError(f"there is no class {options.label}: choose one of {', '.join(classes) or 'none'}")
        given["label"] = np.array([classes.index(options.label)], np.int32)
    elif classes:
        given["label"] = np.zeros(1, np.int32)
    started = time.perf_counter()
    if drawn:
        sounds = frame_by_frame(interpreter, int(metadata["frames"]), given["label"], options)
    else:
        sounds = of_latents(interpreter, name, given, options, metadata["rate"])
    taken = time.perf_counter() - started
    write_wav(options.out, sounds, metadata["rate"])
    seconds = len(sounds) * len(sounds[0]) / metadata["rate"]
    return f"{options.out}: {len(sounds)} sounds, {seconds / taken:.1f} times as fast as they sound"


def main() -> int:
    """Run the command; returns 2 if a file or an option cannot be used."""
    parser = argparse.ArgumentParser(description="Generate sounds with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file of a sound model, exported with batch 1")
    parser.add_argument("--label", help="the class, for a class-conditional model (default: its first)")
    parser.add_argument("--between", type=Path, nargs=2, metavar="WAV", help="two recordings to interpolate between")
    parser.add_argument("--count", type=int, default=4, choices=range(1, 1001), metavar="N", help="sounds (default: 4)")
    parser.add_argument("--out", type=Path, default=Path("sounds.wav"), help="file to write (default: sounds.wav)")
    of_frames = "of an autoregressive model"
    parser.add_argument("--temperature", type=float, default=1.0, help=f"softmax temperature {of_frames} (default: 1)")
    parser.add_argument("--noise", type=float, default=0.25, help=f"share of the noise {of_frames} (default: 0.25)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    options = parser.parse_args()
    if min(options.seed, options.temperature, options.noise) < 0:
        parser.error("--seed, --temperature and --noise are numbers of at least 0")
    return status_of(options.file, lambda: print(run(options)))


if __name__ == "__main__":
    sys.exit(main())
