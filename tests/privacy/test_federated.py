"""Federated privacy: examples are split without overlap, means are weighted, and the noise matches the guarantee."""

from __future__ import annotations

import dataclasses
import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.data.source import Source
from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.federated.aggregation import Aggregation, fraction_bits, whole
from aigc_tf.privacy.federated.proximal import Proximal
from aigc_tf.privacy.federated.sharing import client_batches, dealt_out
from aigc_tf.privacy.federated.terms import Federation
from aigc_tf.recipes.federated import ClientPrivacySettings, FederationSettings
from tests.sources import numbered, numbers_in


@pytest.mark.parametrize("concentration", [None, 0.1, 100.0])
def test_each_example_has_one_client(concentration: float | None):
    parts = dealt_out(numbered(200), FederationSettings(clients=5, by_class=concentration), 0)
    assert sorted(np.concatenate(parts)) == list(range(200)) and all(map(len, parts))


def test_the_concentration_decides_how_alike_clients_are():
    source = numbered(250)

    def largest_share(concentration: float) -> float:
        settings = FederationSettings(clients=4, by_class=concentration)
        labels = [source.labels_of_examples[part] for seed in range(5) for part in dealt_out(source, settings, seed)]
        return float(np.mean([np.bincount(each, minlength=3).max() / len(each) for each in labels]))

    assert largest_share(0.1) > 0.7 > 0.4 > largest_share(1000.0)


def test_a_client_draws_each_of_its_examples_once_in_an_epoch():
    own = np.array([3, 50, 7, 101, 9, 8], np.int64)
    source: Source = numbered(120)
    batches = client_batches(source, own, 3, seed=5).take(4).as_numpy_iterator()
    found = [numbers_in(batch["image"]) for batch in batches]
    for epoch in (found[:2], found[2:]):
        assert sorted(np.concatenate(epoch)) == sorted(own)
    again = next(client_batches(source, own, 3, seed=5, first_step=3).as_numpy_iterator())
    np.testing.assert_array_equal(numbers_in(again["image"]), found[3])


def test_what_cannot_be_dealt_out_is_refused():
    with pytest.raises(InputError, match="has 3 training examples for 5 clients"):
        dealt_out(numbered(3), FederationSettings(clients=5), 0)
    without = dataclasses.replace(numbered(20), train=dataclasses.replace(numbered(20).train, labels=None))
    with pytest.raises(InputError, match="own has no classes: leave --by-class out"):
        dealt_out(without, FederationSettings(clients=5, by_class=1.0), 0)
    with pytest.raises(InputError, match="leaves some of 15 clients without examples"):
        dealt_out(numbered(20), FederationSettings(clients=15, by_class=0.01), 0)


def changes() -> dict[int, np.ndarray]:
    random = np.random.default_rng(0)
    return {client: random.normal(size=1000).astype(np.float32) for client in range(3)}


@pytest.mark.parametrize("how", ["open", "secure", "homomorphic"])
def test_the_mean_is_weighted_by_the_examples_of_those_who_answered(how: str):
    if how == "homomorphic" and importlib.util.find_spec("tenseal") is None:
        pytest.skip("tenseal is not installed")
    sizes, found = (10, 20, 70, 40), changes()
    combined = Aggregation(sizes, how == "secure", None, 0, how == "homomorphic").combine(found, {3}, 0, 1000)
    expected = np.average([found[client] for client in range(3)], axis=0, weights=sizes[:3])
    assert combined.change is not None
    np.testing.assert_allclose(combined.change, expected, atol=1e-6)
    assert combined.sent >= 3 * 4000


def test_nobody_s_changes_are_none():
    assert Aggregation((1, 2), False, None, 0).combine({}, {0, 1}, 0, 1000).change is None
    assert Aggregation((1, 2, 3), True, None, 0).combine({0: np.zeros(4, np.float32)}, {1, 2}, 0, 4).change is None


def test_fixed_point_numbers_fit_and_never_have_a_larger_norm():
    values = np.random.default_rng(0).normal(size=5000)
    bits = fraction_bits(5)
    back = whole(values, bits).view(np.int32) / 2.0**bits
    assert (np.abs(back) <= np.abs(values)).all() and np.abs(back - values).max() < 2.0**-bits
    largest = np.full(1, 31.999)
    total = np.sum([whole(largest, bits)] * 5, axis=0, dtype=np.uint32)
    assert total.view(np.int32)[0] / 2.0**bits == pytest.approx(5 * 31.999)
    with pytest.raises(InputError, match="changed a weight by 33: secure sums hold less than 32"):
        whole(np.array([33.0]), bits)
    with pytest.raises(InputError, match="changed a weight by nan"):
        whole(np.array([np.nan]), bits)


def test_a_client_moves_the_mean_by_its_clipped_change_at_most_and_the_noise_is_as_promised():
    promise = Guarantee(100, 20, 1, 0.5, noise_multiplier=1.5, delta=1e-3, spent=((10, 8.0),))
    aggregation = Aggregation((1,) * 100, False, promise, 0)
    huge = {0: np.full(40_000, 10, np.float32)}
    nobody = aggregation.combine({}, set(), 3, 40_000).change
    with_one = aggregation.combine(huge, set(), 3, 40_000).change
    assert nobody is not None and with_one is not None
    assert np.linalg.norm(with_one - nobody) == pytest.approx(0.5 / 20, rel=1e-4)
    assert nobody.std() == pytest.approx(promise.noise_multiplier * 0.5 / 20, rel=0.02)
    other = aggregation.combine({}, set(), 4, 40_000).change
    assert other is not None and abs(np.corrcoef(nobody, other)[0, 1]) < 0.03  # reused noise would hide nothing


def test_a_run_keeps_what_is_promised_to_a_client():
    settings = FederationSettings(
        clients=50, rounds=4, share=0.2, privacy=ClientPrivacySettings(epsilon=5.0, delta=1e-3)
    )
    terms = Federation.of(settings, (4,) * 50, local_steps=7)
    assert terms.share == pytest.approx(0.2) and Federation.from_json(terms.to_json()) == terms
    assert 0 < terms.facts(14)["epsilon"] < terms.facts(28)["epsilon"] <= 5.0
    card = terms.card_section(14)
    assert "2 of 7 steps" in card and f"{terms.facts(14)['epsilon']:.4g}, 0.001, for all of its examples" in card
    more = Federation.of(dataclasses.replace(settings, rounds=6), (4,) * 50, local_steps=7)
    assert "another noise" in more.reason_to_refuse(terms)
    plain = Federation.of(FederationSettings(clients=2), (4, 4), local_steps=7)
    assert dataclasses.replace(plain, settings=FederationSettings(clients=2, rounds=40)).reason_to_refuse(plain) == ""
    assert "with other settings" in dataclasses.replace(plain, local_steps=8).reason_to_refuse(plain)
    with pytest.raises(InputError, match=r"privacy\.delta is 0\.1"):
        Federation.of(
            dataclasses.replace(settings, privacy=ClientPrivacySettings(epsilon=5.0, delta=0.1)), (4,) * 50, 7
        )


@pytest.mark.parametrize(
    "text", ["", "[]", '{"settings": {}}', '{"settings": {"clients": 2, "privacy": {}}, "sizes": [1]}']
)
def test_something_else_than_terms_is_refused(text: str):
    with pytest.raises(InputError, match=r"federation\.json does not say how clients train"):
        Federation.from_json(text)


def test_the_proximal_term_adds_its_gradient():
    """w <- w - rate (g + μ (w - w₀)): equation 2 of Li et al. 2020, by gradient descent."""
    weight = keras.Variable([1.0, -2.0])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build([weight])
    term = Proximal([optimizer], [weight], strength=0.5)
    term.anchor()
    optimizer.apply([tf.constant([1.0, 1.0])], [weight])  # at the anchor the term has zero gradient
    np.testing.assert_allclose(weight.numpy(), [0.9, -2.1], rtol=1e-6)
    optimizer.apply([tf.constant([0.0, 0.0])], [weight])
    np.testing.assert_allclose(weight.numpy(), [0.9 + 0.1 * 0.5 * 0.1, -2.1 + 0.1 * 0.5 * 0.1], rtol=1e-6)
