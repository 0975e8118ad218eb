"""A GAN of text (003 §5.2.1): policy gradients with roll-outs (SeqGAN), or Gumbel-softmax."""

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
    """Recurrent generator of lines, trained by likelihood first, then against a discriminator (Yu et al. 2017)."""

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
    """Of the generator."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=1.0)
    """Of the generator, while it learns by likelihood."""
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=50, final_share=1.0)
    dropout: ProperFraction = 0.1

    likelihood_steps: PositiveInt = 800
    """First, the generator alone learns by likelihood; what it is then is kept, to be compared with."""
    discriminator_first: NonNegativeInt = 50
    """Then the discriminator alone learns what it writes; the game takes the rest of the steps."""
    signal: Literal["policy", "gumbel"] = "policy"
    """What the generator learns by: REINFORCE with rewards of roll-outs (Yu et al. 2017, eq. 7), or gradients through
    Gumbel-softmax (Jang et al. 2017; Kusner & Hernández-Lobato 2016)."""
    rollouts: PositiveInt = 2
    """Texts that are written to their end after a beginning, whose mean reward is that of the beginning."""
    rollout_every: PositiveInt = 4
    """Beginnings are judged after every so many symbols."""
    gumbel_temperature: PositiveFloat = 1.0
    """τ of Gumbel-softmax: the lower, the nearer to a symbol, and the larger the variance of the gradient."""
    discriminator_updates: PositiveInt = 2
    """In each step of the game."""
    filters: PositiveInt = 64
    """Of each of the discriminator's convolutions, which are 2, 3, 4 and 5 symbols wide (Kim 2014)."""
    game_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, clip_norm=1.0)
    """Of the generator in the game."""
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    """Of the discriminator."""

    def __post_init__(self) -> None:
        if not self.text.lines:
            raise ValueError("text.lines is False: the discriminator judges whole lines")
        if self.text.length < 4:
            raise ValueError(f"text.length is {self.text.length}: the discriminator's convolutions need 4 at least")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds, all three kinds of them within four."""
        return cls(
            text=TextSettings(lines=True, length=12),
            batch_size=4,
            recurrent=RecurrentSettings(embedding=8, units=16),
            likelihood_steps=2,
            discriminator_first=1,
            filters=4,
            export_limits=TextExportLimits.tiny(),
        )
