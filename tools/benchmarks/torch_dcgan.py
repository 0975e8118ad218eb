"""The DCGAN in PyTorch, eager, trained as its tutorial does: a competitor in `tools.benchmark train`. Needs only torch.

The loop is that of PyTorch's "DCGAN Tutorial" (N. Inkawhich, BSD licence), re-implemented: the discriminator is trained
on real images, then on fake ones, then the generator on a new forward pass of these. The networks have the sizes of the
recipe `dcgan`. It reads JSON commands from stdin, and answers in JSON on stdout.

    {"batch": 128, "channels_last": false}   -> {"torch": "2.13.0"}
    {"steps": 10}                            trains this many steps -> {"seconds": [0.4, ...]}
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch import nn
from torch.nn import functional

LATENT, GENERATOR, DISCRIMINATOR, SLOPE, DROPOUT = 100, (256, 128, 64), (64, 128, 256), (0.3, 0.2), 0.3


class Generator(nn.Module):
    """Latent `[batch, 100]` -> images `[batch, 1, 28, 28]`."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = GENERATOR
        self.dense = nn.Linear(LATENT, 49 * first, bias=False)
        self.first_norm = nn.BatchNorm1d(49 * first)
        self.first_activation = nn.LeakyReLU(SLOPE[0])
        self.rest = nn.Sequential(
            nn.ConvTranspose2d(first, second, 5, 1, 2, bias=False),
            nn.BatchNorm2d(second),
            nn.LeakyReLU(SLOPE[0]),
            nn.ConvTranspose2d(second, third, 5, 2, 2, 1, bias=False),
            nn.BatchNorm2d(third),
            nn.LeakyReLU(SLOPE[0]),
            nn.ConvTranspose2d(third, 1, 5, 2, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """See the class."""
        x = self.first_activation(self.first_norm(self.dense(latent)))
        return self.rest(x.view(-1, GENERATOR[0], 7, 7))


def discriminator() -> nn.Module:
    """Images `[batch, 1, 28, 28]` -> logits `[batch, 1]`."""
    layers: list[nn.Module] = []
    for before, filters in zip((1, *DISCRIMINATOR), DISCRIMINATOR, strict=False):
        layers += [nn.Conv2d(before, filters, 5, 2, 2, bias=False), nn.LeakyReLU(SLOPE[1]), nn.Dropout(DROPOUT)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * DISCRIMINATOR[-1], 1))


class Training:
    """Generator and discriminator, trained on random images."""

    def __init__(self, batch: int, channels_last: bool) -> None:
        torch.manual_seed(0)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generator = Generator().to(memory_format=layout)
        self.discriminator = discriminator().to(memory_format=layout)
        self.images = (torch.rand(batch, 1, 28, 28) * 2 - 1).to(memory_format=layout)
        self.optimizers = [
            torch.optim.Adam(player.parameters(), 1e-4) for player in (self.generator, self.discriminator)
        ]

    def step(self) -> None:
        """Update discriminator and generator."""
        real, fake = torch.ones(len(self.images), 1), torch.zeros(len(self.images), 1)
        self.discriminator.zero_grad()
        loss = functional.binary_cross_entropy_with_logits
        loss(self.discriminator(self.images), real).backward()
        generated = self.generator(torch.randn(len(self.images), LATENT))
        loss(self.discriminator(generated.detach()), fake).backward()
        self.optimizers[1].step()
        self.generator.zero_grad()
        loss(self.discriminator(generated), real).backward()
        self.optimizers[0].step()

    def seconds(self) -> float:
        """Seconds of each step."""
        began = time.perf_counter()
        self.step()
        return time.perf_counter() - began


def main() -> None:
    """Answer requests until stdin ends."""
    training: Training | None = None
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        if "batch" in request:
            training = Training(request["batch"], request["channels_last"])
            answer: dict[str, Any] = {"torch": torch.__version__}
        elif training is None:
            answer = {"error": "batch comes first"}
        else:
            answer = {"seconds": [training.seconds() for _ in range(request["steps"])]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
