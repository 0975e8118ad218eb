"""The package's Python API: names, and a one-line hint for misspelt ones."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.engine.training import chosen_recipe
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ImageSettings


def test_public_names_are_shown_without_importing_tensorflow():
    code = (
        "import aigc_tf, pydoc, rlcompleter, sys\n"
        "names = [name for name in dir(aigc_tf) if not name.startswith('_')]\n"
        "recipes = [name for name in dir(aigc_tf.recipes) if not name.startswith('_')]\n"
        "completed = rlcompleter.Completer({'aigc_tf': aigc_tf}).complete('aigc_tf.recipes.DCG', 0)\n"
        "assert 'tensorflow' not in sys.modules\n"
        "text = pydoc.plain(pydoc.render_doc(aigc_tf))\n"
        "print(names, 'GPT' in recipes, len(recipes), completed, 'train(' in text and 'class Run' in text)\n"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True).stdout
    found = len(list(aigc_tf.recipes.registry.recipe_classes()))
    assert said == f"['Run', 'create', 'recipes', 'train'] True {found} aigc_tf.recipes.DCGAN( True\n"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: aigc_tf.recipes.DcGan, r"no attribute 'DcGan': did you mean DCGAN\?"),
        (lambda: aigc_tf.recipes.Xyzzy, r"no attribute 'Xyzzy'; it has (\w+, )*AR, (\w+, )*Autoencoder"),
        (lambda: aigc_tf.trian, "it has Run, create, recipes, train"),
        (lambda: DCGAN(stpes=3), r"there is no field stpes: did you mean steps\?"),
        (lambda: DCGAN(qqq=3), "there is no field qqq: it has steps, "),
        (
            lambda: dataclasses.replace(DCGAN(), bacth_size=3),
            r"there is no field bacth_size: did you mean batch_size\?",
        ),
        (lambda: ImageSettings(hight=3), r"there is no field hight: did you mean height\?"),
        (lambda: DCGAN(steps=-1), "steps is -1: Input should be greater than 0"),
        (lambda: DCGAN.from_fields({"images": {"hight": 3}}), r"no field images\.hight: did you mean height\?"),
        (lambda: aigc_tf.train("DcGan"), r"there is no recipe DcGan: did you mean dcgan\?"),
        (lambda: aigc_tf.train("qqq"), r"there is no recipe qqq: choose one of (\w+, )*ar, (\w+, )*autoencoder"),
        (lambda: aigc_tf.train("dcgan", stepz=3), r"there is no field stepz: did you mean steps\?"),
        (lambda: aigc_tf.train(DCGAN), "recipe is <class .*>: give an aigc_tf.recipes object"),
    ],
)
def test_what_is_misspelt_gets_one_helpful_line(wrong, message: str):
    with pytest.raises((InputError, AttributeError, ValueError), match=message) as caught:
        wrong()
    assert "\n" not in str(caught.value)


def test_a_recipe_by_name_takes_fields():
    assert chosen_recipe("dcgan", {"steps": 3}) == DCGAN(steps=3)
    assert chosen_recipe(DCGAN(steps=3), {"seed": 5}) == DCGAN(steps=3, seed=5)
    assert type(chosen_recipe("dp-gan", {})).slug() == "dp_gan"
