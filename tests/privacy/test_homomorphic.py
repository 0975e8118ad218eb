"""Homomorphic sums: correct, of any length, and unreadable without the secret key."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.privacy.federated.homomorphic import LARGEST, SLOTS, KeyHolder, added, encrypt, homomorphic_sum, library
from aigc_tf.recipes.federated import FederationSettings

# Not imported here: `library` avoids conflicts with TensorFlow.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("tenseal") is None, reason="tenseal is not installed")


def vectors(length: int) -> dict[int, np.ndarray]:
    random = np.random.default_rng(0)
    return {client: random.normal(size=length) for client in range(3)}


@pytest.mark.parametrize("length", [1, SLOTS, 2 * SLOTS + 3])
def test_the_sum_is_that_of_the_vectors(length: int):
    found = homomorphic_sum(vectors(length))
    np.testing.assert_allclose(found.total, sum(vectors(length).values()), atol=1e-6)
    assert found.sent > 3 * 32_000 * -(-length // SLOTS) and found.received > 100_000


def test_the_server_can_add_and_not_read():
    holder, another = KeyHolder(), KeyHolder()
    key = holder.public_key()
    context = library().context_from(key)
    assert not context.has_secret_key()
    encrypted = [encrypt(vector, key) for vector in vectors(10).values()]
    total = added(encrypted, key)
    with pytest.raises(ValueError, match="secret"):
        library().ckks_vector_from(context, total[0]).decrypt()
    np.testing.assert_allclose(holder.read(total), sum(vectors(10).values()), atol=1e-6)
    assert np.abs(another.read(total) - holder.read(total)).max() > 1  # another key gives noise
    assert encrypt(vectors(10)[0], key) != encrypted[0]  # the same numbers look different each time


@pytest.mark.parametrize("value", [LARGEST, -2 * LARGEST, np.nan])
def test_numbers_that_do_not_fit_are_refused(value: float):
    with pytest.raises(InputError, match="homomorphic sums hold less than 1024"):
        encrypt(np.array([0.0, value]), KeyHolder().public_key())


def test_one_way_to_hide_is_enough_and_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="choose one"):
        FederationSettings(secure=True, homomorphic=True)
    library.cache_clear()
    monkeypatch.setitem(sys.modules, "tenseal", None)
    with pytest.raises(InputError, match=r"aigc-tf\[homomorphic\]"):
        KeyHolder()
