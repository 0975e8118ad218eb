"""A rectified flow in PyTorch, by a published package: a competitor in `tools.benchmark flow`.

Needs `pip install torch rectified-flow-pytorch` (P. Wang, MIT licence). Network, loss, optimizer, batch size and moving
average are those of the package's `Trainer`, with fewer channels. It reads JSON commands from stdin, and answers in
JSON on stdout.

    {"archive": "images.npz", "seed": 0}            -> {"torch": "2.13.0", "weights": 650000, "images": 16}
    {"steps": 10}                                   trains -> {}
    {"clock": "process_time"}                       -> {"seconds": 3.2, "peak_bytes": 500000000}
    {"generate": 500, "seed": 1, "to": "some.npy"}  writes images `[500, 28, 28, 1]` in [0, 1] -> {}
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

import numpy as np
import torch
from ema_pytorch import EMA
from rectified_flow_pytorch import RectifiedFlow, Unet

CHANNELS, MULTIPLES = 16, (1, 2, 4)  # about as many weights as the recipe `flow`
BATCH, LEARNING_RATE = 16, 3e-4
TIMES, GENERATED_AT_ONCE = 11, 250  # ten steps of two network evaluations


class Training:
    """A flow and its moving average.

    Args:
        images: `[count, 28, 28, 1]`, in [0, 1].
        seed: random seed of weights, order and noise.
    """

    def __init__(self, images: np.ndarray, seed: int) -> None:
        torch.manual_seed(seed)
        self.images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
        self.order = torch.randperm(0)
        self.flow = RectifiedFlow(Unet(CHANNELS, dim_mults=MULTIPLES, channels=images.shape[-1]))
        self.average = EMA(self.flow, forward_method_names=("sample",))
        self.optimizer = torch.optim.Adam(self.flow.parameters(), LEARNING_RATE)

    @property
    def weights(self) -> int:
        """Number of trained weights."""
        return sum(weight.numel() for weight in self.flow.parameters())

    def step(self) -> None:
        """Update the network and its moving average."""
        if len(self.order) < BATCH:
            self.order = torch.randperm(len(self.images))
        chosen, self.order = self.order[:BATCH], self.order[BATCH:]
        self.optimizer.zero_grad()
        self.flow(self.images[chosen]).backward()
        torch.nn.utils.clip_grad_norm_(self.flow.parameters(), 0.5)
        self.optimizer.step()
        self.average.update()

    def generate(self, count: int, seed: int) -> np.ndarray:
        """Images from the moving average, by the midpoint method: two network evaluations per step."""
        shape = tuple(self.images.shape[1:])
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            sizes = [min(GENERATED_AT_ONCE, count - first) for first in range(0, count, GENERATED_AT_ONCE)]
            parts = [self.average.sample(batch_size=size, steps=TIMES, data_shape=shape) for size in sizes]
        return torch.cat(parts).clamp(0, 1).numpy().transpose(0, 2, 3, 1)


def main() -> None:
    """Answer requests until stdin ends."""
    training: Training | None = None
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        answer: dict[str, Any] = {}
        if "archive" in request:
            with np.load(request["archive"], allow_pickle=False) as archive:
                training = Training(archive["images"].astype(np.float32), request["seed"])
            answer = {"torch": torch.__version__, "weights": training.weights, "images": BATCH}
        elif "clock" in request:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            answer = {"seconds": getattr(time, request["clock"])(), "peak_bytes": peak}
        elif training is None:
            answer = {"error": "archive comes first"}
        elif "steps" in request:
            for _ in range(request["steps"]):
                training.step()
        else:
            np.save(request["to"], training.generate(request["generate"], request["seed"]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
