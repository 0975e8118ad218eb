"""Secure aggregation: the server gets the exact sum despite dropouts, and learns nothing about single clients."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from aigc_tf.privacy.federated.secure import Client, secure_sum, total_of
from aigc_tf.privacy.federated.shamir import secret_of, shares_of

SIZE = 20_000


def vectors_of(clients: Sequence[int], largest: int = 1000) -> dict[int, np.ndarray]:
    """Small numbers, easily distinguished from random ones."""
    random = np.random.default_rng(0)
    return {client: random.integers(0, largest, SIZE, dtype=np.uint32) for client in clients}


def is_uniform(values: np.ndarray) -> bool:
    """Whether the highest bits of numbers modulo 2³² are uniform, by a χ² test with a false alarm rate of 1e-9."""
    counts = np.bincount(values >> 24, minlength=256)
    return stats.chisquare(counts).pvalue > 1e-9


@pytest.mark.parametrize("dropped", [(), (2,), (1, 5)])
def test_the_sum_is_exact_whoever_drops_out(dropped: tuple[int, ...]):
    vectors = vectors_of([client for client in range(1, 6) if client not in dropped], 2**32 - 1)
    found = secure_sum(vectors, set(dropped))
    assert found.total is not None
    np.testing.assert_array_equal(found.total, np.sum(list(vectors.values()), axis=0, dtype=np.uint32))
    assert found.sent >= sum(vector.nbytes for vector in vectors.values())


def test_of_too_few_nothing_is_learnt():
    assert secure_sum(vectors_of((1, 2)), {3, 4, 5}).total is None


def transcript(vectors: dict[int, np.ndarray], dropped: Sequence[int]) -> dict[str, dict]:
    """Everything that a server receives in a run of the protocol in which the clients `dropped` drop out."""
    clients = {number: Client(number) for number in (*vectors, *dropped)}
    keys = {number: client.keys() for number, client in clients.items()}
    sealed = {number: client.shares(keys, len(clients) // 2 + 1) for number, client in clients.items()}
    masked = {
        number: clients[number].masked({other: sealed[other][number] for other in clients if other != number}, vector)
        for number, vector in vectors.items()
    }
    shares = {number: clients[number].unmask(masked.keys()) for number in masked}
    return {"keys": keys, "masked": masked, "shares": shares}


def test_a_server_sees_no_vector_but_the_sum_of_all():
    """With all the shares that it gets, it cannot unmask sums of fewer than all clients."""
    vectors = vectors_of((1, 2, 3, 4))
    seen = transcript(vectors, dropped=(5,))
    for size in range(1, len(vectors) + 1):
        for some in itertools.combinations(vectors, size):
            subset = {client: seen["masked"][client] for client in some}
            known = {  # as if the others had not responded: all shares of these clients, and no keys of the others
                holder: {client: told[client] for client in (*some, 5)} for holder, told in seen["shares"].items()
            }
            keys = {client: seen["keys"][client] for client in (*some, 5)}
            found, plain = total_of(subset, known, keys), np.sum([vectors[client] for client in some], axis=0)
            if size == len(vectors):
                np.testing.assert_array_equal(found, plain)
            else:
                assert is_uniform(found) and (found == plain).mean() < 0.001
                assert abs(stats.pearsonr(found, plain).statistic) < 5 / np.sqrt(SIZE)
    assert all(map(is_uniform, seen["masked"].values())) and not is_uniform(vectors[1])


def test_a_client_never_tells_both_secrets_of_another():
    clients = {number: Client(number) for number in (1, 2, 3)}
    keys = {number: client.keys() for number, client in clients.items()}
    sealed = {number: client.shares(keys, 2) for number, client in clients.items()}
    clients[1].masked({2: sealed[2][1], 3: sealed[3][1]}, np.zeros(4, np.uint32))
    with pytest.raises(ValueError, match="1 clients answered: 2 are needed"):
        clients[1].unmask({1})
    clients[1].unmask({1, 2})
    with pytest.raises(ValueError, match="a second time"):
        clients[1].unmask({1, 2, 3})


def test_masks_are_new_each_time():
    first, second = (transcript(vectors_of((1, 2, 3)), ())["masked"] for _ in range(2))
    assert (first[1] != second[1]).mean() > 0.999


def test_a_message_that_was_changed_is_not_taken():
    from cryptography.exceptions import InvalidTag

    first, second = Client(1), Client(2)
    keys = {1: first.keys(), 2: second.keys()}
    first.shares(keys, 2)
    message = bytearray(second.shares(keys, 2)[1])
    message[0] ^= 1
    with pytest.raises(InvalidTag):
        first.masked({2: bytes(message)}, np.zeros(4, np.uint32))


def test_a_secret_needs_as_many_shares_as_said():
    secret = bytes(range(224, 256))
    shares = shares_of(secret, [1, 2, 3, 4, 5], 3)
    for some in itertools.combinations(shares, 3):
        assert secret_of({holder: shares[holder] for holder in some}, 32) == secret
    with pytest.raises(ValueError, match="these 2 shares belong to no secret"):
        secret_of({1: shares[1], 2: shares[2]}, 32)


def test_fewer_shares_fit_every_secret():
    """Given two of three shares, each value of the third gives another secret: none is excluded."""
    shares = shares_of(b"\x07", [1, 2, 3], 3)
    found = set()
    for third in range(1, 200):
        guess = {1: shares[1], 2: shares[2], 3: third.to_bytes(66)}
        found.add(secret_of(guess, 66))
    assert len(found) == 199


@pytest.mark.parametrize(
    ("secret", "holders", "threshold"), [(bytes(65), [1, 2], 2), (b"a", [0, 1], 2), (b"a", [1], 2)]
)
def test_shares_that_would_say_too_much_are_refused(secret: bytes, holders: list[int], threshold: int):
    with pytest.raises(ValueError):
        shares_of(secret, holders, threshold)
