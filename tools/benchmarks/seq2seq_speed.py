"""Speed of sequence-to-sequence models: training against PyTorch and KerasHub, decoding against re-encoding."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.compiled_model import CompiledModel
from tqdm import tqdm

import aigc_tf
from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN_TEXT, Vocabulary
from aigc_tf.errors import say
from aigc_tf.export import Limits, export
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.recipes.seq2seq import PairSettings
from aigc_tf.recipes.translation import Translation
from tools.benchmarks.rival import Rival

SIZES = {"symbols": 8192, "width": 256, "heads": 4, "depth": 2, "batch": 32, "source": 64, "target": 32}
STEPS_A_ROUND = 5
TOKENS = 64
FIRST_LETTER = 0x4E00
QUANTIZATIONS = ("none", "dynamic", "int8")
GROWING = "compiled function on the growing prefix"
# Random weights: quantization error is meaningless.
_LIMITS = Limits(quantized=1.0)


def training_steps(torch: Path, rounds: int) -> dict[str, Any]:
    """Milliseconds per training step on random tokens, timed alternately, and our speed-up.

    All have the same width, heads, depth and lengths, tied embeddings, Adam and gradient clipping. Ours is measured
    with its default copy head and without; the others have none.

    Args:
        torch: Python interpreter with torch and numpy.
        rounds: rounds of 5 steps each.
    """
    rival = Rival(torch, "torch_seq2seq.py", sizes=SIZES)
    try:
        variants: dict[str, Callable[[int], float]] = {
            "ours": ours(copies=False),
            "ours with the copy head": ours(copies=True),
            "PyTorch nn.Transformer, eager": lambda steps: rival.ask(steps=steps)["seconds"],
        }
        if find_spec("keras_hub"):
            variants["KerasHub layers, fit"] = keras_hub()
        else:
            say("keras_hub is not installed: it is left out (pip install keras-hub)")
        milliseconds: dict[str, list[float]] = {name: [] for name in variants}
        for round_ in tqdm(range(rounds + 1), unit="round"):
            for name, run in variants.items():
                seconds = run(STEPS_A_ROUND)
                if round_:  # the first compiles
                    milliseconds[name].append(1000 * seconds / STEPS_A_ROUND)
    finally:
        rival.close()
    medians = {name: statistics.median(values) for name, values in milliseconds.items()}
    return {
        "sizes": SIZES,
        "torch": rival.version,
        "milliseconds": medians,
        "times_faster": {name: value / medians["ours"] for name, value in medians.items() if name != "ours"},
    }


def small_model(target_length: int, copies: bool) -> Seq2Seq:
    """A model of the sizes above, with random weights; tokens are single characters."""
    recipe = Translation(
        pairs=PairSettings(unit="character", source_length=SIZES["source"] - 1, target_length=target_length),
        width=SIZES["width"],
        heads=SIZES["heads"],
        depth=SIZES["depth"],
        copies=copies,
    )
    letters = (chr(FIRST_LETTER + index) for index in range(SIZES["symbols"] - 2))
    symbols = Vocabulary("character", ("", UNKNOWN_TEXT, *letters), BOUNDARY, None)
    model: Seq2Seq = aigc_tf.create(recipe, vocabularies=Vocabularies(symbols, symbols, ()))
    return model


def ours(copies: bool) -> Callable[[int], float]:
    """A function that runs a number of training steps and returns the seconds."""
    model = small_model(SIZES["target"], copies)
    step = tf.function(model.train_step)

    def run(steps: int) -> float:
        began = time.perf_counter()
        for source, target in (random_pairs() for _ in range(steps)):
            logs = step({"source": tf.constant(source), "target": tf.constant(target)})
        float(logs["loss"])
        return time.perf_counter() - began

    return run


def random_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Random sources and targets, the latter longer by one token."""
    random = np.random.default_rng()
    source = random.integers(2, SIZES["symbols"], (SIZES["batch"], SIZES["source"]), dtype=np.int32)
    return source, random.integers(2, SIZES["symbols"], (SIZES["batch"], SIZES["target"] + 1), dtype=np.int32)


def keras_hub() -> Callable[[int], float]:
    """A model of KerasHub's layers as in its guides, trained with `fit`."""
    import keras_hub as hub

    width, heads = SIZES["width"], SIZES["heads"]
    source = keras.Input((SIZES["source"],), dtype="int32")
    target = keras.Input((SIZES["target"],), dtype="int32")
    tokens = hub.layers.ReversibleEmbedding(SIZES["symbols"], width)
    places = hub.layers.PositionEmbedding
    memory, x = (tokens(given) for given in (source, target))
    memory, x = memory + places(SIZES["source"])(memory), x + places(SIZES["target"])(x)
    for _ in range(SIZES["depth"]):
        memory = hub.layers.TransformerEncoder(4 * width, heads, dropout=0.1, normalize_first=True)(memory)
    for _ in range(SIZES["depth"]):
        x = hub.layers.TransformerDecoder(4 * width, heads, dropout=0.1, normalize_first=True)(x, memory)
    model = keras.Model([source, target], tokens(x, reverse=True))
    model.compile(
        optimizer=keras.optimizers.AdamW(1e-3, beta_2=0.98, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )

    def run(steps: int) -> float:
        pairs = [random_pairs() for _ in range(steps)]
        sources, targets = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
        began = time.perf_counter()
        model.fit([sources, targets[:, :-1]], targets[:, 1:], batch_size=SIZES["batch"], shuffle=False, verbose=0)
        return time.perf_counter() - began

    return run


def decoding(rounds: int) -> dict[str, Any]:
    """Tokens per second for 64 tokens, encoding included: `.tflite` on one thread, and re-encoding the prefix.

    Re-encoding runs one compiled function of source and prefix for each token, as in tutorials, on all threads of
    TensorFlow. Decoding is greedy, with random weights.

    Args:
        rounds: texts of each variant, alternately.
    """
    model = small_model(TOKENS, copies=False)
    with tempfile.TemporaryDirectory() as folder:
        decoders = {GROWING: growing_prefix(model)}
        sizes = {}
        for quantize in QUANTIZATIONS:
            path = export(model, Path(folder) / quantize, quantize=quantize, limits=_LIMITS).path
            decoders[f"LiteRT {quantize}"] = exported(path, model)
            sizes[quantize] = path.stat().st_size
        source = model.sources(["".join(chr(FIRST_LETTER + index) for index in range(SIZES["source"] - 1))])
        texts = {name: decode(source) for name, decode in decoders.items()}
        speeds: dict[str, list[float]] = {name: [] for name in decoders}
        for _ in tqdm(range(rounds), unit="round"):
            for name, decode in decoders.items():
                began = time.perf_counter()
                decode(source)
                speeds[name].append(TOKENS / (time.perf_counter() - began))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        "tokens": TOKENS,
        "bytes": sizes,
        "same_text": texts[GROWING] == texts["LiteRT none"],
        "tokens_per_second": medians,
        "times_growing_prefix": {name: value / medians[GROWING] for name, value in medians.items() if name != GROWING},
    }


def growing_prefix(model: Seq2Seq) -> Callable[[np.ndarray], list[int]]:
    """Runs the whole network on source and prefix for each token."""

    @tf.function(input_signature=[tf.TensorSpec((1, None), tf.int32)] * 2)
    def next_token(source: tf.Tensor, prefix: tf.Tensor) -> tf.Tensor:
        logits = model.sequence([source, prefix], training=False)[0]
        return tf.argmax(logits[0, -1], output_type=tf.int32)

    def decode(source: np.ndarray) -> list[int]:
        text = [BOUNDARY]
        for _ in range(TOKENS):
            text.append(int(next_token(tf.constant(source), tf.constant([text]))))
        return text[1:]

    return decode


def exported(path: Path, model: Seq2Seq) -> Callable[[np.ndarray], list[int]]:
    """The file's three signatures with LiteRT's CompiledModel on one thread; state buffers are swapped."""
    file = CompiledModel.from_file(str(path))
    forms = ("encode", "start", "step")
    read = {form: {n: file.create_input_buffer_by_name(form, n) for n in model.networks.inputs(form)} for form in forms}
    made = {
        form: {n: file.create_output_buffer_by_name(form, n) for n in model.networks.outputs(form)} for form in forms
    }
    shapes = {form: {n: (1, *t.shape[1:]) for n, t in model.networks.inputs(form).items()} for form in forms}
    results = {form: {n: (1, *t.shape[1:]) for n, t in model.networks.outputs(form).items()} for form in forms}
    symbols, feedback = len(model.vocabularies.target), model.networks.feedback

    def hand_on(form: str, following: str) -> None:
        for name in results[form]:
            if name in read[following]:
                values = made[form][name].read(int(np.prod(results[form][name])), np.float32)
                read[following][name].write(values)

    def decode(source: np.ndarray) -> list[int]:
        text = [BOUNDARY]
        for form in forms:
            if "source" in read[form]:
                read[form]["source"].write(source)
        for name, tensor in model.networks.inputs("step").items():
            if name in feedback.values():
                read["step"][name].write(np.zeros(shapes["step"][name], tensor.dtype))
        for form, following in itertools.pairwise(forms):
            file.run_by_name(form, read[form], made[form])
            hand_on(form, following)
        inputs, outputs = read["step"], made["step"]
        for _ in range(TOKENS):
            inputs["token"].write(np.array(text[-1:], np.int32))
            file.run_by_name("step", inputs, outputs)
            text.append(int(outputs["logits"].read(symbols, np.float32).argmax()))
            for output, name in feedback.items():
                inputs[name], outputs[output] = outputs[output], inputs[name]
        return text[1:]

    return decode
