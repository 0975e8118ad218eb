"""The environment a run was made in, as far as it can affect the numbers."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

import keras
import tensorflow as tf

from aigc_tf import __version__

# A resumed run continues bit by bit only while these stay the same.
DECISIVE = (
    "tensorflow",
    "keras",
    "numpy",
    "machine",
    "processors",
    "threads",
    "TF_ENABLE_ONEDNN_OPTS",
    "devices",
    "replicas",
)


def environment(replicas: int = 1) -> dict[str, Any]:
    """Versions, threads and devices of this process, and the number of replicas that share a run's batches."""
    return {
        "aigc_tf": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": metadata.version("numpy"),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": [
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        ],
        "TF_ENABLE_ONEDNN_OPTS": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "devices": [device.device_type for device in tf.config.list_physical_devices()],
        "replicas": replicas,
        "command": sys.argv,
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The differences that break bit-for-bit continuation: `["threads: [0, 0] then, [2, 2] now", ...]`."""
    before = {"replicas": 1} | before  # runs of the first version do not record it
    return [f"{key}: {before.get(key)} then, {now[key]} now" for key in DECISIVE if before.get(key) != now[key]]
