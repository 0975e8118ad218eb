"""Autoregressive generation of music, cell by cell with a KV cache, for a batch of pieces."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.data.music.piece import (
    BEHIND,
    HOLD,
    MAX_AGE,
    MAX_LEFT,
    place_symbols,
    places_in_bars,
)
from aigc_tf.data.music.voice_leading import parallel_symbols
from aigc_tf.families.music.networks import UNKNOWN, UNKNOWN_AGE

Arrays = dict[str, np.ndarray]


Call = Callable[[str, Arrays], Arrays]
"""Runs a network by name, `encode`, `step` or `prefill`: inputs by name -> outputs by name."""


class Hop(NamedTuple):
    """One window of a long piece: cells before `first` are already known, cells from `stop` on are left for later."""

    start: int
    first: int
    stop: int


def hops(steps: int, window: int) -> Iterator[Hop]:
    """The sliding windows in which a piece is generated and scored.

    A third of a window is generated, after half a window of known cells; a sixth is left as look-ahead for the encoder.
    The first window begins with the piece, the last ends with it.
    """
    start, first = 0, 0
    while first < steps:
        whole = start + window >= steps
        stop = steps if whole else start + window // 2 + window // 3
        yield Hop(start, first, stop)
        start, first = stop - window // 2, stop


@dataclass(frozen=True, eq=False)
class Task:
    """A batch of pieces of equal length and metre to generate."""

    cells: np.ndarray
    """int `[rows, steps, voices]`, with the given cells filled in."""
    given: np.ndarray
    """bool of the same shape."""
    bar: int = 16
    pickup: int = 0

    @property
    def places(self) -> np.ndarray:
        """Position of each step in its bar, int32 `[steps]`."""
        return place_symbols(places_in_bars(self.cells.shape[1], self.bar, self.pickup), self.bar)

    @property
    def content(self) -> int:
        """A hash of the given cells."""
        content = np.ascontiguousarray(np.where(self.given, self.cells, -1))
        return int.from_bytes(hashlib.blake2b(content.tobytes(), digest_size=8).digest())

    def repeated(self, times: int) -> Task:
        """The task with each row repeated `times` times in succession."""
        cells, given = (np.repeat(each, times, axis=0) for each in (self.cells, self.given))
        return dataclasses.replace(self, cells=cells, given=given)


def stacked(tasks: Sequence[Task]) -> Task:
    """Tasks of equal length and metre as one batch."""
    cells, given = (np.concatenate([getattr(task, name) for task in tasks]) for name in ("cells", "given"))
    return Task(cells, given, tasks[0].bar, tasks[0].pickup)


Choose = Callable[[np.ndarray, int, int], np.ndarray]
"""Logits `[rows, symbols]` of a cell, its step and voice -> symbols int `[rows]`."""


class Composer:
    """Generates pieces cell by cell.

    Args:
        call: runs the networks, or an exported file.
        shapes: shapes, without rows, and types of the states of `step`, by name.
        window: context of the networks in steps.
        feedback: maps outputs of a step to inputs of the next.
    """

    def __init__(
        self, call: Call, shapes: Mapping[str, tuple[tuple[int, ...], Any]], window: int, feedback: Mapping[str, str]
    ) -> None:
        self.call, self.shapes, self.window, self.feedback = call, shapes, window, feedback

    def write(self, task: Task, choose: Choose, parallels: bool = True) -> np.ndarray:
        """Fill in all cells of a task: int16 `[rows, steps, voices]`.

        Args:
            task: the given cells.
            choose: samples the symbols.
            parallels: whether voices may move in parallel fifths, octaves and unisons.
        """
        page = Page(task)
        for hop in hops(task.cells.shape[1], self.window):
            memory = self.call("encode", page.encoder_inputs(hop.start, self.window))["memory"]
            self.fill(page, hop, memory, choose if parallels else page.without_parallels(choose))
        return page.cells.astype(np.int16)

    def fill(self, page: Page, hop: Hop, memory: np.ndarray, choose: Choose) -> None:
        """Generate one window.

        Args:
            page: to fill in.
            hop: the window.
            memory: the encoder's output for its steps, `[rows, steps, width]`.
            choose: samples the symbols.
        """
        rows = len(page.cells)
        states = {name: np.zeros((rows, *shape), kind) for name, (shape, kind) in self.shapes.items()}
        if hop.first > hop.start:
            known = [page.cell(step, voice) for step in range(hop.start, hop.first) for voice in page.voices]
            read = {name: np.stack([cell[name] for cell in known], axis=1) for name in known[0]}
            read["memory"] = np.repeat(memory[:, : hop.first - hop.start], len(page.voices), axis=1)
            states = self._next(self.call("prefill", read | states))
        for step in range(hop.first, hop.stop):
            for voice in page.voices:
                cell = page.cell(step, voice) | {"memory": memory[:, step - hop.start]}
                answer = self.call("step", cell | states)
                states = self._next(answer)
                page.fill(step, voice, choose(answer["logits"], step, voice))

    def _next(self, answer: Arrays) -> Arrays:
        return {name: answer[output] for output, name in self.feedback.items()}


class Page:
    """Pieces being generated: cells, and the sounding note and its age in each."""

    def __init__(self, task: Task) -> None:
        rows, steps, voices = task.cells.shape
        self.task, self.voices = task, range(voices)
        self.cells = np.where(task.given, task.cells, HOLD).astype(np.int32)
        self.held = np.zeros((rows, steps + 1, voices), np.int32)
        self.age = np.zeros((rows, steps + 1, voices), np.int32)
        self.left = np.minimum(steps - 1 - np.arange(steps), MAX_LEFT).astype(np.int32)
        self.known_held, self.known_age = _sounding(self.cells)

    def encoder_inputs(self, start: int, window: int) -> Arrays:
        """The encoder's inputs for a window."""
        task, rows = self.task, len(self.cells)
        inside = slice(start, start + window)
        given = task.given[:, inside]
        missing = window - given.shape[1]
        tail = ((0, 0), (0, missing), (0, 0))
        return {
            "held": np.pad(np.where(given, self.known_held[:, inside], UNKNOWN), tail, constant_values=UNKNOWN),
            "age": np.pad(np.where(given, self.known_age[:, inside], UNKNOWN_AGE), tail, constant_values=UNKNOWN_AGE),
            "place": np.tile(np.pad(task.places[inside], (0, missing)), (rows, 1)),
            "left": np.tile(np.pad(self.left[inside], (0, missing), constant_values=BEHIND), (rows, 1)),
        }

    def cell(self, step: int, voice: int) -> Arrays:
        """The network inputs of a cell, except the memory: `[rows, ...]`."""
        rows = len(self.cells)
        is_new = np.array(self.voices) < voice
        return {
            "held": np.where(is_new, self.held[:, step + 1], self.held[:, step]),
            "age": np.where(is_new, self.age[:, step + 1], np.minimum(self.age[:, step] + 1, MAX_AGE)),
            "voice": np.full(rows, voice, np.int32),
            "place": np.full(rows, self.task.places[step], np.int32),
            "left": np.full(rows, self.left[step], np.int32),
        }

    def without_parallels(self, choose: Choose) -> Choose:
        """The same sampling, restricted to symbols that make no parallels with the notes already in the step."""

        def chosen(logits: np.ndarray, step: int, voice: int) -> np.ndarray:
            forbidden = parallel_symbols(self.held[:, step], self.cells[:, step], voice)
            return choose(np.where(forbidden, -np.inf, logits), step, voice)

        return chosen

    def fill(self, step: int, voice: int, symbols: np.ndarray) -> None:
        """Write the symbols of a cell, int `[rows]`; given cells stay unchanged."""
        symbols = np.where(self.task.given[:, step, voice], self.cells[:, step, voice], symbols)
        self.cells[:, step, voice] = symbols
        before, age = self.held[:, step, voice], self.age[:, step, voice]
        self.held[:, step + 1, voice] = np.where(symbols == HOLD, before, symbols)
        self.age[:, step + 1, voice] = np.where(symbols == HOLD, np.minimum(age + 1, MAX_AGE), 0)


def _sounding(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sounding note and its age in each cell of `[rows, steps, voices]`, int32."""
    steps = np.arange(cells.shape[1])[:, None]
    began = np.maximum.accumulate(np.where(cells != HOLD, steps, 0), axis=1)
    held = np.take_along_axis(cells, began, axis=1)
    return held.astype(np.int32), np.minimum(steps - began, MAX_AGE).astype(np.int32)
