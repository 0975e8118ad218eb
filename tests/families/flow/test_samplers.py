"""Samplers against differential equations with known solutions."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from aigc_tf.families.flow.following import following, velocities
from aigc_tf.families.flow.samplers import SAMPLERS, adams_bashforth, euler, heun, schedule, steps_of
from aigc_tf.recipes.flows import FlowSolving
from tests.families.flow import gaussian


def velocity(x: np.ndarray, time: float) -> np.ndarray:
    """dx/dt = -2 t x + cos(t) exp(-t²), with the solution x = (x_0 + sin t) exp(-t²)."""
    return -2 * time * x + math.cos(time) * math.exp(-(time**2))


def error(sampler: str, steps: int, shift: float) -> float:
    *_, end = SAMPLERS[sampler](velocity, np.array(0.7), schedule(steps, shift))
    return abs(float(end) - (0.7 + math.sin(1)) * math.exp(-1))


@pytest.mark.parametrize("shift", [1.0, 3.0])
@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2), ("adams_bashforth", 2)])
def test_the_error_falls_by_the_order_of_the_sampler(sampler: str, order: int, shift: float) -> None:
    falls = math.log2(error(sampler, 64, shift) / error(sampler, 128, shift))
    if (sampler, shift) == ("heun", 3.0):  # whose last step, Euler's, is much shorter than the others
        assert falls > order
    else:
        assert falls == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("evaluations", [1, 2, 5, 10])
def test_it_asks_no_more_often_than_it_may(sampler: str, evaluations: int) -> None:
    asked: list[float] = []

    def counted(x: np.ndarray, time: float) -> np.ndarray:
        asked.append(time)
        return velocity(x, time)

    states = list(following(counted, np.array(0.0), FlowSolving(sampler=sampler, evaluations=evaluations)))
    assert len(states) == steps_of(sampler, evaluations)
    assert len(asked) == evaluations - (sampler == "heun" and evaluations % 2 == 0)
    assert min(asked) >= 0 and max(asked) < 1  # at t = 1 there is nothing to predict


@pytest.mark.parametrize("sampler", [euler, heun, adams_bashforth])
def test_a_straight_way_is_exact_however_long_the_steps(sampler) -> None:
    end = np.array([3.0, -1.0])
    ask = velocities(lambda noisy, time, told: end, None, "image")
    for steps in (1, 2, 7):
        *_, x = sampler(ask, np.array([0.1, 0.4]), schedule(steps))
        np.testing.assert_allclose(x, end, rtol=1e-12)


def test_it_goes_back_the_way_it_came() -> None:
    times = schedule(200)
    *_, there = adams_bashforth(velocity, np.array(0.7), times)
    *_, back = adams_bashforth(velocity, there, times[::-1])
    assert float(back) == pytest.approx(0.7, abs=1e-4)


def test_times_are_even_or_shifted_as_the_equation_says() -> None:
    np.testing.assert_allclose(schedule(4), [0, 0.25, 0.5, 0.75, 1])
    shifted = np.array(schedule(8, 3.0))
    noise = np.linspace(1, 0, 9)
    np.testing.assert_allclose(1 - shifted, 3 * noise / (1 + 2 * noise))
    assert shifted[0] == 0 and shifted[-1] == 1


@pytest.mark.parametrize("prediction", ["image", "velocity"])
def test_noise_becomes_the_gaussian_that_the_predictions_are_of(prediction: str) -> None:
    """With the optimal velocity in closed form, mean and covariance of samples are the target's."""

    def velocity_of_best(noisy: np.ndarray, time: float, told: object) -> np.ndarray:
        return (gaussian.predict(noisy, time) - noisy) / (1 - time)

    ask = gaussian.predict if prediction == "image" else velocity_of_best
    noise = np.random.default_rng(0).standard_normal((40_000, 3))
    *_, samples = following(velocities(ask, None, prediction), noise, FlowSolving(evaluations=100))
    # Exactly affine in the noise: the only other error is the solver's.
    matrix, *_ = np.linalg.lstsq(np.c_[noise, np.ones(len(noise))], samples, rcond=None)
    np.testing.assert_allclose(matrix[3], gaussian.MEAN, atol=0.01)
    np.testing.assert_allclose(matrix[:3].T @ matrix[:3], gaussian.COVARIANCE, atol=0.02)
    np.testing.assert_allclose(np.cov(samples.T), gaussian.COVARIANCE, atol=0.03)


def test_more_evaluations_come_nearer_to_the_gaussian() -> None:
    noise = np.random.default_rng(0).standard_normal((2000, 3))
    solve = partial(following, velocities(gaussian.predict, None, "image"), noise)
    *_, exact = solve(FlowSolving(evaluations=1000, sampler="heun"))
    off = {
        (sampler, count): np.abs(list(solve(FlowSolving(evaluations=count, sampler=sampler)))[-1] - exact).mean()
        for sampler in SAMPLERS
        for count in (10, 40)
    }
    assert all(off[sampler, 40] < 0.5 * off[sampler, 10] for sampler in SAMPLERS)
    assert off["adams_bashforth", 40] < off["euler", 40]
