"""A family tree of pictures by one model: their latents, and the parents of each mixture, as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.storage.files import write_text


@dataclass(frozen=True)
class Member:
    """A picture of the family tree."""

    name: str
    """ "1", "2", ... in the order of their creation."""
    made: str
    """How it was made: "inverted", "mixed", "moved by 2", or, in a web page, "drawn"."""
    latent: tuple[float, ...]
    parents: tuple[str, ...] = ()
    """Files, names of members, or, in a web page, seeds and numbers of samples."""


@dataclass
class Family:
    """The family tree of one model's pictures; `keep` writes it."""

    weights: str
    """Hash of the model's weights: the latents are meaningless to other weights."""
    members: list[Member] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, weights: str, from_normal: Callable[[np.ndarray], np.ndarray]) -> Self:
        """The tree in a file; a new one if there is no such file.

        Args:
            path: of the file.
            weights: hash of the model's weights.
            from_normal: the model's: a web page stores the standard normal `numbers` that a latent is computed from.

        Raises:
            InputError: it holds something else, or the tree of another model.
        """
        if not path.exists():
            return cls(weights)
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            rows = [
                Member(str(row["name"]), str(row["made"]), _latent(row, from_normal), tuple(map(str, row["parents"])))
                for row in found["members"]
            ]
            of = str(found["weights"])
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path} is not a family tree: {error!r}") from None
        if of != weights:
            raise InputError(f"{path} is the family tree of other weights ({of}): name another file for this model")
        return cls(weights, rows)

    def latent_of(self, name: str) -> np.ndarray:
        """The latent of a member, float32 `[latent_dim]`.

        Raises:
            InputError: there is no such member.
        """
        for member in self.members:
            if member.name == name:
                return np.array(member.latent, np.float32)
        known = ", ".join(member.name for member in self.members) or "none yet"
        raise InputError(f"there is no file {name}, and no such member of the family tree: its members are {known}")

    def add(self, made: str, latent: np.ndarray, parents: Sequence[str]) -> str:
        """Add a member; returns its name."""
        name = str(len(self.members) + 1)
        self.members.append(Member(name, made, tuple(map(float, latent)), tuple(parents)))
        return name

    def keep(self, path: Path) -> None:
        """Write the tree."""
        rows = [dataclasses.asdict(member) for member in self.members]
        write_text(path, json.dumps({"weights": self.weights, "members": rows}, ensure_ascii=False, indent=1) + "\n")


def _latent(row: Mapping[str, Any], from_normal: Callable[[np.ndarray], np.ndarray]) -> tuple[float, ...]:
    """The latent of a member as a file has it."""
    if "latent" in row:
        return tuple(map(float, row["latent"]))
    (latent,) = from_normal(np.array([row["numbers"]], np.float32))
    return tuple(map(float, latent))
