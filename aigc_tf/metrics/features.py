"""The registry of feature networks, which embed the examples of a modality for distances such as the FID.

To add a network, decorate its builder with `register`; nothing here has to be edited.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aigc_tf.errors import InputError

Build = Callable[[Any, Any], Any]
"""A source and the shape of its examples -> the network."""

_builders: dict[str, dict[str, Build]] = {}


def register(modality: str, kind: str) -> Callable[[Build], Build]:
    """A decorator that registers the builder of a kind of feature network.

    Args:
        modality: of the examples, such as "pictures".
        kind: what the network is called in options and protocols.
    """

    def keep(build: Build) -> Build:
        _builders.setdefault(modality, {})[kind] = build
        return build

    return keep


def kinds_of(modality: str) -> tuple[str, ...]:
    """The kinds that are registered for a modality."""
    return tuple(_builders.get(modality, {}))


def builder_of(modality: str, kind: str) -> Build:
    """The builder of a kind.

    Raises:
        InputError: there is none.
    """
    if kind not in kinds_of(modality):
        known = ", ".join(("auto", *kinds_of(modality)))
        raise InputError(f"there is no feature network {kind!r} of {modality}: choose one of {known}")
    return _builders[modality][kind]
