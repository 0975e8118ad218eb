"""PyTorch's `nn.Transformer`, eager: a competitor in `tools.benchmark seq2seq`. Needs only torch and numpy.

It reads JSON commands from stdin, and answers in JSON on stdout.

    {"sizes": {"symbols": 8192, "width": 256, "heads": 4, "depth": 2, "batch": 32, "source": 64, "target": 32}}
    {"steps": 10}    trains this many steps on random tokens -> {"seconds": 0.4}
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class Transformer(nn.Module):
    """Encoder and decoder with one tied embedding and learnt positional embeddings."""

    def __init__(self, symbols: int, width: int, heads: int, depth: int, source: int, target: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.places = nn.ModuleList([nn.Embedding(length, width) for length in (source, target)])
        self.transformer = nn.Transformer(
            width, heads, depth, depth, dim_feedforward=4 * width, norm_first=True, batch_first=True
        )

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Two `[batch, time]` -> logits `[batch, time, symbols]`."""
        embedded = [
            self.embedding(x) + places(torch.arange(x.shape[1]))
            for x, places in zip((source, target), self.places, strict=True)
        ]
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        x = self.transformer(*embedded, tgt_mask=causal, tgt_is_causal=True)
        return x @ self.embedding.weight.T


class Training:
    """Model and optimizer."""

    def __init__(self, symbols: int, batch: int, source: int, target: int, **sizes: int) -> None:
        torch.manual_seed(0)
        self.model = Transformer(symbols, source=source, target=target, **sizes)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3, betas=(0.9, 0.98))
        self.symbols, self.shapes = symbols, ((batch, source), (batch, target + 1))

    def train(self, steps: int) -> float:
        """Run training steps; returns the seconds."""
        began = time.perf_counter()
        for _ in range(steps):
            source, target = (torch.randint(self.symbols, shape) for shape in self.shapes)
            logits = self.model(source, target[:, :-1])
            loss = functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), label_smoothing=0.1)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - began


def main() -> None:
    """Answer requests until stdin ends."""
    training: Training | None = None
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        if "sizes" in request:
            training = Training(**request["sizes"])
            weights = sum(weight.numel() for weight in training.model.parameters())
            answer: dict[str, Any] = {"torch": torch.__version__, "weights": weights}
        elif training is None:
            answer = {"error": "sizes come first"}
        else:
            answer = {"seconds": training.train(request["steps"])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
