"""Writes networks as a SavedModel with named signatures, and converts it to .tflite."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from aigc_tf.errors import InputError
from aigc_tf.export.graph import run, traced
from aigc_tf.export.int8 import to_int8
from aigc_tf.export.masks import masks_in_float16
from aigc_tf.families.base import Signature

CALIBRATION_EXAMPLES = 256
_CALIBRATION_SEED = 1  # verification uses another


def write_saved_model(
    networks: Mapping[str, keras.Model], signatures: Mapping[str, Signature], batch: int, folder: Path
) -> None:
    """Write one SavedModel with an endpoint for each network.

    Args:
        networks: by signature name, with inputs and outputs in the signature's order.
        signatures: provide the names.
        batch: the fixed batch size.
        folder: is created.
    """
    # ExportArchive freezes the variables of Keras 3 models; a plain tf.Module around one does not own them, and its
    # .tflite returns NaN. It finds them through the endpoints; track() would store each a second time.
    archive = keras.export.ExportArchive()
    for name, network in networks.items():
        endpoint = _endpoint(network, signatures[name], batch)
        endpoint.get_concrete_function()
        archive.add_endpoint(name, endpoint)
    archive.write_out(str(folder), verbose=False)


def _endpoint(network: keras.Model, signature: Signature, batch: int) -> Any:
    specs = [tf.TensorSpec((batch, *spec.shape), spec.dtype, name=name) for name, spec in signature.inputs.items()]

    @tf.function(input_signature=specs)
    def endpoint(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(signature.outputs, run(network, inputs), strict=True))

    return endpoint


def convert(
    saved_model: Path,
    networks: Mapping[str, keras.Model],
    signatures: Mapping[str, Signature],
    batch: int,
    quantize: str,
) -> bytes:
    """Convert a SavedModel to .tflite with built-in operators only.

    Quantization is the converter's own: for the DCGAN generator `ai-edge-quantizer` 0.10 made a file of the same size,
    speed and error (2.58 MB, 0.128 ms, mean 7e-4, dynamic), and would be one more dependency that is tied to one
    version of LiteRT.

    Args:
        saved_model: written by `write_saved_model` from `networks`.
        networks: to name the layer in error messages.
        signatures: their examples, including strange ones, calibrate `int8`; signatures called in a loop are calibrated
            with states that really occur.
        batch: the SavedModel's batch size.
        quantize: none, float16, dynamic (8-bit weights) or int8 (8-bit everything, float inputs and outputs).

    Raises:
        InputError: a layer needs an operator that LiteRT does not have.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), signature_keys=list(networks))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantize == "int8":
        # Operators without an integer kernel stay float; in the report they show as QUANTIZE and DEQUANTIZE.
        # Calibration happens here and quantization later: no public method of the converter stops in between.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
        converter.representative_dataset = lambda: _calibration(networks, signatures, batch)
        converter._experimental_calibrate_only = True
    try:
        with warnings.catch_warnings():
            # The converter's own calibrator still builds the interpreter that TensorFlow deprecates.
            warnings.filterwarnings("ignore", r"(?s).*tf\.lite\.Interpreter is deprecated", UserWarning)
            # It warns that calibration without the number of inputs cannot check it; it is generated here.
            warnings.filterwarnings("ignore", "Statistics for quantized inputs were expected", UserWarning)
            converted = converter.convert()
    except ConverterError as error:
        culprits = _culprits(error, networks)
        if not culprits:
            raise
        raise InputError(
            f"LiteRT has no built-in operator for {', '.join(culprits)}: write the layer with other operations"
        ) from error
    if quantize == "int8":
        in_float = [name for name, signature in signatures.items() if signature.in_float]
        return to_int8(converted, _calibration(networks, signatures, batch), in_float)
    return masks_in_float16(converted) if quantize == "float16" else converted


def _calibration(
    networks: Mapping[str, keras.Model], signatures: Mapping[str, Signature], batch: int
) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    for name, signature in signatures.items():
        examples = signature.tried(CALIBRATION_EXAMPLES, _CALIBRATION_SEED, batch)
        longest = signature.longest or len(next(iter(examples.values())))
        state: dict[str, np.ndarray] = {}
        call = traced(networks[name], signature)
        for step, start in enumerate(range(0, len(next(iter(examples.values()))), batch)):
            if step % longest == 0:
                state = {}
            inputs = {key: values[start : start + batch] for key, values in examples.items()} | state
            yield name, inputs
            if signature.feedback:
                outputs = call(inputs)
                state = {target: outputs[output] for output, target in signature.feedback.items()}


def _culprits(error: ConverterError, networks: Mapping[str, keras.Model]) -> list[str]:
    """The operators that could not be converted, with their layers: `["tf.Svd in layer whiten (Whitening)"]`."""
    layers = {layer.name: type(layer).__name__ for network in networks.values() for layer in network.layers}
    found: dict[str, None] = {}
    for entry in error.errors:
        if not entry.operator.name:
            continue
        path = [part for call in entry.location.call for part in call.name.partition("@")[0].split("/")]
        # A layer's scope is its name, with a number appended if the layer was traced before.
        names = [name for part in path for name in (part, re.sub(r"_\d+$", "", part)) if name in layers]
        place = f" in layer {names[-1]} ({layers[names[-1]]})" if names else ""
        found[f"{entry.operator.name}{place}"] = None
    return list(found)
