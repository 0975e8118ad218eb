"""The items of a source: numbers, titles, popularity."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError, listed, printable, say

_SUGGESTED, _NAMED = 3, 5
_YEAR = re.compile(r" \(\d{4}\)$")
_ARTICLE = re.compile(r"^(.*), (the|an|a|der|die|das|le|la|les|l'|il|el|los|las)$")


@dataclass(frozen=True)
class Items(Asset):
    """Items that can be recommended, and cold items with too few users."""

    ids: tuple[str, ...]
    """Ids in the table of ratings."""
    titles: tuple[str, ...]
    """Titles; the ids themselves if there is no file of titles."""
    counts: tuple[int, ...]
    """Number of training users who like each item."""
    cold: Mapping[str, int]
    """Titles, or ids, of cold items, with the number of training users who like them."""

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Items by all their possible names, whole titles before parts of titles."""
        places: dict[str, list[int]] = {}
        for number, (name, title) in enumerate(zip(self.ids, self.titles, strict=True)):
            for form in dict.fromkeys((name.casefold(), *_forms(title))):
                places.setdefault(form, []).append(number)
        return places

    @cached_property
    def _cold(self) -> dict[str, str]:
        return {form: title for title in self.cold for form in _forms(title)}

    def numbers(self, names: Sequence[str | int]) -> np.ndarray:
        """Item numbers for titles, with or without year, or ids: int32 `[found]`, ascending.

        Integers are item numbers. Cold items are reported and skipped.

        Raises:
            InputError: there is no such item, a name is ambiguous, or all items are cold.
        """
        found, cold = [], []
        for name in names:
            if isinstance(name, int | np.integer):
                if not 0 <= name < len(self):
                    raise InputError(f"there is no item number {name}: give one from 0 to {len(self) - 1}")
                found.append(int(name))
            elif (form := " ".join(name.split()).casefold()) in self._places:
                found.append(self._only(name, self._places[form]))
            elif form in self._cold:
                cold.append(self._cold[form])
            else:
                raise InputError(self._unknown(name, form))
        if cold:
            what = listed([f"{printable(title)} (liked by {self.cold[title]})" for title in cold])
            message = f"too few training users like {what} to know what goes with it"
            if not found:
                raise InputError(f"{message}: name others that are liked")
            say(f"{message}: left out")
        return np.unique(np.array(found, np.int32))

    def _only(self, name: str, places: Sequence[int]) -> int:
        whole = [place for place in places if self.titles[place].casefold() == name.casefold()]
        places = whole or places
        if len(places) == 1:
            return places[0]
        titles = dict.fromkeys(self.titles[place] for place in places)
        if len(titles) == 1:  # two entries with one title: the more popular one
            return max(places, key=lambda place: self.counts[place])
        raise InputError(f"{printable(name)} may be {' or '.join(map(printable, titles))}: give one of them")

    def _unknown(self, name: str, form: str) -> str:
        """An error message for an unknown title, with similar titles."""
        begin = sorted(
            (place for known, places in self._places.items() if known.startswith(form) for place in places),
            key=lambda place: -self.counts[place],
        )
        titles = list(dict.fromkeys(self.titles[place] for place in begin))[:_SUGGESTED]
        if not titles:
            called = {**self._cold, **{known: self.titles[places[0]] for known, places in self._places.items()}}
            near = difflib.get_close_matches(form, called, n=2 * _SUGGESTED, cutoff=0.6)
            titles = list(dict.fromkeys(called[match] for match in near))[:_SUGGESTED]
        hint = (
            f"did you mean {' or '.join(map(printable, titles))}?"
            if titles
            else f"it knows items such as {listed([printable(self.titles[place]) for place in self.popular[:_NAMED]])}"
        )
        return f"no item is called {printable(name)}: {hint}"

    @property
    def popular(self) -> list[int]:
        """Item numbers, most popular first."""
        return [int(number) for number in np.argsort(-np.array(self.counts), kind="stable")]

    def to_json(self) -> str:
        """These items as JSON."""
        fields = {"ids": self.ids, "titles": self.titles, "counts": self.counts, "cold": dict(self.cold)}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            fields = json.loads(text)
            ids, titles = (tuple(map(str, fields[name])) for name in ("ids", "titles"))
            counts = tuple(int(count) for count in fields["counts"])
            cold = {str(title): int(count) for title, count in fields["cold"].items()}
            if not len(ids) == len(titles) == len(counts) > 0 or min(counts) < 0:
                raise ValueError("it does not have one title and one count for each id")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise InputError(f"items.json is not a list of items: {error}") from None
        return cls(ids, titles, counts, cold)


def _forms(title: str) -> tuple[str, ...]:
    """Names by which an item may be called, in lower case: its title, without the year, with the article in front."""
    whole = title.casefold()
    bare = _YEAR.sub("", whole)
    turned = _ARTICLE.sub(r"\2 \1", bare)
    return tuple(dict.fromkeys((whole, bare, turned)))
