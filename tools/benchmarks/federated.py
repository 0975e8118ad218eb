"""Federated training: one recipe trained centrally, by clients in rounds, and by one client alone."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aigc_tf
from aigc_tf.data.source import Source
from aigc_tf.engine.distribution import Workers
from aigc_tf.engine.federation import Federated
from aigc_tf.privacy.federated.sharing import client_batches, dealt_out
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.federated import ClientPrivacySettings, FederationSettings
from aigc_tf.recipes.registry import recipe_named
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.references import resolve
from aigc_tf.runs import paths
from tools.benchmarks.readings import Results
from tools.benchmarks.tables import markdown

LOOKS = 4  # evaluations per training run


@dataclass(frozen=True, kw_only=True)
class Alone(Workers):
    """Local training on the examples of one client."""

    settings: FederationSettings

    def batches(self, source: Any, recipe: Recipe, first_step: int) -> Any:
        """Batches of client 0."""
        own = dealt_out(source, self.settings, recipe.seed)[0]
        return client_batches(source, own, recipe.examples_per_step, recipe.seed, first_step)


def ways(clients: int, rounds: int) -> dict[str, Workers | str]:
    """Training strategies, by their name in the table."""
    iid = FederationSettings(clients=clients, rounds=rounds)
    skewed = dataclasses.replace(iid, by_class=0.1)
    many = FederationSettings(clients=100, rounds=rounds, share=0.2)
    return {
        "all examples in one place": "one",
        "federated, at random": Federated(settings=iid),
        "the same, secure sums": Federated(settings=dataclasses.replace(iid, secure=True)),
        "the same, a fifth drop out": Federated(settings=dataclasses.replace(iid, secure=True, drop=0.2)),
        "federated, by class": Federated(settings=skewed),
        "the same, FedProx 0.01": Federated(settings=dataclasses.replace(skewed, proximal=0.01)),
        "one client alone, at random": Alone(settings=iid),
        "one client alone, by class": Alone(settings=skewed),
        "100 clients, 20 a round": Federated(settings=many),
        "the same, ε 8 for a client": Federated(
            settings=dataclasses.replace(many, privacy=ClientPrivacySettings(epsilon=8.0))
        ),
    }


def federated(
    name: str, clients: int, rounds: int, steps: int, seed: int, source: str, results: Path
) -> list[dict[str, Any]]:
    """Train the recipe with each strategy; one row each. Skips what `results` already has.

    Args:
        name: short name of the recipe.
        clients: number of clients, unless the table names another.
        rounds: rounds of averaging.
        steps: total steps of each client, and of central training.
        seed: random seed of the training.
        source: data to train on.
        results: JSON Lines file of finished results; a repeated call continues from it.
    """
    done = Results(results)
    rows = []
    for way, strategy in ways(clients, rounds).items():
        keys = {"way": way, "recipe": name, "clients": clients, "rounds": rounds, "steps": steps, "seed": seed}
        if not done.find(**keys):
            done.add(**keys, **measure(name, strategy, steps, seed, source))
        rows += done.find(**keys)
    return rows


def measure(name: str, strategy: Any, steps: int, seed: int, source: str) -> dict[str, Any]:
    """Train with one strategy; the selection figure during training, and at the end on the test part."""
    recipe = recipe_named(name)(source=source, seed=seed, steps=steps)
    logging = LoggingSettings(evaluate_every=steps // LOOKS, samples_every=steps, scalars_every=steps // LOOKS)
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(dataclasses.replace(recipe, logging=logging), Path(folder) / "run", strategy=strategy)
        logged = [json.loads(line) for line in (run.path / paths.METRICS).read_text().splitlines()]
        facts = run.facts(run.step)
    chooser = resolve(recipe.chooses)()
    figure = chooser.value(run.model, run.source, recipe, logging.evaluate_samples, "test")
    return {
        "course": [row[chooser.name] for row in logged if chooser.name in row and row["step"]],
        "test": figure,
        "figure": chooser.name,
        "megabytes": _megabytes(logged, run.source),
        "seconds": round(logged[-1]["seconds"]),
        **facts,
    }


def _megabytes(logged: Sequence[dict[str, Any]], source: Source) -> float | None:
    """Total traffic of all clients in all rounds, in MB; None without federation."""
    terms = source.terms.get("federation")
    if terms is None:
        return None
    means = [row["sent_megabytes"] + row["received_megabytes"] for row in logged if "sent_megabytes" in row]
    return terms.settings.rounds * sum(means) / len(means)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    looks = [f"{row * 100 // LOOKS} % of the steps" for row in range(1, LOOKS + 1)]
    head = ["", *looks, f"{rows[0]['figure'].replace('_', ' ')}, test part", "megabytes", "seconds", "ε"]
    cells = [
        [row["way"], *row["course"], row["test"], row["megabytes"], row["seconds"], row.get("epsilon")] for row in rows
    ]
    return markdown(head, cells)
