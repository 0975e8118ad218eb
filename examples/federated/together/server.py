"""The server app: averages the weights of the clients that respond, and evaluates the result."""

from __future__ import annotations

from typing import Any

import numpy as np
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg

from aigc_tf.engine.federation import State
from aigc_tf.families.create import create
from aigc_tf.references import resolve
from together.task import open_task

MEASURED = 1000  # examples of the validation part


def server(context: Context) -> ServerAppComponents:
    """FedAvg (McMahan et al. 2017) over the available clients, at least two."""
    config: Any = context.run_config
    recipe, source = open_task(config)
    model = create(recipe, **source.assets_for(recipe))
    state, chooser = State(model), resolve(recipe.chooses)()

    def measure(number: int, arrays: list[np.ndarray], _: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        state.end(arrays[0])
        figure = chooser.value(model, source, recipe, MEASURED, recipe.chosen_on)
        print(f"after round {number}: {chooser.name} {figure:.1f}", flush=True)
        return figure, {}

    strategy = FedAvg(
        fraction_evaluate=0.0,
        min_fit_clients=2,
        min_available_clients=2,
        initial_parameters=ndarrays_to_parameters([state.weights()]),
        evaluate_fn=measure,
        on_fit_config_fn=lambda number: {"round": number},
        accept_failures=True,
    )
    return ServerAppComponents(
        strategy=strategy, config=ServerConfig(num_rounds=int(config["rounds"]), round_timeout=float(config["timeout"]))
    )


app = ServerApp(server_fn=server)
