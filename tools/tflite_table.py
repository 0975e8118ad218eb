"""Generate rows of a table with only an exported file. Needs numpy and ai-edge-litert.

    python tools/tflite_table.py model.tflite --count 10                                  # prints CSV
    python tools/tflite_table.py model.tflite --where sex=female --where "age>=60" --out rows.csv

The rows are those of `tools.sample` with the same seed. The format of the file is described in docs/MOBILE.md.
"""

import argparse
import csv
import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

try:
    from tools.tflite_file import read_metadata, status_of
except ImportError:  # copied out of the repository
    from tflite_file import read_metadata, status_of  # type: ignore[no-redef]

SPAN = 4.0  # standard deviations of a mode that correspond to 1
AT_ONCE, TRIED = 500, 100_000  # rows
SIGNS = {"=": np.equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}


class Table:
    """The network, and the columns of its outputs."""

    def __init__(self, file: Path) -> None:
        metadata = read_metadata(file)
        interpreter = Interpreter(model_path=str(file), num_threads=1)
        if "columns" not in metadata or "generate" not in interpreter.get_signature_list():
            raise ValueError("it does not hold a model of tables that aigc_tf has exported")
        self.columns: list[dict[str, Any]] = metadata["columns"]
        self.network = interpreter.get_signature_runner("generate")
        self.inputs = {name: tuple(details["shape"]) for name, details in self.network.get_input_details().items()}
        if self.inputs["latent"][0] != 1:
            raise ValueError("it was exported for several examples at once: export it with --batch 1")
        self.numeric = [at for at, column in enumerate(self.columns) if column["kind"] == "number"]
        self.categories = [at for at, column in enumerate(self.columns) if column["kind"] == "category"]

    def parts(self, words: list[str]) -> list[tuple[int, str, float]]:
        """Parsed conditions on rows: column, operator and number, or the index of a category.

        Raises:
            ValueError: there is no such column or name.
        """
        found = []
        for word in words:
            match = re.fullmatch(r"(.+?)(<=|>=|=|<|>)(.*)", word)
            names = [column["name"] for column in self.columns]
            if match is None or match[1].strip() not in names:
                raise ValueError(f"--where {word}: write column=value with one of {', '.join(names[:10])}")
            at, sign, text = names.index(match[1].strip()), match[2], match[3].strip()
            if at in self.categories:
                if sign != "=" or text not in self.columns[at]["names"]:
                    raise ValueError(f"--where {word}: it is one of {', '.join(self.columns[at]['names'][:10])}")
                found.append((at, sign, float(self.columns[at]["names"].index(text))))
            else:
                found.append((at, sign, float(text)))
        return found

    def drawn(self, random: np.random.Generator, where: list[tuple[int, str, float]]) -> np.ndarray:
        """Values of `AT_ONCE` rows: numbers, NaN if missing, indices of categories; float64 `[rows, columns]`."""
        latents = random.standard_normal((AT_ONCE, self.inputs["latent"][1]), dtype=np.float32)
        inputs = {"latent": latents}
        if "condition" in self.inputs:
            inputs["condition"] = self.condition(random, where)
        made = [self.network(**{name: values[at : at + 1] for name, values in inputs.items()}) for at in range(AT_ONCE)]
        row = np.concatenate([outputs["row"] for outputs in made])
        places = row[:, : len(self.numeric)].astype(np.float64)
        if "deviation" in made[0]:
            deviation = np.concatenate([outputs["deviation"] for outputs in made])
            places = np.clip(places + deviation * random.standard_normal(places.shape), -1, 1)
        draws, start = random.uniform(size=(AT_ONCE, len(self.columns))), len(self.numeric)
        values = np.zeros(draws.shape)
        for at, column in enumerate(self.columns):
            size = len(column["shares"])
            up_to = np.cumsum(row[:, start : start + size].astype(np.float64), axis=1)
            choices = np.minimum((up_to < draws[:, at : at + 1] * up_to[:, -1:]).sum(axis=1), size - 1)
            start += size
            is_number = at in self.numeric
            values[:, at] = numbers_of(column, choices, places[:, self.numeric.index(at)]) if is_number else choices
        return values

    def condition(self, random: np.random.Generator, where: list[tuple[int, str, float]]) -> np.ndarray:
        """One-hot rows for the requested category, or for one sampled with its frequency in the data."""
        sizes = [len(self.columns[at]["names"]) for at in self.categories]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
        condition = np.zeros((AT_ONCE, sum(sizes)), np.float32)
        asked = next(((at, value) for at, _, value in where if at in self.categories), None)
        if asked is not None:
            condition[:, starts[self.categories.index(asked[0])] + int(asked[1])] = 1
            return condition
        columns, draws = random.integers(len(self.categories), size=AT_ONCE), random.uniform(size=AT_ONCE)
        for number, at in enumerate(self.categories):
            rows = np.flatnonzero(columns == number)
            names = np.searchsorted(np.cumsum(self.columns[at]["shares"]), draws[rows], side="right")
            condition[rows, starts[number] + np.minimum(names, sizes[number] - 1)] = 1
        return condition

    def rows(self, count: int, seed: int, where: list[tuple[int, str, float]]) -> np.ndarray:
        """Rows that fulfil all conditions.

        Raises:
            ValueError: almost no rows do.
        """
        random, found, kept, tried = np.random.default_rng(seed), [], 0, 0
        while kept < count:
            if tried > TRIED + 1000 * kept:
                raise ValueError(f"{kept} of {tried} generated rows are as asked: ask for something less rare")
            values = self.drawn(random, where)
            for at, sign, value in where:
                values = values[SIGNS[sign](values[:, at], value)]
            found.append(values)
            tried, kept = tried + AT_ONCE, kept + len(values)
        return np.concatenate(found)[:count]

    def cells(self, values: np.ndarray) -> list[list[Any]]:
        """Values as text; missing ones are empty."""

        def cell(column: dict[str, Any], value: float) -> Any:
            if column["kind"] == "category":
                return column["names"][int(value)]
            if np.isnan(value):
                return ""
            return int(value) if not column["decimals"] else round(float(value), column["decimals"])

        return [[cell(column, value) for column, value in zip(self.columns, row, strict=True)] for row in values]


def numbers_of(column: dict[str, Any], modes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Numbers from positions in [-1, 1] within modes; NaN if missing."""
    gaps = modes >= len(column["means"])
    known = np.where(gaps, 0, modes)
    means, deviations = np.array(column["means"])[known], np.array(column["deviations"])[known]
    values = np.round(means + SPAN * deviations * places, column["decimals"])
    return np.where(gaps, np.nan, np.clip(values, column["low"], column["high"]))


def run(options: argparse.Namespace) -> None:
    """Print or write the rows.

    Raises:
        ValueError: the file or an option cannot be used.
    """
    table = Table(options.file)
    rows = table.cells(table.rows(options.count, options.seed, table.parts(options.where)))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[column["name"] for column in table.columns], *rows])
    if options.out is None:
        print(text.getvalue(), end="")
    else:
        options.out.write_text(text.getvalue(), encoding="utf-8")


def main() -> int:
    """Run the command; returns 2 if a file or an option cannot be used."""
    parser = argparse.ArgumentParser(description="Generate rows of a table with an exported file.")
    parser.add_argument("file", type=Path, help="a .tflite file of table_vae or table_gan, exported with batch 1")
    parser.add_argument("--count", type=int, default=10, choices=range(1, 100_001), metavar="N", help="rows")
    parser.add_argument("--where", action="append", default=[], metavar="CONDITION", help="such as sex=female")
    parser.add_argument("--out", type=Path, help="CSV file to write (default: print)")
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    options = parser.parse_args()
    if options.seed < 0:
        parser.error("--seed is a number of at least 0")
    return status_of(options.file, lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
