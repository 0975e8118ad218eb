"""Two small language models with a step, and their export metadata."""

from collections.abc import Callable

from tools.benchmarks.step_networks import StepNetworks, lstm, transformer

STEPS = 256
VOCABULARY = [*"\n abcdefgh", "é", "th"]
TEXT = {"vocabulary": VOCABULARY, "start": 0, "context_length": STEPS}


def small_lstm() -> StepNetworks:
    """An LSTM, for sequences of any length."""
    return _awake(lstm(len(VOCABULARY), units=16, depth=2))


def small_transformer() -> StepNetworks:
    """A transformer, for up to 256 tokens."""
    return _awake(transformer(len(VOCABULARY), depth=2, heads=2, width=16, context=STEPS))


def _awake(networks: StepNetworks) -> StepNetworks:
    """Scale the weights: freshly initialised models barely distinguish tokens."""
    for variable in networks.step.trainable_variables:
        if variable.name == "embeddings":
            variable.assign(variable * 40)
        elif variable.name in ("kernel", "recurrent_kernel"):
            variable.assign(variable * 2)
    return networks


NETWORKS: dict[str, Callable[[], StepNetworks]] = {"lstm": small_lstm, "transformer": small_transformer}
