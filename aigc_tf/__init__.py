"""aigc_tf: small generative models, trained on the machine you have, measured, and shipped to phones.

    run = aigc_tf.train("dcgan", source="~/photos/leaves", steps=6000)
    print(run.evaluate(samples=10_000))
    run.export(format="tflite", quantize="dynamic")

The names are looked up when they are used, so that importing the package does not import TensorFlow.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aigc_tf import recipes
    from aigc_tf.engine.training import train
    from aigc_tf.families.create import create
    from aigc_tf.runs.run import Run

# The models' train_step is TensorFlow's, whatever backend ~/.keras/keras.json names.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

if "ipykernel" in sys.modules:  # commands filter what TensorFlow's libraries say; a notebook would show all of it
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

__version__ = "0.2.0"
__all__ = ["Run", "create", "recipes", "train"]

_HOME = {"Run": "aigc_tf.runs.run", "create": "aigc_tf.families.create", "train": "aigc_tf.engine.training"}


def __getattr__(name: str) -> Any:
    if name == "recipes":
        return importlib.import_module("aigc_tf.recipes")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
