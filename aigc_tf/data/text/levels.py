"""Game levels as text: files with blank lines between levels, and synthetic levels."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from aigc_tf.data.text import opening
from aigc_tf.data.text.designs import named, read_designs
from aigc_tf.data.text.source import TextSource
from aigc_tf.recipes.levels import Levels, LevelSettings

AUTO = "made_up_levels"
_MADE_UP = 4000
_HEIGHT, _WIDTH = 8, 14
_FLOOR_SHARE, _COINS = 0.45, 3
_NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def open_source(recipe: Levels, data: Any = None) -> TextSource:
    """Open the levels of a recipe; about a tenth of them is held out.

    Args:
        recipe: its `source` is `auto` (`made_up_levels`) or the path of a text file with blank lines between levels.
        data: replaces the source: strings, one per level.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    make = partial(made_up, _MADE_UP, recipe.levels)
    found = read_designs(recipe.source, data, AUTO, make, _split, "levels with an empty line between them")
    return named(opening.open_source(recipe, found.texts), found)


def _split(text: str) -> list[str]:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return [level.strip("\n") for level in lines.split("\n\n") if level.strip("\n")]


def made_up(count: int, settings: LevelSettings, seed: int = 0) -> list[str]:
    """Synthetic caves of 8 by 14, dug by a random walk; all are playable, with start, exit and three coins inside."""
    random = np.random.default_rng(seed)
    return [_cave(random, settings) for _ in range(count)]


def _cave(random: np.random.Generator, settings: LevelSettings) -> str:
    grid = np.full((_HEIGHT, _WIDTH), settings.wall)
    dug = _walk(random, round(_FLOOR_SHARE * grid.size))
    grid[tuple(np.transpose(dug))] = "."
    # The exit is the last place that the walk reached, which is usually far from its start.
    coins = random.choice(len(dug) - 2, _COINS, replace=False) + 1
    for place, tile in ((0, settings.start), (-1, settings.exit), *((coin, settings.coin) for coin in coins)):
        grid[dug[place]] = tile
    return "\n".join(map("".join, grid))


def _walk(random: np.random.Generator, places: int) -> list[tuple[int, int]]:
    """Places inside the border in the order in which a random walk first reaches them."""
    row, column = int(random.integers(1, _HEIGHT - 1)), int(random.integers(1, _WIDTH - 1))
    found = {(row, column): None}
    while len(found) < places:
        for step in random.integers(4, size=100).tolist():
            down, right = _NEIGHBOURS[step]
            row, column = min(max(row + down, 1), _HEIGHT - 2), min(max(column + right, 1), _WIDTH - 2)
            found[row, column] = None
    return [*found][:places]


def is_playable(level: str, settings: LevelSettings) -> bool:
    """Whether rows have equal length, start and exit occur once, and the exit and all coins are reachable."""
    rows = level.split("\n")
    if len({len(row) for row in rows}) != 1 or any(level.count(tile) != 1 for tile in (settings.start, settings.exit)):
        return False
    grid = {(row, column): tile for row, line in enumerate(rows) for column, tile in enumerate(line)}
    wanted = {place for place, tile in grid.items() if tile in (settings.exit, settings.coin)}
    seen = {place for place, tile in grid.items() if tile == settings.start}
    edge = [*seen]
    while edge:
        row, column = edge.pop()
        for down, right in _NEIGHBOURS:
            place = row + down, column + right
            if place not in seen and grid.get(place, settings.wall) != settings.wall:
                seen.add(place)
                edge.append(place)
    return wanted <= seen
