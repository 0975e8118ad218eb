"""Makes a network smaller and faster for inference, exact to the rounding of float32."""

from __future__ import annotations

import keras

from aigc_tf.export.folding import fold_normalisation
from aigc_tf.export.graph import Graph
from aigc_tf.export.transposed import rewrite_transposed

layers = keras.layers
# They do nothing at inference.
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
    """A network for inference that computes what `network` does, and what was done to it.

    Nested models are flattened, training-only layers removed, batch normalisation and rescaling folded into
    the linear layers beside them, transposed convolutions rewritten as ordinary ones where that is faster.
    Branches, skips, several inputs and outputs, and layers that are used twice are kept.

    Args:
        network: Functional or Sequential, built; it is not changed.
        batch: the fixed number of examples of the result.

    Returns:
        The new network, with the inputs and outputs of the old one in their order, and the report: for each
        layer that was or might have been rewritten, `{"layer": name, "action": "removed" | "folded" |
        "rewritten" | "left", "detail": how, or why not}`.

    Raises:
        ValueError: `network` has no graph that can be read.
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
