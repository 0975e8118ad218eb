"""Generate or harmonise pieces with only an exported file. Needs numpy, ai-edge-litert, mido.

    python tools/tflite_music.py music.tflite --bars 8 --out piece.mid
    python tools/tflite_music.py music.tflite soprano.mid --fix soprano --out chorale.mid

Each track of the MIDI file with notes is a monophonic voice; --fix names them in the order of the tracks. The format of
the exported file is described in docs/MOBILE.md.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
from ai_edge_litert.interpreter import Interpreter

try:
    from tools.tflite_file import DAMAGE, read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import DAMAGE, read_metadata, status_of  # type: ignore[no-redef]

TICKS = 120  # per sixteenth note, in written files
BAR = 16  # sixteenth notes


def read_voices(path: Path, metadata: dict[str, Any]) -> np.ndarray:
    """The tracks of a MIDI file as tokens on a grid of sixteenth notes, int32 `[steps, tracks with notes]`.

    Raises:
        ValueError: the file is damaged, or has no notes.
    """
    try:
        file = mido.MidiFile(path, clip=True)
    except DAMAGE as error:
        raise ValueError(f"{path} is not a MIDI file that can be read") from error
    tracks = []
    for track in file.tracks:
        tick, notes = 0, []
        for event in track:
            tick += event.time
            step = round(4 * tick / file.ticks_per_beat)
            if event.type == "note_on" and event.velocity:
                notes.append((step, event.note - metadata["first_pitch"] + metadata["first_pitch_symbol"]))
            elif event.type in ("note_on", "note_off"):
                notes.append((step, metadata["rest"]))
        if notes:
            tracks.append(notes)
    if not tracks:
        raise ValueError(f"{path} has no notes")
    cells = np.zeros((max(step for notes in tracks for step, _ in notes), len(tracks)), np.int32)
    cells[0] = metadata["rest"]
    for voice, notes in enumerate(tracks):
        for step, symbol in sorted(notes):  # a rest at the step of a note sorts first, and is overwritten
            if step < len(cells):
                cells[step, voice] = symbol
    return cells


def write_voices(path: Path, cells: np.ndarray, metadata: dict[str, Any]) -> None:
    """Write a MIDI file with a track for each voice, and a text event with its origin."""
    file = mido.MidiFile(ticks_per_beat=4 * TICKS)
    file.add_track().append(mido.MetaMessage("text", text="made by a model of aigc_tf"))
    for voice, name in enumerate(metadata["voices"]):
        track, now = file.add_track(name), 0
        starts = [*np.flatnonzero(cells[:, voice]).tolist(), len(cells)]
        for start, end in itertools.pairwise(starts):
            pitch = int(cells[start, voice]) - metadata["first_pitch_symbol"] + metadata["first_pitch"]
            if cells[start, voice] != metadata["rest"]:
                track.append(mido.Message("note_on", note=pitch, velocity=80, time=TICKS * (start - now)))
                track.append(mido.Message("note_off", note=pitch, velocity=0, time=TICKS * (end - start)))
                now = end
    part = path.with_name(f"{path.name}.partial")
    file.save(part)
    part.replace(path)


class Sheet:
    """A piece during generation.

    Args:
        metadata: metadata of the exported file.
        cells: int32 `[steps, voices]`, those of fixed voices filled in.
        fixed: bool `[voices]`.
    """

    def __init__(self, metadata: dict[str, Any], cells: np.ndarray, fixed: np.ndarray) -> None:
        self.metadata, self.cells, self.fixed = metadata, cells, fixed
        steps, voices = cells.shape
        self.held, self.age = np.zeros((steps + 1, voices), np.int32), np.zeros((steps + 1, voices), np.int32)
        self.left = np.minimum(steps - 1 - np.arange(steps), metadata["max_left"]).astype(np.int32)

    def encoder_inputs(self, start: int, window: int) -> dict[str, np.ndarray]:
        """The fixed notes of a window."""
        held = np.full((1, window, len(self.fixed)), self.metadata["unknown"], np.int32)
        age = np.full(held.shape, self.metadata["unknown_age"], np.int32)
        place, left = np.zeros((1, window), np.int32), np.full((1, window), self.metadata["behind"], np.int32)
        began = np.maximum.accumulate(np.where(self.cells > 0, np.arange(len(self.cells))[:, None], 0), axis=0)
        for step in range(start, min(start + window, len(self.cells))):
            place[0, step - start], left[0, step - start] = step % BAR, self.left[step]
            for voice in np.flatnonzero(self.fixed):
                held[0, step - start, voice] = self.cells[began[step, voice], voice]
                age[0, step - start, voice] = min(step - began[step, voice], self.metadata["max_age"])
        return {"held": held, "age": age, "place": place, "left": left}

    def cell(self, step: int, voice: int) -> dict[str, Any]:
        """The inputs for the prediction of a cell, except the memory."""
        known = np.arange(len(self.fixed)) < voice
        older = np.minimum(self.age[step] + 1, self.metadata["max_age"])
        return {
            "held": np.where(known, self.held[step + 1], self.held[step]),
            "age": np.where(known, self.age[step + 1], older),
            "voice": voice,
            "place": step % BAR,
            "left": self.left[step],
        }

    def fill(self, step: int, voice: int, symbol: int) -> None:
        """Write a cell; a fixed one is not changed."""
        if self.fixed[voice]:
            symbol = int(self.cells[step, voice])
        self.cells[step, voice] = symbol
        older = min(self.age[step, voice] + 1, self.metadata["max_age"])
        self.held[step + 1, voice] = symbol or self.held[step, voice]
        self.age[step + 1, voice] = 0 if symbol else older


def compose(interpreter: Interpreter, sheet: Sheet, temperature: float, seed: int) -> np.ndarray:
    """The cells with all voices filled in, int32 `[steps, voices]`."""
    metadata, random = sheet.metadata, np.random.default_rng(seed)
    runners = {name: interpreter.get_signature_runner(name) for name in ("encode", "step", "prefill")}
    feedback = metadata["signatures"]["step"]["feedback"]
    details = runners["step"].get_input_details()
    window, (steps, voices) = metadata["window"], sheet.cells.shape

    def call(name: str, cells: list[dict[str, Any]], memory: np.ndarray, states: dict[str, Any]) -> dict[str, Any]:
        stacked = {key: np.array([cell[key] for cell in cells], np.int32) for key in cells[0]}
        shapes = {key: detail["shape"] for key, detail in runners[name].get_input_details().items()}
        inputs = {key: values.reshape(shapes[key]) for key, values in stacked.items()}
        return dict(runners[name](**inputs, memory=memory.reshape(shapes["memory"]).astype(np.float32), **states))

    for start, first, stop in hops(steps, window):
        memory = runners["encode"](**sheet.encoder_inputs(start, window))["memory"][0]
        states = {name: np.zeros(details[name]["shape"], details[name]["dtype"]) for name in feedback.values()}
        if first > start:
            known = [sheet.cell(step, voice) for step in range(start, first) for voice in range(voices)]
            made = call("prefill", known, np.repeat(memory[: first - start], voices, axis=0), states)
            states = {name: made[output] for output, name in feedback.items()}
        for step in range(first, stop):
            for voice in range(voices):
                made = call("step", [sheet.cell(step, voice)], memory[step - start], states)
                states = {name: made[output] for output, name in feedback.items()}
                logits = made["logits"].reshape(-1).astype(np.float64)
                sheet.fill(step, voice, choose(logits[step == 0 :], temperature, random) + (step == 0))
    return sheet.cells


def hops(steps: int, window: int) -> Iterator[tuple[int, int, int]]:
    """The windows: start, first step to write, and end (exclusive)."""
    start, first = 0, 0
    while first < steps:
        stop = steps if start + window >= steps else start + window // 2 + window // 3
        yield start, first, stop
        start, first = stop - window // 2, stop


def choose(logits: np.ndarray, temperature: float, random: np.random.Generator) -> int:
    """A token id sampled from logits; the likeliest one at temperature 0."""
    uniform = random.random()
    if not temperature:
        return int(logits.argmax())
    cumulative = np.cumsum(np.exp((logits - logits.max()) / temperature))
    return int((cumulative <= uniform * cumulative[-1]).sum())


def run(options: argparse.Namespace) -> str:
    """Generate or harmonise; returns a message about the result.

    Raises:
        ValueError: the file or an option cannot be used.
    """
    interpreter, metadata = Interpreter(model_path=str(options.file)), read_metadata(options.file)
    voices = metadata.get("voices")
    if not voices or "prefill" not in interpreter.get_signature_list():
        raise ValueError("it does not hold a model of music that aigc_tf has exported")
    fixed = np.array([name in options.fix for name in voices])
    if fixed.sum() != len(options.fix) or bool(options.fix) != (options.midi is not None):
        raise ValueError(f"--fix names the voices of a MIDI file that is given, of {', '.join(voices)}")
    cells = np.zeros((options.bars * BAR, len(voices)), np.int32)
    if options.midi is not None:
        given = read_voices(options.midi, metadata)
        if given.shape[1] != len(options.fix):
            raise ValueError(
                f"{options.midi} has {given.shape[1]} tracks with notes, and --fix names {len(options.fix)}"
            )
        cells = np.zeros((len(given), len(voices)), np.int32)
        cells[:, [voices.index(name) for name in options.fix]] = given
    made = compose(interpreter, Sheet(metadata, cells, fixed), options.temperature, options.seed)
    write_voices(options.out, made, metadata)
    return f"{options.out}: {len(made) / BAR:g} bars"


def main() -> int:
    """Run the command; returns 2 if a file or an option cannot be used."""
    parser = argparse.ArgumentParser(description="Generate or harmonise pieces with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file of a music model, exported with batch 1")
    parser.add_argument("midi", type=Path, nargs="?", help="a MIDI file with the fixed voices")
    parser.add_argument("--fix", nargs="+", default=[], help="names of the voices of its tracks, in their order")
    parser.add_argument("--bars", type=int, default=8, choices=range(1, 201), metavar="N", help="bars (default: 8)")
    parser.add_argument("--out", type=Path, default=Path("piece.mid"), help="MIDI file to write (default: piece.mid)")
    parser.add_argument("--temperature", type=float, default=1.0, help="0: greedy (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    options = parser.parse_args()
    if not 0 <= options.temperature < float("inf") or options.seed < 0:
        parser.error("--temperature and --seed are numbers of at least 0")
    return status_of(options.file, lambda: print(run(options)))


if __name__ == "__main__":
    sys.exit(main())
