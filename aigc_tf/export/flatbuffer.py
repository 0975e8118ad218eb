"""Reads and edits .tflite files: operators, and JSON in the metadata buffer."""

from __future__ import annotations

import json
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]  # LiteRT's own dependency
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from aigc_tf.export.check_memory import tried_shape

METADATA_NAME = "aigc_tf"
_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
_FILE_IDENTIFIER = b"TFL3"
# Exceptions that flatbuffers raises for damaged files, besides ValueError.
_DAMAGE = (struct.error, LookupError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError)
_ALIGNMENT = 16  # of every buffer: LiteRT maps the file and computes on it in place


def operators(path: Path) -> dict[str, int]:
    """Operator counts of a file, `{"CONV_2D": 3, ...}`; custom and Flex operators by their own names."""
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    found: Counter[str] = Counter()
    for index in range(model.SubgraphsLength()):
        graph = model.Subgraphs(index)
        for position in range(graph.OperatorsLength()):
            code = model.OperatorCodes(graph.Operators(position).OpcodeIndex())
            builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            custom = code.CustomCode()
            found[custom.decode() if custom else _NAMES[builtin]] += 1
    return dict(sorted(found.items()))


def delegated(path: Path) -> dict[str, int]:
    """Number of operators that the XNNPACK delegate takes, over all subgraphs: `{"taken": 9, "of": 9}`."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.signatureDefs = []
    subgraphs = list(model.subgraphs)
    taken, total = 0, 0
    for subgraph in subgraphs:
        # The interpreter only lists the operators of its first subgraph, so each one is put there in turn. No operator
        # refers to the first subgraph; to the others (loop bodies) they refer by index, which does not change.
        model.subgraphs = [subgraph, *subgraphs[1:]]
        found = _delegated_in_first_subgraph(packed(model))
        taken, total = taken + found[0], total + found[1]
    return {"taken": taken, "of": total}


def _delegated_in_first_subgraph(content: bytes) -> tuple[int, int]:
    interpreter = Interpreter(model_content=content)
    for detail in interpreter.get_input_details():
        if -1 in detail["shape_signature"]:
            interpreter.resize_tensor_input(detail["index"], tried_shape(detail))
    interpreter.allocate_tensors()
    # The list has the original operators, then one DELEGATE for each part that was delegated.
    details = interpreter._get_ops_details()
    plain = [detail for detail in details if detail["op_name"] != "DELEGATE"]
    maker = {int(output): detail["index"] for detail in plain for output in detail["outputs"]}
    by_index = {detail["index"]: detail for detail in plain}
    taken: set[int] = set()
    for delegate in (detail for detail in details if detail["op_name"] == "DELEGATE"):
        known = {int(tensor) for tensor in delegate["inputs"]}
        waiting = [int(tensor) for tensor in delegate["outputs"]]
        while waiting:
            tensor = waiting.pop()
            if tensor in known or tensor not in maker:
                continue
            known.add(tensor)
            taken.add(maker[tensor])
            waiting.extend(int(source) for source in by_index[maker[tensor]]["inputs"])
    return len(taken), len(plain)


def write_metadata(path: Path, metadata: dict[str, Any]) -> None:
    """Write JSON into the file's metadata, as the entry `aigc_tf`."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    text = json.dumps(metadata, ensure_ascii=False).encode()
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(text, np.uint8)
    entry.name, entry.buffer = METADATA_NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    path.write_bytes(packed(model))


def read_metadata(path: Path) -> dict[str, Any]:
    """The JSON that `write_metadata` wrote into a file.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    try:
        model = schema.Model.GetRootAs(path.read_bytes(), 0)
        for index in range(model.MetadataLength()):
            entry = model.Metadata(index)
            if entry.Name() == METADATA_NAME.encode():
                return dict(json.loads(model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()))
    except _DAMAGE as error:
        raise ValueError(f"{path} is not a .tflite file that can be read") from error
    raise ValueError(f"{path} holds no metadata of {METADATA_NAME}")


def packed(model: schema.ModelT) -> bytes:
    """Serialise a model as the content of a .tflite file."""
    builder = _AlignedBuilder(sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
    return bytes(builder.Output())


class _AlignedBuilder(flatbuffers.Builder):
    """The schema wants the bytes of buffers aligned; flatbuffers' own numpy vectors are not."""

    def CreateNumpyVector(self, x: np.ndarray) -> int:  # noqa: N802
        if x.dtype == np.uint8:
            self.Prep(_ALIGNMENT, x.size)
        return super().CreateNumpyVector(x)
