"""Options of the commands: all listed in the help, with their runs; validated by the recipe's own class."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
import tyro
from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass

import aigc_tf
from aigc_tf.cli.improving import Improvements
from aigc_tf.cli.options import Verb, chosen_options, docs_of, named_run, with_options
from aigc_tf.errors import InputError
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.options import Options, Writing
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.runs.folder import read_recipe

ROOT = Path(__file__).parents[2]
VERBS: dict[str, Verb] = {
    "tools.sample": "sample_options",
    "tools.transform": "transform_options",
    "tools.evaluate": "evaluate_options",
}


def run_python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def in_one_line(help_text: str) -> str:
    """Help text without boxes and line breaks."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", help_text).split())


@pytest.mark.parametrize("module", VERBS)
def test_help_lists_every_option_with_its_runs(module: str):
    help_text = in_one_line(run_python("-m", module, "--help").stdout)
    kinds: dict[type, list[str]] = {}
    for name, recipe in recipe_classes().items():
        kinds.setdefault(getattr(recipe, VERBS[module]), []).append(name)
    of_all_runs = {field.name for field in dataclasses.fields(Improvements)} if module == "tools.sample" else set()
    for kind, names in kinds.items():
        for field in dataclasses.fields(kind):
            if field.name in of_all_runs:
                assert help_text.count(f"--{field.name.replace('_', '-')} ") == 1
                continue
            option = re.search(rf"--{field.name.replace('_', '-')} .*?(?= --[a-z]|$)", help_text)
            assert option, field.name
            named = [name for runs in re.findall(r"runs of ([\w, ]*)\)", option[0]) for name in runs.split(", ")]
            assert set(names) <= set(named), field.name
            assert docs_of(kind)[field.name][:30] in option[0]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Sharp(Options):
    """Options of a recipe outside the package."""

    sharpness: PositiveFloat = 1.0
    """How sharp."""
    loud: bool = False
    """Whether it shouts."""
    steps: Literal["few", "many"] = "few"
    """Another meaning than that of series."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Outside(DCGAN):
    sample_options: ClassVar[type] = Sharp


def given(run: Path, count: int = 1, **options: Any) -> dict[str, Any]:
    """Say what is given.

    Args:
        run: A folder.
        count: How many.
    """
    return {"run": run, "count": count, **options}


def parsed(*words: str) -> dict[str, Any]:
    function = with_options(given, "sample_options", [*recipe_classes().values(), Outside])
    return tyro.cli(function, args=["--run", "run", *words], config=(tyro.conf.FlagCreatePairsOff,))


def test_options_of_recipes_outside_the_package_are_taken(capsys: pytest.CaptureFixture[str]):
    assert parsed() == {"run": Path("run"), "count": 1}
    found = parsed("--count", "2", "--sharpness", "2", "--loud", "--steps", "many")
    assert found == {"run": Path("run"), "count": 2, "sharpness": 2.0, "loud": True, "steps": "many"}
    assert parsed("--steps", "7")["steps"] == 7  # as for series
    with pytest.raises(SystemExit):
        parsed("--help")
    help_text = in_one_line(capsys.readouterr().out)
    assert "How sharp. (default: 1.0; runs of test_options)" in help_text
    assert "Time steps of each sequence. (default: 200; runs of ar) Another meaning" in help_text


def test_the_recipe_checks_what_is_given():
    assert chosen_options(Outside(), "sample_options", {"loud": True}) == {
        "sharpness": 1.0,
        "loud": True,
        "steps": "few",
    }
    with pytest.raises(InputError, match=r"sharpness is -1\.0: Input should be greater than 0"):
        chosen_options(Outside(), "sample_options", {"sharpness": -1.0})
    with pytest.raises(
        InputError, match=r"^--prompt is for runs of char_rnn, (\w+, )*gpt, (\w+, )*word_lstm: a dcgan has none$"
    ):
        chosen_options(DCGAN(), "sample_options", {"prompt": "a"})
    with pytest.raises(InputError, match=r"^a dcgan has no --sharpness: leave it out$"):
        chosen_options(DCGAN(), "sample_options", {"sharpness": 1.0})
    assert chosen_options(GPT(), "sample_options", {"top_k": 3}) == Writing(top_k=3).arguments()


@pytest.mark.parametrize("noise", ["gaussian", "salt_and_pepper", "jpeg"])
def test_only_runs_that_are_told_the_strength_of_the_noise_take_one(noise: Literal["gaussian", "jpeg"]):
    recipe = Denoise.from_fields({"noise": noise, "strength": [5.0, 50.0]})
    if noise == "gaussian":
        assert chosen_options(recipe, "transform_options", {"sigma": 10.0})["sigma"] == 10
        return
    assert "sigma" not in chosen_options(recipe, "transform_options", {})
    with pytest.raises(InputError, match=r"^--sigma is for other runs of denoise: this one takes none, leave it out$"):
        chosen_options(recipe, "transform_options", {"sigma": 10.0})
    tiny = dataclasses.replace(Denoise.tiny(), noise=noise, strength=(5.0, 50.0))
    with pytest.raises(InputError, match=r"^this denoise has no option sigma: leave it out$"):
        aigc_tf.create(tiny).transform([np.zeros((16, 16, 1), np.float32)], sigma=10.0)


def test_a_run_is_found_among_any_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A prompt may be longer than a file name."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.json").touch()
    long = "A long time ago " * 100
    assert named_run(["--prompt", long, str(tmp_path / "run")]) == tmp_path / "run"
    assert named_run(["--prompt", long]) is None
    with pytest.raises(InputError, match="is not a run folder: File name too long"):
        read_recipe(Path(long))


def test_fields_of_bases_have_their_help():
    assert docs_of(Writing)["prompt"] == "How each text begins."
    assert docs_of(Writing)["top_p"].startswith("Nucleus sampling")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sample", "RUN", "--prompt", "a"], "--prompt is for runs of char_rnn"),
        (["sample", "RUN", "--count", "0"], "--count is 0: give at least 1"),
        (["sample", "RUN", "--truncation", "0"], "truncation is 0.0"),
        (["sample", "RUN", "--linear", "--map"], "--map has no --linear"),
        (["evaluate", "RUN", "--samples", "0"], "--samples is 0: give at least 1"),
        (["transform", "RUN", "nowhere", "--out", "out"], "nowhere does not exist"),
        (["encode", "RUN", "nowhere", "--out", "out.npz"], "nowhere does not exist"),
        (["score", "RUN", "nowhere"], "nowhere does not exist"),
        (["explain", "RUN", "--text", ""], "--text is empty"),
        (["augment", "RUN", "--count", "0", "--out", "out"], "--count is 0"),
        (["explore", "RUN", "interpolate", "--truncation", "0"], "--truncation is 0: give at least 0.01"),
        (["forecast", "RUN", "--steps", "0"], "--steps is 0: give at least 1"),
        (["sample", "nowhere"], "nowhere is not a run folder"),
        (["sample", 300 * "long"], "is not a run folder: File name too long"),
    ],
)
def test_bad_input_is_refused_before_tensorflow_is_imported(vae_run: aigc_tf.Run, words: list[str], message: str):
    program = (
        "import importlib, sys\n"
        "sys.argv = sys.argv[1:]\n"
        "try:\n"
        "    importlib.import_module(f'aigc_tf.cli.{sys.argv[0]}').main(sys.argv[1:])\n"
        "finally:\n"
        "    print(sorted({'tensorflow', 'keras'} & set(sys.modules)))\n"
    )
    done = run_python("-c", program, *(str(vae_run.path) if word == "RUN" else word for word in words))
    assert done.returncode == 2 and done.stdout == "[]\n"
    (line,) = done.stderr.splitlines()
    assert message in line
