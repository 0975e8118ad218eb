"""The client app: trains on its own examples, and sends the weights."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import tensorflow as tf
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context

from aigc_tf.engine.federation import State
from aigc_tf.families.create import create
from aigc_tf.privacy.federated.sharing import client_batches, dealt_out
from aigc_tf.recipes.federated import FederationSettings
from together.task import open_task


class RecipeClient(NumPyClient):
    """One client.

    Args:
        number: of this client, from 0 on.
        config: of the app.
    """

    def __init__(self, number: int, config: Any) -> None:
        self.number, self.steps = number, int(config["steps"])
        self.recipe, self.source = open_task(config)
        # On real machines each client has its own source; here all read the same one, and each takes its share.
        settings = FederationSettings(clients=int(config["clients"]))
        self.own = dealt_out(self.source, settings, self.recipe.seed)[number]

    def fit(self, parameters: list[np.ndarray], config: dict[str, Any]) -> tuple[list[np.ndarray], int, dict[str, Any]]:
        """Train for a round, starting from the server's weights."""
        before = int(config["round"]) - 1
        model = create(self.recipe, **self.source.assets_for(self.recipe))
        state = State(model)
        state.begin(parameters[0], np.random.SeedSequence((self.recipe.seed, before, self.number)))
        step = tf.function(model.train_step, autograph=False, reduce_retracing=True)
        batches = client_batches(
            self.source, self.own, self.recipe.examples_per_step, self.recipe.seed + self.number, before * self.steps
        )
        losses = [float(step(batch)["loss"]) for batch in islice(batches, self.steps)]
        return [state.weights()], len(self.own), {"loss": float(np.mean(losses))}


def client(context: Context) -> Any:
    """The client of this node."""
    return RecipeClient(int(context.node_config["number"]), context.run_config).to_client()


app = ClientApp(client_fn=client)
