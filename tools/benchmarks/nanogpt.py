"""nanoGPT's CPU setting in PyTorch, eager: the competitor in `tools.benchmark gpt`. Needs only torch and numpy.

The setting is that of its README for a laptop (A. Karpathy, github.com/karpathy/nanoGPT, MIT licence): 4 layers,
4 heads, width 128, context 64, batch 12, 2,000 steps, no dropout, AdamW with learning rate 1e-3 decaying to 1e-4.
Re-implemented to run with a PyTorch outside the project's environment: it reads JSON commands from stdin, and answers
in JSON on stdout.

    {"data": "tokens.npz"}   file with int arrays `train` and `test`, and `symbols`, the vocabulary size
    {"steps": 10}            trains this many steps -> {"seconds": 0.4, "step": 10}
    {"loss": 200}            -> {"loss": 1.64}, nats per token over 200 batches of held-out windows
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS, WARMUP = 4, 4, 128, 64, 12, 2000, 100
HIGHEST_RATE, LOWEST_RATE = 1e-3, 1e-4


class Block(nn.Module):
    """Pre-norm attention and MLP with residual connections."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH, bias=False) for _ in range(2)])
        self.queries_keys_values = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.output = nn.Linear(WIDTH, WIDTH, bias=False)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[batch, time, width]` -> the same shape."""
        batch, time_, _ = x.shape
        parts = self.queries_keys_values(self.norms[0](x)).split(WIDTH, dim=2)
        heads = [part.view(batch, time_, HEADS, WIDTH // HEADS).transpose(1, 2) for part in parts]
        mixed = functional.scaled_dot_product_attention(*heads, is_causal=True)
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, time_, WIDTH))
        return x + self.narrow(functional.gelu(self.widen(self.norms[1](x))))


class NanoGPT(nn.Module):
    """A small GPT-2 with nanoGPT's initialisation."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(symbols, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() >= 2:
                added = name.endswith(("output.weight", "narrow.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * LAYERS) if added else 0.02)

    def forward(self, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean loss in nats."""
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = self.norm(x) @ self.tokens.weight.T
        return functional.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))


class Training:
    """Model, optimizer and data."""

    def __init__(self, path: str, seed: int = 1337) -> None:
        torch.manual_seed(seed)
        with np.load(path, allow_pickle=False) as archive:
            self.texts = {name: torch.from_numpy(archive[name].astype(np.int64)) for name in ("train", "test")}
            self.model = NanoGPT(int(archive["symbols"]))
        matrices = [weight for weight in self.model.parameters() if weight.dim() >= 2]
        vectors = [weight for weight in self.model.parameters() if weight.dim() < 2]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=HIGHEST_RATE, betas=(0.9, 0.99))
        self.step = 0

    def batch(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Random windows, and their targets, shifted by one."""
        text = self.texts[name]
        starts = torch.randint(len(text) - CONTEXT - 1, (BATCH,))
        windows = torch.stack([text[start : start + CONTEXT + 1] for start in starts])
        return windows[:, :-1], windows[:, 1:]

    def train(self, steps: int) -> float:
        """Run training steps; returns the seconds."""
        began = time.perf_counter()
        for _ in range(steps):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.step)
            loss = self.model(*self.batch("train"))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            self.step += 1
        return time.perf_counter() - began

    @torch.no_grad()
    def loss(self, batches: int) -> float:
        """Mean loss over held-out batches."""
        return float(np.mean([float(self.model(*self.batch("test"))) for _ in range(batches)]))


def learning_rate(step: int) -> float:
    """Linear warm-up, then cosine decay."""
    if step < WARMUP:
        return HIGHEST_RATE * (step + 1) / (WARMUP + 1)
    share = min(1.0, (step - WARMUP) / (STEPS - WARMUP))
    return LOWEST_RATE + (HIGHEST_RATE - LOWEST_RATE) * (1 + math.cos(math.pi * share)) / 2


def main() -> None:
    """Answer requests until stdin ends."""
    training: Training | None = None
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        if "data" in request:
            training = Training(request["data"], request.get("seed", 1337))
            answer: dict[str, Any] = {"torch": torch.__version__}
        elif training is None:
            answer = {"error": "data comes first"}
        elif "steps" in request:
            answer = {"seconds": training.train(request["steps"]), "step": training.step}
        else:
            answer = {"loss": training.loss(request["loss"])}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
