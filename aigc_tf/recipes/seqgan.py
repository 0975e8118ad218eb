"""A GAN for text (003 §5.2.1): policy gradients with roll-outs (SeqGAN), or Gumbel-softmax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.char_rnn import RecurrentSettings
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.text import TextExportLimits, TextRecipe, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeqGAN(TextRecipe):
    """SeqGAN (Yu et al. 2017): a recurrent generator, pre-trained by likelihood, then against a discriminator."""

    model: ClassVar[str] = "aigc_tf.families.text.seqgan.model:SeqGAN"
    pipeline_tag: ClassVar[str | None] = "text-generation"
    networks: ClassVar[Mapping[str, str]] = {
        "networks": "aigc_tf.families.text.networks.recurrent:language_model",
        "likelihood": "aigc_tf.families.text.networks.recurrent:language_model",
        "discriminator": "aigc_tf.families.text.seqgan.networks:discriminator",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.quality_diversity:QualityDiversity",
        "aigc_tf.metrics.text.likelihood:HeldOutText",
        "aigc_tf.metrics.text.copied_text:Copies",
    )

    text: TextSettings = TextSettings(lines=True, length=32)
    steps: PositiveInt = 1000
    batch_size: PositiveInt = 32
    recurrent: RecurrentSettings = RecurrentSettings(embedding=64, units=128)
    """Layers of the generator."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=1.0)
    """Optimizer of the generator during maximum-likelihood pre-training."""
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=50, final_share=1.0)
    dropout: ProperFraction = 0.1

    likelihood_steps: PositiveInt = 800
    """First steps, which pre-train the generator by maximum likelihood; a copy is kept as the baseline."""
    discriminator_first: NonNegativeInt = 50
    """Steps that then train the discriminator alone; the remaining steps are adversarial."""
    signal: Literal["policy", "gumbel"] = "policy"
    """Training signal of the generator: REINFORCE with roll-out rewards (Yu et al. 2017, eq. 7), or gradients through
    Gumbel-softmax (Jang et al. 2017; Kusner & Hernández-Lobato 2016)."""
    rollouts: PositiveInt = 2
    """Roll-outs per prefix: completions whose mean reward is that of the prefix."""
    rollout_every: PositiveInt = 4
    """Prefixes are rewarded at intervals of this many tokens."""
    gumbel_temperature: PositiveFloat = 1.0
    """τ of Gumbel-softmax: lower is closer to discrete tokens, with a larger variance of the gradient."""
    discriminator_updates: PositiveInt = 2
    """Discriminator updates per adversarial step."""
    filters: PositiveInt = 64
    """Channels of each of the discriminator's convolutions, which are 2, 3, 4 and 5 tokens wide (Kim 2014)."""
    game_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, clip_norm=1.0)
    """Optimizer of the generator during adversarial training."""
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    """Optimizer of the discriminator."""

    def __post_init__(self) -> None:
        if not self.text.lines:
            raise ValueError("text.lines is False: the discriminator judges whole lines")
        if self.text.length < 4:
            raise ValueError(f"text.length is {self.text.length}: the discriminator's convolutions need at least 4")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds, with all three kinds of steps within four."""
        return cls(
            text=TextSettings(lines=True, length=12),
            batch_size=4,
            recurrent=RecurrentSettings(embedding=8, units=16),
            likelihood_steps=2,
            discriminator_first=1,
            filters=4,
            export_limits=TextExportLimits.tiny(),
        )
