"""Channel pruning: narrower networks keep the channels with the largest weights (Li et al. 2017, §3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aigc_tf.export.graph import Block, Call, Graph, Value, is_network
from aigc_tf.nn.blocks import DepthToSpace, NearestDoubling

_CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
_TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
_PASSING = (
    *(layers.BatchNormalization, layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Dropout, layers.Rescaling),
    *(layers.UpSampling2D, layers.ZeroPadding2D, layers.Cropping2D, NearestDoubling),
    *(layers.AveragePooling2D, layers.MaxPooling2D, layers.GlobalAveragePooling2D),
)
_JOINING = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)


class FixedChannelsError(ValueError):
    """A network cannot lose these channels."""


@dataclass(eq=False)
class Kept:
    """The input and output channels that a layer with weights keeps, as boolean arrays."""

    reads: np.ndarray
    makes: np.ndarray


@dataclass
class Channels:
    """The channels of every tensor of a network, and which of them have to be kept or removed together.

    Each channel has a number. Linked numbers are the same channel passing through several layers: the channels of a sum
    are those of its terms.
    """

    numbers: dict[int, np.ndarray] = field(default_factory=dict)
    """The channels of each `Value`, by its id: int `[channels]`."""
    links: list[np.ndarray] = field(default_factory=list)
    """Pairs of linked numbers, int `[pairs, 2]`."""
    needed: list[np.ndarray] = field(default_factory=list)
    """Channels that have to stay."""
    uses: dict[Block, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """For each layer with weights that can lose channels: its input and output channels."""
    count: int = 0

    @classmethod
    def of(cls, graph: Graph) -> Channels:
        """Trace the channels through a network; those of its inputs and outputs are fixed."""
        found = cls()
        for value in graph.inputs:
            found.fix(value)
        for call in graph.calls:
            made = found.made_by(call)
            if made is None:
                for value in call.inputs:
                    found.needed.append(found.numbers[id(value)])
                for value in call.outputs:
                    found.fix(value)
            else:
                found.numbers[id(call.outputs[0])] = made
        for value in graph.outputs:
            found.needed.append(found.numbers[id(value)])
        return found

    def fresh(self, value: Value) -> np.ndarray:
        """New channels for a tensor."""
        channels = (value.shape[-1] or 1) if value.shape else 1
        self.count += channels
        return np.arange(self.count - channels, self.count)

    def fix(self, value: Value) -> None:
        """New channels for a tensor, all of which have to stay."""
        self.numbers[id(value)] = self.fresh(value)
        self.needed.append(self.numbers[id(value)])

    def link(self, some: np.ndarray, others: np.ndarray) -> None:
        """Link channels pairwise."""
        self.links.append(np.stack([some, others], axis=1))

    def made_by(self, call: Call) -> np.ndarray | None:
        """The output channels of a layer; None if their relation to its input channels is unknown."""
        block, given = call.block, [self.numbers[id(value)] for value in call.inputs]
        if block.config is None or not given or len(call.outputs) != 1:
            return None
        kind, out = block.kind, call.outputs[0]
        if _is_a(kind, *_CONVOLUTIONS, *_TRANSPOSED, layers.Dense) and block.config.get("groups", 1) == 1:
            return self.weighed(block, given[0], self.fresh(out))
        if _is_a(kind, layers.BatchNormalization):
            return self.weighed(block, given[0], given[0])
        if _is_a(kind, *_PASSING):
            return given[0]
        if _is_a(kind, DepthToSpace):
            return self.merged(given[0].reshape(block["size"] ** 2, -1))
        if _is_a(kind, layers.Concatenate) and block["axis"] in (-1, len(out.shape) - 1):
            return np.concatenate(given)
        if _is_a(kind, *_JOINING) and len({len(each) for each in given}) == 1:
            return self.merged(np.stack(given))
        sizes = [size for size in call.inputs[0].shape[1:] if size is not None]
        if _is_a(kind, layers.Reshape, layers.Flatten) and len(sizes) == len(call.inputs[0].shape) - 1:
            everywhere = np.broadcast_to(given[0], sizes)
            return self.merged(everywhere.reshape(-1, out.shape[-1] or 1))
        return None

    def weighed(self, block: Block, reads: np.ndarray, makes: np.ndarray) -> np.ndarray:
        """The output channels of a layer with weights, the same in all its uses."""
        if block in self.uses:
            for some, others in zip(self.uses[block], (reads, makes), strict=True):
                self.link(some, others)
        self.uses.setdefault(block, (reads, makes))
        return makes

    def merged(self, rows: np.ndarray) -> np.ndarray:
        """Link the channels of each column of `[rows, channels]`; returns the first row."""
        for row in rows[1:]:
            self.link(rows[0], row)
        return rows[0]

    def groups(self) -> np.ndarray:
        """The group of linked channels that each number belongs to, int `[count]`."""
        pairs = np.concatenate(self.links) if self.links else np.zeros((0, 2), int)
        edges = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (self.count, self.count))
        return connected_components(edges, directed=False)[1]


def kept_channels(wide: keras.Model, narrow: keras.Model) -> list[Kept | None]:
    """Which channels of a network to keep for a narrower version of it.

    Channels whose weights have the largest sum of magnitudes stay; channels that are added or reshaped together stay or
    go together.

    Args:
        wide: a Functional network.
        narrow: the same network with fewer channels between its layers; its weights do not matter.

    Returns:
        For each layer of `Graph(wide).blocks()` the channels to keep; None means all.

    Raises:
        FixedChannelsError: the networks differ in other ways, or channels that cannot be removed are fewer in the
            narrow one.
    """
    graph = Graph(wide)
    blocks, others = list(graph.blocks()), list(Graph(narrow).blocks())
    if [(block.name, block.kind) for block in blocks] != [(block.name, block.kind) for block in others]:
        raise FixedChannelsError(f"{narrow.name} has different layers from {wide.name}")
    channels = Channels.of(graph)
    groups = channels.groups()
    strength = np.zeros(groups.max() + 1)
    for block, (_, makes) in channels.uses.items():
        if not _is_a(block.kind, layers.BatchNormalization):
            kernel = np.abs(np.moveaxis(block.weights[0], _axes(block)[1], -1))
            np.add.at(strength, groups[makes], kernel.reshape(-1, len(makes)).sum(axis=0))
    stays = np.full(len(strength), np.nan)  # 1 is kept, 0 is removed, NaN is undecided
    stays[groups[np.concatenate(channels.needed)]] = 1
    for block, other in zip(blocks, others, strict=True):
        if block in channels.uses:
            makes = groups[channels.uses[block][1]]
            _choose(makes, _width(other), strength, stays, block.name)
    kept = [tuple(stays[groups[numbers]] == 1 for numbers in channels.uses.get(block, ())) for block in blocks]
    return [Kept(*each) if each else None for each in kept]


def _choose(makes: np.ndarray, width: int, strength: np.ndarray, stays: np.ndarray, name: str) -> None:
    """Decide in `stays` which channels of a layer to keep, so that it outputs `width` of them."""
    own = np.unique(makes)
    wanted, rest = divmod(width * len(own), len(makes))
    open_ = own[np.isnan(stays[own])]
    more = wanted - int(np.nansum(stays[own]))
    if rest or not 0 <= more <= len(open_):
        raise FixedChannelsError(f"{name} cannot make {width:,} instead of {len(makes):,} channels")
    stays[open_] = 0
    stays[open_[np.argsort(-strength[open_], kind="stable")[:more]]] = 1


def cut(wide: keras.Model, narrow: keras.Model, kept: list[Kept | None]) -> None:
    """Copy the weights of the kept channels into a narrower network.

    Args:
        wide: provides the weights.
        narrow: receives them.
        kept: from `kept_channels` for these networks, or for copies of them.

    Raises:
        FixedChannelsError: some weights differ in shape otherwise; the network is not changed.
    """
    given = []
    for own, other, stays in zip(Graph(wide).blocks(), Graph(narrow).blocks(), kept, strict=True):
        weights = own.weights
        if stays is not None and _is_a(own.kind, layers.BatchNormalization):
            weights = [weight[stays.makes] for weight in weights]
        elif stays is not None:
            kernel, *bias = weights
            for axis, mask in zip(_axes(own), (stays.reads, stays.makes), strict=True):
                kernel = np.compress(mask, kernel, axis=axis)
            weights = [kernel, *(weight[stays.makes] for weight in bias)]
        if [weight.shape for weight in weights] != [weight.shape for weight in other.weights]:
            raise FixedChannelsError(f"the weights of {own.name} cannot be cut to those of {narrow.name}")
        given.append((other, weights))
    for block, weights in given:
        if weights:
            block.original.set_weights(weights)


def cut_networks(model: Any, other: Any) -> list[str]:
    """Copy the strongest channels of another model into a model's networks that are narrower versions of the other's.

    Args:
        model: a `GenerativeModel`; networks that are copies of each other, such as moving averages, keep the same
            channels.
        other: a model of the same recipe with wider layers.

    Returns:
        Names of the networks (attributes of the model) that received weights.
    """
    plans: dict[tuple[str, ...], list[Kept | None]] = {}
    done = []
    for name, narrow in vars(model).items():
        wide = getattr(other, name, None)
        if not (is_network(narrow) and is_network(wide)) or _shapes(narrow) == _shapes(wide):
            continue
        key = tuple(layer.name for layer in narrow.layers)
        try:
            plans[key] = plans.get(key) or kept_channels(wide, narrow)
            cut(wide, narrow, plans[key])
        except FixedChannelsError:
            continue
        done.append(name)
    return done


def _is_a(kind: Any, *kinds: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, kinds)


def _axes(block: Block) -> tuple[int, int]:
    """The axes of a kernel for input and for output channels."""
    return (-1, -2) if _is_a(block.kind, *_TRANSPOSED) else (-2, -1)


def _width(block: Block) -> int:
    """Number of output channels of a layer with weights."""
    if _is_a(block.kind, layers.BatchNormalization):
        return len(block.weights[0])
    return block.weights[0].shape[_axes(block)[1]]


def _shapes(network: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.weights]
