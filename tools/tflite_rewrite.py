"""Translate, summarise or reply with only an exported file. Needs only numpy and ai-edge-litert.

    python tools/tflite_rewrite.py translation.tflite --text "Where is the library?"
    python tools/tflite_rewrite.py summary.tflite --text "..." --align
    cat input.txt | python tools/tflite_rewrite.py translation.tflite > output.txt

Without --text each line of stdin is a text. The vocabulary and the tokenisation are in the file (docs/MOBILE.md).
Decoding is greedy, without repeated n-grams; texts longer than the file's maximum are truncated.
"""

import argparse
import io
import itertools
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter

try:
    from tools.tflite_file import read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import read_metadata, status_of  # type: ignore[no-redef]

# A word or a run of punctuation with its preceding space, or any other white space.
WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s")


class Written(NamedTuple):
    """A generated text, and its alignment."""

    text: str
    symbols: list[str]
    """Token ids of the text."""
    places: list[str]
    """For each token, the source token with the largest attention weight."""


class Symbols:
    """A tokeniser: text to token ids and back."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.unit, self.unknown = metadata["unit"], metadata["unknown"]
        self.target = metadata["vocabulary"]
        self.source = metadata["source_vocabulary"] or self.target
        self._numbers = {symbol: number for number, symbol in enumerate(self.source) if symbol}
        self._ranks = {tuple(pair): rank for rank, pair in enumerate(metadata["merges"] or [])}

    def encode(self, text: str) -> list[int]:
        """The token ids of a source."""
        if self.unit == "byte":
            return [byte + 1 for byte in text.encode()]
        if self.unit == "character":
            parts = list(text)
        else:
            words = WORD.findall(f" {text}")
            parts = words if self.unit == "word" else [part for word in words for part in self._subwords(word)]
        return [self._numbers.get(part, self.unknown) for part in parts]

    def _subwords(self, word: str) -> list[str]:
        """Byte-pair encoding: merges are applied in the order of training."""
        parts = list(word)
        while len(parts) > 1:
            ranks = [self._ranks.get(pair, len(self._ranks)) for pair in itertools.pairwise(parts)]
            best = min(ranks)
            if best == len(self._ranks):
                break
            at = ranks.index(best)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return parts

    def decode(self, numbers: list[int]) -> str:
        """The text of a target's token ids."""
        if self.unit == "byte":  # token b + 1 is byte b
            return bytes(number - 1 for number in numbers if number).decode("utf-8", errors="replace")
        return "".join(self.target[number] for number in numbers).strip()


def rewrite(interpreter: Interpreter, metadata: dict[str, Any], text: str) -> Written:
    """The output of the file for a text.

    Args:
        interpreter: interpreter of a file with the signatures encode, start and step.
        metadata: metadata of the file.
        text: source text.
    """
    symbols = Symbols(metadata)
    signatures = {name: interpreter.get_signature_runner(name) for name in ("encode", "start", "step")}
    batch, longest = signatures["encode"].get_input_details()["source"]["shape"]
    read = [*symbols.encode(text)[: longest - 1], metadata["end"]]
    source = np.full((batch, longest), metadata["padding"], np.int32)
    source[:, : len(read)] = read
    memory = {"source": source, **signatures["encode"](source=source)}
    made = signatures["start"](**{name: memory[name] for name in signatures["start"].get_input_details()})
    details = signatures["step"].get_input_details()
    feedback = metadata["signatures"]["step"]["feedback"]
    states = {name: np.zeros(details[name]["shape"], details[name]["dtype"]) for name in feedback.values()}
    inputs: dict[str, Any] = {"source": source, **states, **made}
    written: list[int] = []
    places: list[int] = []
    token = metadata["start"]
    while len(written) < metadata["longest"]:
        outputs = signatures["step"](token=np.full(batch, token, np.int32), **inputs)
        inputs |= {name: outputs[output] for output, name in feedback.items()}
        chances = probabilities(outputs, source)[0]
        chances[[*metadata["never"], *repeating(written, metadata["no_repeat"])]] = 0
        if not written:
            chances[metadata["end"]] = 0
        token = int(chances.argmax())
        if token == metadata["end"]:
            break
        written.append(token)
        places.append(int(outputs["attention"].reshape(batch, -1)[0].argmax()))
    pieces = [symbols.source[read[place]] or "(end)" for place in places]
    return Written(symbols.decode(written), [symbols.target[number] for number in written], pieces)


def probabilities(outputs: dict[str, np.ndarray], source: np.ndarray) -> np.ndarray:
    """Probabilities of the next token, generated or copied by attention, float64 `[batch, symbols]`."""
    logits = outputs["logits"].reshape(len(source), -1).astype(np.float64)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    if "gate" in outputs:
        gate = 1 / (1 + np.exp(-outputs["gate"].reshape(-1, 1).astype(np.float64)))
        chances *= gate
        for row, attention in enumerate(outputs["attention"].reshape(len(source), -1)):
            np.add.at(chances[row], np.maximum(source[row], 0), (1 - gate[row]) * attention)
    return chances


def repeating(text: list[int], length: int) -> list[int]:
    """Tokens that would repeat an n-gram of `length` tokens; 0 excludes nothing."""
    ending = text[len(text) - length + 1 :]
    starts = range(len(text) - length + 1) if length else ()
    return [text[at + length - 1] for at in starts if text[at : at + length - 1] == ending]


def run(options: argparse.Namespace) -> None:
    """Print the output of the file for each text.

    Raises:
        ValueError: the file cannot be used.
    """
    interpreter, metadata = Interpreter(model_path=str(options.file)), read_metadata(options.file)
    names = interpreter.get_signature_list()
    if not {"encode", "start", "step"} <= set(names):
        raise ValueError(f"its signatures are {', '.join(names) or 'none'}: encode, start and step are needed")
    for text in options.text or sys.stdin:
        found = rewrite(interpreter, metadata, text.strip()) if text.strip() else Written("", [], [])
        print(found.text, flush=True)
        if options.align:
            for symbol, place in zip(found.symbols, found.places, strict=True):
                print(f"  {symbol!r} from {place!r}")


def main() -> int:
    """Run the command; returns 2 if the file or a text cannot be used."""
    parser = argparse.ArgumentParser(description="Translate, summarise or reply with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file with the signatures encode, start and step")
    parser.add_argument("--text", nargs="+", help="texts (default: the lines of stdin)")
    parser.add_argument("--align", action="store_true", help="also print the source position of each token")
    options = parser.parse_args()
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return status_of(options.file, lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
