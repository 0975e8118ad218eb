"""Networks with fewer channels: those that weigh most are kept, with their weights (Li et al. 2017, §3.1)."""

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
    """Of a layer with weights: which channels of what it reads and of what it makes stay, boolean arrays."""

    reads: np.ndarray
    makes: np.ndarray


@dataclass
class Channels:
    """The channels of every tensor of a network, and which of them stay or go together.

    Each has a number. Numbers that are linked are one channel that passes through several layers: the channels of a sum
    are those of its terms.
    """

    numbers: dict[int, np.ndarray] = field(default_factory=dict)
    """Of each `Value`, by its id: int `[channels]`."""
    links: list[np.ndarray] = field(default_factory=list)
    """Pairs that are one, int `[pairs, 2]`."""
    needed: list[np.ndarray] = field(default_factory=list)
    """Numbers of channels that have to stay."""
    uses: dict[Block, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    """Of each layer with weights that can lose channels: what it reads and what it makes."""
    count: int = 0

    @classmethod
    def of(cls, graph: Graph) -> Channels:
        """Follow the channels through a network; its inputs and outputs keep theirs."""
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
        """New channels of a tensor."""
        channels = (value.shape[-1] or 1) if value.shape else 1
        self.count += channels
        return np.arange(self.count - channels, self.count)

    def fix(self, value: Value) -> None:
        """New channels of a tensor that all have to stay."""
        self.numbers[id(value)] = self.fresh(value)
        self.needed.append(self.numbers[id(value)])

    def link(self, some: np.ndarray, others: np.ndarray) -> None:
        """Let channels be one, one by one."""
        self.links.append(np.stack([some, others], axis=1))

    def made_by(self, call: Call) -> np.ndarray | None:
        """The channels of what a layer makes; None if it is not known how they come from those that it reads."""
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
        """The channels that a layer with weights makes; those of all its uses are the same."""
        if block in self.uses:
            for some, others in zip(self.uses[block], (reads, makes), strict=True):
                self.link(some, others)
        self.uses.setdefault(block, (reads, makes))
        return makes

    def merged(self, rows: np.ndarray) -> np.ndarray:
        """The first of rows of channels `[rows, channels]`, each column of which is one."""
        for row in rows[1:]:
            self.link(rows[0], row)
        return rows[0]

    def groups(self) -> np.ndarray:
        """For each number the channel that it is, int `[count]`."""
        pairs = np.concatenate(self.links) if self.links else np.zeros((0, 2), int)
        edges = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (self.count, self.count))
        return connected_components(edges, directed=False)[1]


def kept_channels(wide: keras.Model, narrow: keras.Model) -> list[Kept | None]:
    """Which channels of a network another one keeps, which is the same but for fewer channels between its layers.

    Those stay whose weights have the largest sum of magnitudes; what is added or reshaped together goes together.

    Args:
        wide: a Functional network.
        narrow: its weights do not matter.

    Returns:
        For each layer of `Graph(wide).blocks()` what stays; None where that is everything.

    Raises:
        FixedChannelsError: layers differ otherwise, or hold on to channels that are fewer in the narrow one.
    """
    graph = Graph(wide)
    blocks, others = list(graph.blocks()), list(Graph(narrow).blocks())
    if [(block.name, block.kind) for block in blocks] != [(block.name, block.kind) for block in others]:
        raise FixedChannelsError(f"{narrow.name} has other layers than {wide.name}")
    channels = Channels.of(graph)
    groups = channels.groups()
    strength = np.zeros(groups.max() + 1)
    for block, (_, makes) in channels.uses.items():
        if not _is_a(block.kind, layers.BatchNormalization):
            kernel = np.abs(np.moveaxis(block.weights[0], _axes(block)[1], -1))
            np.add.at(strength, groups[makes], kernel.reshape(-1, len(makes)).sum(axis=0))
    stays = np.full(len(strength), np.nan)  # 1 stays, 0 goes, not yet known
    stays[groups[np.concatenate(channels.needed)]] = 1
    for block, other in zip(blocks, others, strict=True):
        if block in channels.uses:
            makes = groups[channels.uses[block][1]]
            _choose(makes, _width(other), strength, stays, block.name)
    kept = [tuple(stays[groups[numbers]] == 1 for numbers in channels.uses.get(block, ())) for block in blocks]
    return [Kept(*each) if each else None for each in kept]


def _choose(makes: np.ndarray, width: int, strength: np.ndarray, stays: np.ndarray, name: str) -> None:
    """Decide in `stays` which of a layer's channels do, so that it makes `width` numbers."""
    own = np.unique(makes)
    wanted, rest = divmod(width * len(own), len(makes))
    open_ = own[np.isnan(stays[own])]
    more = wanted - int(np.nansum(stays[own]))
    if rest or not 0 <= more <= len(open_):
        raise FixedChannelsError(f"{name} cannot make {width:,} instead of {len(makes):,} channels")
    stays[open_] = 0
    stays[open_[np.argsort(-strength[open_], kind="stable")[:more]]] = 1


def cut(wide: keras.Model, narrow: keras.Model, kept: list[Kept | None]) -> None:
    """Give a network the weights of the channels that it keeps of another one.

    Args:
        wide: whose weights they are.
        narrow: gets them.
        kept: as of `kept_channels` for these networks, or for copies of them.

    Raises:
        FixedChannelsError: some weights have another shape; the network stays as it is.
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
    """Give networks of a model the strongest channels of another model's, where they are the same but narrower.

    Args:
        model: a `GenerativeModel`; networks that are copies of each other, such as averages, keep the same channels.
        other: another one, of the same recipe in wider layers.

    Returns:
        Names of the networks (attributes of the model) that were cut.
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
    """Of a kernel, the axes of the channels that are read and of those that are made."""
    return (-1, -2) if _is_a(block.kind, *_TRANSPOSED) else (-2, -1)


def _width(block: Block) -> int:
    """How many channels a layer with weights makes."""
    if _is_a(block.kind, layers.BatchNormalization):
        return len(block.weights[0])
    return block.weights[0].shape[_axes(block)[1]]


def _shapes(network: keras.Model) -> list[tuple[int, ...]]:
    return [tuple(weight.shape) for weight in network.weights]
