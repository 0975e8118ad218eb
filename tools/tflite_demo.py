"""Generate a grid of pictures, or text, with only an exported file. Needs only numpy and ai-edge-litert.

    python tools/tflite_demo.py generator.tflite --count 64 --out samples.png
    python tools/tflite_demo.py conditional.tflite --label Bag --out bags.png
    python tools/tflite_demo.py language_model.tflite --prompt "Once" --tokens 200 --temperature 0.8 --top-k 20

The file describes its contents and how to call it in its signatures and its metadata (docs/MOBILE.md).
"""

import argparse
import io
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

try:
    from tools.tflite_file import read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import read_metadata, status_of  # type: ignore[no-redef]

TOKENS = 200
OPTIONS = {"pictures": ("count",), "text": ("prompt", "tokens", "temperature", "top_k")}


def generate(
    interpreter: Interpreter,
    signature: str,
    metadata: dict[str, Any],
    count: int,
    seed: int,
    label: int | None = None,
) -> np.ndarray:
    """Images `[count, height, width, channels]` float32 in [0, 1]: those of tools.sample with the same seed.

    Args:
        interpreter: interpreter of a file with the signature.
        signature: signature from `latent`, and `label` for a class-conditional model, to an image.
        metadata: metadata of the file.
        count: number of images.
        seed: random seed of the latents.
        label: class number of all images; None: the classes in turn.
    """
    runner = interpreter.get_signature_runner(signature)
    batch, *shape = runner.get_input_details()["latent"]["shape"]
    rng = np.random.default_rng(seed)
    prior = metadata.get("prior")  # without one, latents are standard normal
    images: list[np.ndarray] = []
    while len(images) < count:  # the file takes exactly `batch` latents at a time
        latents = rng.standard_normal((batch, *shape), dtype=np.float32)
        if prior:
            factor = np.asarray(prior["factor"])  # a matrix, or its diagonal
            latents = latents @ factor.T if factor.ndim == 2 else latents * factor
            latents = (prior["mean"] + latents).astype(np.float32)
        inputs = {"latent": latents}
        if "label" in runner.get_input_details():
            in_turn = np.arange(len(images), len(images) + batch) % len(metadata["classes"])
            inputs["label"] = (in_turn if label is None else np.full(batch, label)).astype(np.int32)
        (answer,) = runner(**inputs).values()
        images.extend(answer)
    return np.stack(images[:count])


def number_of_class(name: str, classes: list[str]) -> int:
    """The number of a class given by name or number; ValueError if there is none."""
    if not classes:
        raise ValueError("its model knows no classes: leave --label out")
    if name in classes:
        return classes.index(name)
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    raise ValueError(f"there is no class {name}: choose one of {', '.join(classes)}, or its number from 0 on")


def write_text(
    interpreter: Interpreter,
    metadata: dict[str, Any],
    prompt: str,
    tokens: int | None,
    temperature: float,
    top_k: int,
    seed: int,
) -> str:
    """The prompt and its continuation by the model: at most `tokens` (None: 200, or the model's context length).

    Logits are divided by the temperature, 0 is greedy decoding; `top_k` 0 allows all tokens.
    """
    for key in ("vocabulary", "start"):
        if key not in metadata:
            raise ValueError(f"its metadata has no {key}: export it again with one")
    vocabulary = metadata["vocabulary"]
    text = [metadata["start"], *tokenize(prompt, metadata)]
    room = metadata.get("context_length", sys.maxsize) - len(text) + 1
    tokens = min(TOKENS, room) if tokens is None else tokens
    if not 1 <= tokens <= room:
        raise ValueError(f"it can write {max(room, 0)} tokens after this prompt, not {tokens}")
    step = interpreter.get_signature_runner("step")
    details = step.get_input_details()
    feedback = metadata["signatures"]["step"].get("feedback", {})
    states = {name: np.zeros(details[name]["shape"], details[name]["dtype"]) for name in feedback.values()}
    written, rng = len(text), np.random.default_rng(seed)
    # Any other input besides the token and states is a latent vector, sampled once per text.
    latents = {
        name: rng.standard_normal(details[name]["shape"], dtype=np.float32)
        for name in details.keys() - {"token"} - states.keys()
    }
    for position in range(written + tokens - 1):
        token = np.full(details["token"]["shape"], text[position], np.int32)
        outputs = step(token=token, **latents, **states)
        states = {name: outputs[output] for output, name in feedback.items()}
        if position < written - 1:
            continue  # still reading the prompt
        logits = outputs["logits"].reshape(-1, len(vocabulary))[0]
        logits[metadata.get("never", [])] = -np.inf
        text.append(choose(logits, temperature, top_k, rng))
        if text[-1] == metadata.get("end"):
            text.pop()
            break
    return detokenize(text[1:], metadata)


def detokenize(tokens: list[int], metadata: dict[str, Any]) -> str:
    """The text of token ids."""
    if metadata.get("unit") == "byte":  # token b + 1 is byte b, and a character can be several
        return bytes(token - 1 for token in tokens).decode("utf-8", errors="replace")
    return "".join(metadata["vocabulary"][token] for token in tokens)


def tokenize(text: str, metadata: dict[str, Any]) -> list[int]:
    """The token ids of a text, by greedy longest match.

    Raises:
        ValueError: nothing in the vocabulary fits.
    """
    if metadata.get("unit") == "byte":
        return [byte + 1 for byte in text.encode()]
    vocabulary = metadata["vocabulary"]
    if metadata.get("unit") in ("word", "subword"):  # these include the preceding space
        text = text.rstrip(" ")
        first = re.match(r"\w+|[^\w\s]+", text)
        if first and first[0] not in vocabulary and f" {first[0]}" in vocabulary:
            text = f" {text}"
    numbers = {symbol: number for number, symbol in enumerate(vocabulary) if symbol}
    longest = max(map(len, numbers))
    found, start = [], 0
    while start < len(text):
        fitting = (text[start : start + length] for length in range(longest, 0, -1))
        symbol = next((part for part in fitting if part in numbers), None)
        if symbol is None:
            raise ValueError(f"its vocabulary has no {text[start]!r}: leave it out of the prompt")
        found.append(numbers[symbol])
        start += len(symbol)
    return found


def choose(logits: np.ndarray, temperature: float, top_k: int, rng: np.random.Generator) -> int:
    """A token id, sampled from softmax(logits / temperature) over the top k."""
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # near 0, all but the largest overflow to -inf
        scaled = (logits.astype(np.float64) - logits.max()) / temperature
    if top_k:
        scaled[np.argsort(-scaled, kind="stable")[top_k:]] = -np.inf
    weights = np.exp(scaled)
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def grid(images: np.ndarray) -> np.ndarray:
    """A roughly square uint8 grid of images `[count, height, width, channels]` in [0, 1]."""
    count, height, width, channels = images.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count] = np.round(np.clip(images, 0, 1) * 255)
    cells = cells.reshape(rows, columns, height, width, channels)
    return cells.swapaxes(1, 2).reshape(rows * height, columns * width, channels)


def png(pixels: np.ndarray) -> bytes:
    """Bytes `[height, width, 1 or 3]` as PNG (ISO/IEC 15948): header, one compressed block, end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, channels = pixels.shape
    colour = {1: 0, 3: 2}[channels]
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)  # filter type 0 (none) per line
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0))
        + chunk(b"tEXt", b"Comment\0generated by aigc_tf")
        + chunk(b"IDAT", zlib.compress(lines, 9))
        + chunk(b"IEND", b"")
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: it is never visible half written."""
    part = path.with_name(f"{path.name}.partial")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ValueError(f"{path} cannot be written: {error.strerror}") from error


def parse() -> argparse.Namespace:
    """Parse the command line; options not given are None."""
    parser = argparse.ArgumentParser(description="Generate pictures or text with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file with the signature generate, decode or step")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    parser.add_argument("--out", type=Path, help="picture to write (default: samples.png), or file for the text")
    parser.add_argument("--count", type=int, help="number of images (default: 64)")
    parser.add_argument("--label", help="the class, or the property of a text, by name or number (default: in turn)")
    parser.add_argument("--prompt", help="beginning of the text (default: empty)")
    parser.add_argument("--tokens", type=int, help=f"number of tokens to generate (default: {TOKENS}, or what fits)")
    parser.add_argument(
        "--temperature",
        type=float,
        help="softmax temperature: below 1 more predictable text, above 1 more varied (default: 1)",
    )
    parser.add_argument("--top-k", type=int, help="sample from this many likeliest tokens; 0: from all (default: 0)")
    options = parser.parse_args()
    for name, least in (("count", 1), ("tokens", 1), ("temperature", 0), ("top_k", 0)):
        value = getattr(options, name)
        if value is not None and not least <= value < float("inf"):
            parser.error(f"--{name.replace('_', '-')} is {value}: a finite number of at least {least} is needed")
    return options


def run(options: argparse.Namespace) -> str:
    """Run the model in the file; returns a message about the result.

    Raises:
        ValueError: the file or an option cannot be used.
    """
    interpreter, metadata = Interpreter(model_path=str(options.file)), read_metadata(options.file)
    names = list(interpreter.get_signature_list())
    if "encode" in names and "step" in names:
        tool = "rewrite" if "start" in names else "music"
        raise ValueError(f"it transforms its input: use tools/tflite_{tool}.py")
    drawing = next((name for name in ("generate", "decode") if name in names), None)
    if not drawing and "step" not in names:
        raise ValueError(f"its signatures are {', '.join(names) or 'none'}: generate, decode or step is needed")
    kind, other = ("pictures", "text") if drawing else ("text", "pictures")
    for name in OPTIONS[other]:
        if getattr(options, name) is not None:
            raise ValueError(f"it generates {kind}, and --{name.replace('_', '-')} is for {other}")
    if drawing:
        out, count = options.out or Path("samples.png"), options.count or 64
        label = None if options.label is None else number_of_class(options.label, metadata.get("classes", []))
        images = generate(interpreter, drawing, metadata, count, options.seed, label)
        write_whole(out, png(grid(images)))
        return f"{out}: {count} images of {images.shape[2]}x{images.shape[1]}"
    temperature = 1.0 if options.temperature is None else options.temperature
    marks, mark = metadata.get("marks", {}), ""  # of a property that can be requested
    if marks or options.label is not None:
        mark = list(marks.values())[number_of_class(options.label or "0", list(marks))]
    begin = mark + (options.prompt or "")
    text = write_text(interpreter, metadata, begin, options.tokens, temperature, options.top_k or 0, options.seed)
    text = text.removeprefix(mark)
    if options.out is None:
        return text
    write_whole(options.out, text.encode())
    return f"{options.out}: {len(text)} characters"


def main() -> int:
    """Run the command; returns 2 if the file or an option cannot be used."""
    options = parse()
    if isinstance(sys.stdout, io.TextIOWrapper):  # characters that the terminal cannot show are escaped
        sys.stdout.reconfigure(errors="backslashreplace")
    return status_of(options.file, lambda: print(run(options)))


if __name__ == "__main__":
    sys.exit(main())
