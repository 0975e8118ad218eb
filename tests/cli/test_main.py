"""The console command, its completion, and the default run."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.cli import encode, explore, main, sample, train
from aigc_tf.cli.completion import function_of
from aigc_tf.recipes.registry import recipe_classes

ROOT = Path(__file__).parents[2]


def run_python(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def runs(vae_run: aigc_tf.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """saved_models/vae with the runs `later` and `earlier`; `earlier` was evaluated after `later` was trained."""
    for number, name in enumerate(("later", "earlier")):
        shutil.copytree(vae_run.path, tmp_path / "saved_models" / "vae" / name)
        os.utime(tmp_path / "saved_models" / "vae" / name / "recipe.json", (1e9 - number, 1e9 - number))
    (tmp_path / "saved_models" / "vae" / "earlier" / "evaluation.json").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "saved_models" / "vae"


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]):
    main.main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    for name in main.COMMANDS:
        assert any(line.startswith(f"  {name} ") and len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        (["-m", "aigc_tf", "sample", "--help"], "usage: python -m aigc_tf sample [-h]"),
        (["-m", "aigc_tf", "train", "dcgan", "--help"], "usage: python -m aigc_tf train dcgan [-h]"),
        (["-m", "trainers", "dcgan", "--help"], "usage: python -m trainers dcgan [-h]"),
        (["-m", "trainers.dcgan", "--help"], "usage: python -m trainers.dcgan [-h]"),
        (["-m", "tools", "sample", "--help"], "usage: python -m tools.sample [-h]"),
        (["-m", "tools.export", "--help"], "usage: python -m tools.export [-h]"),
    ],
)
def test_usage_names_what_was_typed(words: list[str], usage: str):
    done = run_python(*words)
    assert done.returncode == 0 and done.stdout.startswith(usage), done.stderr


REFUSED = [
    (["smaple"], "-c: there is no command smaple: did you mean sample?"),
    (["nonsense"], "-c: there is no command nonsense: -c --help lists them"),
    (["benchmark"], "-c: benchmark is not installed: run python -m tools.benchmark in the repository"),
    (["train", "dcgn"], "train: there is no recipe dcgn: did you mean dcgan?"),
    (["train", "dcgan", "--epochs", "3"], "dcgan: there is no --epochs: give --steps"),
    (["sample"], "sample: there is no run in saved_models: name the folder of a run, or train one"),
    (["train", "dcgan", "--source", "./nowhere"], "nowhere does not exist"),
    (["train", "gpt", "--source", "nowhere.txt"], "nowhere.txt does not exist"),
    (["train", "dcgan", "--start-from", "nowhere"], "nowhere is not a run folder"),
    (["train", "dcgan", "--run-dir", "file/run"], "dcgan: file/run: Not a directory"),
    (["train", "dcgan", "--run-dir", "full"], "full already exists"),
    (["sample", "--out", "file/samples.png", "nowhere"], "file/samples.png: Not a directory"),
    (["export", "--out", "file/export", "nowhere"], "file/export: Not a directory"),
    (["encode", "full", "file", "--out", "file/latents.npz"], "file/latents.npz: Not a directory"),
]
REFUSING = """
import ast, contextlib, io, sys
from aigc_tf.cli import main
for words in ast.literal_eval(sys.argv[1]):
    said = io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stderr(said):
        main.main(words)
        said.write("no refusal")
    print(repr(said.getvalue()))
print({"tensorflow", "keras"} & set(sys.modules))
"""


def test_what_cannot_be_is_refused_at_once(tmp_path: Path):
    """One line, before TensorFlow is imported."""
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "recipe.json").touch()
    done = run_python("-c", REFUSING, repr([words for words, _ in REFUSED]), folder=tmp_path)
    *said, imported = done.stdout.splitlines()
    assert imported == "set()", done.stderr
    for (words, message), each in zip(REFUSED, map(ast.literal_eval, said), strict=True):
        (line,) = each.splitlines()
        assert message in line, words


def test_the_run_that_was_begun_last_is_taken_if_none_is_named(runs: Path, capsys: pytest.CaptureFixture[str]):
    main.main(["sample", "--count", "4"])
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == "the newest run: saved_models/vae/later"
    assert said.out == "saved_models/vae/later/samples-seed0.png\n"
    sample.main(["saved_models/vae/earlier", "--count", "4"])
    said = capsys.readouterr()
    assert "newest" not in said.err and said.out == "saved_models/vae/earlier/samples-seed0.png\n"


def test_a_file_after_a_command_is_no_run(runs: Path, photos: Path, capsys: pytest.CaptureFixture[str]):
    encode.main([str(photos / "a.png"), str(photos / "sub" / "a.png"), "--out", "latents.npz"])
    assert "the newest run: saved_models/vae/later" in capsys.readouterr().err
    assert Path("latents.npz").is_file()
    explore.main(["interpolate", "--count", "3"])
    assert capsys.readouterr().out == "saved_models/vae/later/interpolate.png\n"
    for words in (["nowhere", str(photos)], [str(photos / "nowhere")]):
        with pytest.raises(SystemExit):
            encode.main([*words, "--out", "others.npz"])
        assert "nowhere" in capsys.readouterr().err


def test_a_run_is_resumed_with_its_own_trainer(runs: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        train.main(["ar", "--resume", "--run-dir", "saved_models/vae/later"])
    assert capsys.readouterr().err.endswith("is a run of vae: resume it with " + main.program() + " vae\n")


@pytest.mark.parametrize("name", sorted(set(main.COMMANDS) - {"train", "search"}))
def test_a_command_is_a_function_of_its_name(name: str):
    assert callable(function_of(name))


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bash completion script."""
    done = run_python("-m", "aigc_tf", "completion", "bash")
    assert done.returncode == 0, done.stderr
    path = tmp_path_factory.mktemp("completion") / "aigc-tf"
    path.write_text(done.stdout)
    return path


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("aigc-tf ex", {"export", "explore", "explain"}),
        ("aigc-tf train dp-", {"dp-gan", "dp-gpt", "dp-vae"}),
        ("aigc-tf train dcgan --images.h", {"--images.height"}),
        ("aigc-tf search dcgan --tri", {"--trials"}),
        ("aigc-tf sample --trunc", {"--truncation"}),
        ("aigc-tf export --format ", {"tflite", "saved_model", "web"}),
        ("aigc-tf explore tr", {"traverse"}),
    ],
)
def test_bash_completes_words(typed: str, wanted: set[str], script: Path):
    words = typed.split(" ")
    program = f"source '{script}'; COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}; "
    program += '_tyro_aigc_tf; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert wanted <= set(done.stdout.split()), done.stderr
    assert all(word.startswith(words[-1]) for word in done.stdout.split())


def test_every_recipe_is_listed_and_its_name_may_have_hyphens(capsys: pytest.CaptureFixture[str]):
    train.main([])
    assert set(recipe_classes()) <= set(capsys.readouterr().out.split())
    with pytest.raises(SystemExit) as end:
        train.main(["dp-gan", "--help"])
    assert end.value.code == 0 and "--privacy.epsilon" in capsys.readouterr().out
