"""ε against published values, and the noise for a given ε."""

from __future__ import annotations

import dataclasses
import sys

import dp_accounting
import pytest
from dp_accounting import rdp

from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import TOLERANCE, Guarantee, epsilon, guarantee
from aigc_tf.privacy.card import privacy_section
from aigc_tf.recipes.private import PrivacySettings

RATE, UPDATES = 256 / 60_000, 60 * 60_000 // 256  # 60 epochs with batch size 256


def by_renyi_divergence(noise: float, rate: float, updates: int, delta: float) -> float:
    """The looser bound of Mironov et al. 2019."""
    event = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    return float(rdp.RdpAccountant().compose(event, updates).get_epsilon(delta))


def test_epsilon_is_the_published_one():
    """TensorFlow Privacy's tutorial: 2.60 by RDP, 2.38 by PLD; its 3.0 is from an older conversion."""
    assert by_renyi_divergence(1.1, RATE, UPDATES, 1e-5) == pytest.approx(2.60, abs=0.005)
    assert epsilon(1.1, RATE, UPDATES, 1e-5) == pytest.approx(2.38, abs=0.005)


@pytest.fixture(scope="module")
def promised() -> Guarantee:
    """A guarantee for 50 steps of two updates."""
    return guarantee(PrivacySettings(epsilon=2.0), 6_000, 600, 50, updates_per_step=2)


def test_the_noise_is_the_least_that_keeps_the_promise(promised: Guarantee):
    assert promised.sampling_rate == 0.1 and promised.clip_norm == 1.0
    assert epsilon(promised.noise_multiplier, 0.1, 100, 1e-5) <= 2
    assert epsilon(promised.noise_multiplier * (1 - 5 * TOLERANCE), 0.1, 100, 1e-5) > 2
    assert promised.spent[-1] == (50, promised.epsilon(50)) and len(promised.spent) == 20
    looser = by_renyi_divergence(promised.noise_multiplier, 0.1, 100, 1e-5)
    assert 2 < looser < 2.6  # another accountant gives a similar value


def test_epsilon_on_the_way_is_an_upper_bound(promised: Guarantee):
    found = [promised.epsilon(step) for step in range(51)]
    assert found[0] == 0 and found == sorted(found) and 1.9 < found[-1] <= 2
    for step in (1, 24):
        exact = epsilon(promised.noise_multiplier, 0.1, 2 * step, 1e-5)
        assert exact <= found[step] + 1e-9 and found[step] < exact + 0.6
    with pytest.raises(InputError, match="the noise was chosen for 50 steps"):
        promised.epsilon(51)


def test_without_an_epsilon_nothing_is_promised():
    nothing = guarantee(PrivacySettings(epsilon=None), 100, 512, 50)
    assert (nothing.clip_norm, nothing.noise_multiplier, nothing.expected_batch) == (None, 0.0, 100)
    assert nothing.epsilon(7) is None and nothing.facts(7) == {} and "None is promised" in privacy_section(nothing, 7)


def test_a_delta_that_says_nothing_is_refused():
    with pytest.raises(InputError, match=r"privacy.delta is 0.001: with 1,000 examples, .* choose less than 0.001"):
        guarantee(PrivacySettings(delta=1e-3), 1000, 10, 10)


def test_an_epsilon_that_no_noise_keeps_is_refused():
    with pytest.raises(InputError, match=r"privacy.epsilon is 1e-12: no noise"):
        guarantee(PrivacySettings(epsilon=1e-12, delta=1e-15), 1000, 1000, 1000)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    guarantee.cache_clear()
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(InputError, match=r"package dp-accounting is needed: pip install 'aigc-tf\[privacy\]'"):
        guarantee(PrivacySettings(), 60_000, 10, 10)


def test_a_guarantee_is_written_and_read_back():
    promised = Guarantee(1000, 50, 2, 0.5, 1.25, 1e-5, ((5, 0.5), (10, 1.0)))
    assert Guarantee.from_json(promised.to_json()) == promised
    off = dataclasses.replace(promised, clip_norm=None, spent=())
    assert Guarantee.from_json(off.to_json()) == off
    for damaged in (
        "[]",
        "{",
        "{}",
        promised.to_json().replace("1.25", '"x"'),
        promised.to_json().replace("0.5", "[]"),
    ):
        with pytest.raises(InputError, match=r"guarantee.json is not a guarantee"):
            Guarantee.from_json(damaged)


def test_the_card_says_what_is_promised_and_what_is_not():
    card = privacy_section(Guarantee(1000, 50, 2, 0.5, 1.25, 1e-5, ((5, 0.5), (10, 1.0))), 6)
    for wanted in ("| ε | 1, spent by step 6; 1 is planned for step 10 |", "| δ | 1e-05 |", "added or removed", "1.25"):
        assert wanted in card
    for wanted in ("| noised updates | 12 |", "probability 0.05", "nearest training images", "seed", "held-out"):
        assert wanted in card
    for wanted in (
        "best checkpoint by a Fréchet distance",
        "early end (`stop_after`",
        "ended with an error",
    ):
        assert wanted in card
