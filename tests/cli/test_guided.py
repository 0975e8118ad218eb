"""A sheet of prompts by guidance scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.cli.explore import explore
from aigc_tf.cli.guided import Guided
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.text_flow import TextFlow
from aigc_tf.recipes.text_gan import TextGAN
from aigc_tf.runs.progress import Progress

PROMPTS = ("red ring", "blue ring")


def run_of(recipe, folder: Path) -> aigc_tf.Run:
    source = open_source(recipe)
    model = aigc_tf.create(recipe, captions=source.captions)
    return aigc_tf.Run(folder, recipe, Progress(0), model=model, source=source)


def test_rows_are_prompts_and_columns_guidance(tmp_path: Path) -> None:
    run = run_of(TextFlow.tiny(), tmp_path)
    random = np.random.default_rng(0)
    for weight in run.model.used.weights:
        weight.assign(weight + 0.1 * random.standard_normal(weight.shape))
    values, columns = Guided(guided=PROMPTS, weights=(1.0, 3.0), seed=2).shown(run, run.model, 6)
    assert columns == 2 and len(values) == 4
    expected = run.model.generate(2, seed=2, condition=list(PROMPTS), guidance=3.0)
    np.testing.assert_array_equal(values[1::2], expected)
    assert np.abs(values[::2] - expected).max() > 1e-3
    with pytest.raises(InputError, match="guidance is -1"):
        Guided(guided=PROMPTS, weights=(-1.0,)).shown(run, run.model, 6)


def test_what_has_no_guidance_or_nothing_to_draw_is_refused(tmp_path: Path) -> None:
    run = run_of(TextGAN.tiny(), tmp_path)
    with pytest.raises(InputError, match="a text_gan samples without guidance"):
        Guided(guided=PROMPTS).shown(run, run.model, 6)
    for wrong, message in (({"count": 3}, "has no --count"), ({"guided": ()}, "give one of each")):
        with pytest.raises(InputError, match=message):
            explore(tmp_path, Guided(**{"guided": PROMPTS} | wrong))
