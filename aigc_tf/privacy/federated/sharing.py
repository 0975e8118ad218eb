"""Partitioning of the training examples among clients, and each client's batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import ALL, Order, Rows, Shuffled
from aigc_tf.data.source import PREFETCHED, Source
from aigc_tf.errors import InputError
from aigc_tf.recipes.federated import FederationSettings

_TRIES = 100  # Dirichlet shares that leave a client without examples are redrawn


def dealt_out(source: Source, settings: FederationSettings, seed: int) -> list[np.ndarray]:
    """Partition the source's examples: each client's indices, ascending, int64 `[examples]`.

    Args:
        source: its training split is partitioned.
        settings: number of clients and kind of partition.
        seed: of the draws.

    Raises:
        InputError: there are too few examples, no classes to partition by, or the source cannot be partitioned.
    """
    examples, clients = source.examples, settings.clients
    if len(examples) < clients:
        raise InputError(
            f"{source.name} has {len(examples)} training examples for {clients} clients: give fewer clients"
        )
    random = np.random.default_rng((seed, clients))
    if settings.by_class is None:
        parts = np.array_split(random.permutation(len(examples)), clients)
    else:
        parts = by_class(_labels(source), clients, settings.by_class, random)
    return [examples[np.sort(part)] for part in parts]


def _labels(source: Source) -> np.ndarray:
    try:
        return source.labels_of_examples
    except InputError as error:
        raise InputError(f"{error}: leave --by-class out") from None


def by_class(labels: np.ndarray, clients: int, concentration: float, random: np.random.Generator) -> list[np.ndarray]:
    """A non-IID partition: each client's indices, with Dirichlet-distributed shares of each class (Hsu et al. 2019).

    Args:
        labels: int64 `[examples]`.
        clients: how many.
        concentration: α, the same for all clients.
        random: the random generator.

    Raises:
        InputError: some client has no example even after redrawing the shares `_TRIES` times.
    """
    for _ in range(_TRIES):
        pieces: list[list[np.ndarray]] = [[] for _ in range(clients)]
        for label in np.unique(labels):
            rows = random.permutation(np.flatnonzero(labels == label))
            ends = np.cumsum(random.dirichlet(np.full(clients, concentration)))[:-1]
            for client, piece in enumerate(np.split(rows, (ends * len(rows)).astype(np.int64))):
                pieces[client].append(piece)
        parts = [np.concatenate(piece) for piece in pieces]
        if all(map(len, parts)):
            return parts
    raise InputError(
        f"--by-class {concentration:g} leaves some of {clients} clients without examples: give more, or fewer clients"
    )


@dataclass(frozen=True, eq=False)
class Among(Order):
    """The order of one client's examples, as indices into the source."""

    own: np.ndarray
    """int64 `[examples]`."""
    order: Shuffled

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`."""
        found = self.order.rows(step, chosen)
        return found._replace(examples=tf.gather(tf.constant(self.own), found.examples))


def client_batches(source: Source, own: np.ndarray, batch_size: int, seed: int, first_step: int = 0) -> tf.data.Dataset:
    """Endless batches of a client's examples, each example once per epoch; see `Source.batches`.

    Args:
        source: of all examples.
        own: indices of the client's examples.
        batch_size: examples in a batch.
        seed: of the client.
        first_step: the step of this client whose batch comes first.
    """
    order = Among(own, Shuffled(len(own), batch_size, seed))
    steps = tf.data.Dataset.counter(start=first_step, dtype=tf.int64)
    return steps.map(lambda step: source.read(order.rows(step), seed)).prefetch(PREFETCHED)
