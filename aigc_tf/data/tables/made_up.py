"""A synthetic table: the `auto` source, for trying out table models without data."""

from __future__ import annotations

import numpy as np

ROWS = 900


def patients() -> dict[str, list[object]]:
    """900 synthetic patients: age, sex, smoker, weight, dose, response, recovered, by column name.

    The response follows a Hill curve of the dose, lower for heavy patients; responders recover more often. Weight has
    two modes, one for each sex, and 6 % missing values.
    """
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    age = np.clip(random.normal(52, 16, ROWS), 18, 90).round()
    female = random.uniform(size=ROWS) < 0.52
    smoker = random.uniform(size=ROWS) < np.where(age < 45, 0.35, 0.15)
    weight = (np.where(female, 64.0, 83.0) + random.normal(0, 7, ROWS)).round(1)
    dose = np.clip(random.gamma(2.0, 40.0, ROWS), 5, 300).round()
    strength = dose**2 / (dose**2 + (weight + 10) ** 2)
    response = (100 * strength - 12 * smoker + random.normal(0, 8, ROWS)).round(1)
    chance = 1 / (1 + np.exp(-(response - 45) / 9 + (age - 52) / 16))
    recovered = random.uniform(size=ROWS) < chance
    gaps = random.uniform(size=ROWS) < 0.06
    return {
        "age": age.astype(int).tolist(),
        "sex": np.where(female, "female", "male").tolist(),
        "smoker": np.where(smoker, "yes", "no").tolist(),
        "weight": [None if gap else value for gap, value in zip(gaps, weight.tolist(), strict=True)],
        "dose": dose.astype(int).tolist(),
        "response": response.tolist(),
        "recovered": np.where(recovered, "yes", "no").tolist(),
    }
