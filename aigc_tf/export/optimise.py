"""Optimises a network for inference; exact up to float32 rounding."""

from __future__ import annotations

import keras

from aigc_tf.export.folding import fold_normalisation
from aigc_tf.export.graph import Graph
from aigc_tf.export.transposed import rewrite_transposed

layers = keras.layers
# Layers without effect at inference.
TRAINING_ONLY = (
    layers.ActivityRegularization,
    layers.AlphaDropout,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
)


def optimise(network: keras.Model, batch: int) -> tuple[keras.Model, list[dict[str, str]]]:
    """An inference network equivalent to `network`, and a report of the changes.

    Nested models are flattened, training-only layers removed, batch normalisation and rescaling folded into
    the linear layers beside them, transposed convolutions rewritten as ordinary ones where that is faster.
    Branches, skip connections, several inputs and outputs, and shared layers are supported.

    Args:
        network: Functional or Sequential, built; it is not changed.
        batch: the fixed batch size of the result.

    Returns:
        The new network, with inputs and outputs in the order of the old one, and the report: for each layer that was or
        might have been rewritten, `{"layer": name, "action": "removed" | "folded" | "rewritten" | "left", "detail":
        how, or why not}`.

    Raises:
        ValueError: `network` is not a graph of layers.
    """
    graph = Graph(network)
    report: list[dict[str, str]] = []
    _remove_training_only(graph, report)
    fold_normalisation(graph, report)
    rewrite_transposed(graph, report)
    return graph.build(batch), report


def _remove_training_only(graph: Graph, report: list[dict[str, str]]) -> None:
    for block in list(graph.blocks()):
        idle = block.is_a(layers.Activation) and block["activation"] == "linear"
        if not (idle or block.is_a(*TRAINING_ONLY)):
            continue
        calls = graph.uses(block)
        removable = [call for call in calls if call.is_plain]
        for call in removable:
            graph.bypass(call)
        if len(removable) < len(calls):
            report.append({"layer": block.name, "action": "left", "detail": "called with training=True"})
        elif not idle:
            report.append({"layer": block.name, "action": "removed", "detail": "does nothing at inference"})
