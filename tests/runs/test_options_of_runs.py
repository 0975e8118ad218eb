"""Options of evaluations and exports: their effect on sampling, and on folder names."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.errors import InputError
from aigc_tf.metrics.images.drawing import generated_images
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.class_flow import ClassFlow
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.options import in_name, require_known, sampling_of
from aigc_tf.recipes.registry import recipe_classes


def test_options_of_an_evaluation_that_sampling_has_say_how_samples_are_drawn() -> None:
    given = {"evaluations": 20, "features": "rotation"}
    usual = {"sampler": "adams_bashforth", "time_shift": 3.0}
    assert sampling_of(Flow(), given) == {"evaluations": 20} | usual
    assert sampling_of(ClassFlow(), {}) == {"evaluations": 10, "guidance": 1.5} | usual
    assert sampling_of(DCGAN(), {"features": "rotation"}) == {}


def test_they_reach_the_model() -> None:
    class Steps:
        def conditions(self, given: object, count: int) -> None:
            return None

        def generate(self, count: int, seed: int = 0, condition: object = None, evaluations: int = 10) -> np.ndarray:
            return np.full((count, 2, 2, 1), evaluations / 255)

    (drawn,) = generated_images(Steps(), (2, 2, 1), 3, options={"evaluations": 20})
    assert (drawn == 20).all()


def test_an_export_with_other_options_has_a_folder_of_its_own() -> None:
    assert in_name({}, Flow()) == in_name({"evaluations": 10, "sampler": "adams_bashforth"}, Flow()) == ""
    assert in_name({"evaluations": 20, "sampler": "heun"}, Flow()) == "-evaluations20-samplerheun"
    assert in_name({}, DCGAN()) == ""


@pytest.mark.parametrize("kind", recipe_classes().values(), ids=lambda kind: kind.slug())
def test_an_evaluation_refuses_what_is_no_option_of_its_recipe(kind: type[Recipe]) -> None:
    require_known(kind.evaluate_options().arguments(), kind.tiny())
    with pytest.raises(InputError, match=f"{kind.slug()} does not take part"):
        require_known({"part": "validation"}, kind.tiny())
