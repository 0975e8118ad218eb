"""tools/tflite_demo.py runs without TensorFlow and matches Keras; so do docs/MOBILE.md's snippets."""

import dataclasses
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from aigc_tf.data.text import molecules
from aigc_tf.export import Limits, export, flatbuffer
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.graph import run
from aigc_tf.families.create import create
from aigc_tf.families.photo_model import PhotoModel
from aigc_tf.recipes.molecules import Molecules, MoleculeSettings
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.upscale import Upscale
from tests.export.conftest import model_of
from tests.export.sequence_networks import NETWORKS, TEXT, VOCABULARY
from tools.benchmarks.step_networks import StepNetworks

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tools" / "tflite_demo.py"
# Only these are allowed: importing anything else is an error.
WITHOUT_TENSORFLOW = (
    "import runpy, sys\n"
    "for name in ('tensorflow', 'keras', 'aigc_tf', 'PIL'): sys.modules[name] = None\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
START, SEED = TEXT["start"], 5


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(DEMO), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def upscaler_of_photographs(path: Path) -> PhotoModel:
    """A model, and its exported file."""
    recipe = Upscale.tiny()
    model = create(dataclasses.replace(recipe, photos=dataclasses.replace(recipe.photos, channels=3)))
    for weight in model.used.weights:
        weight.assign(weight + 0.05 * np.random.default_rng(1).standard_normal(weight.shape))
    metadata = model.export_metadata()
    export(model, path.parent / "upscale", limits=Limits(examples=4), measure=False, metadata=metadata).path.rename(
        path
    )
    return model


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tflite_demo", DEMO)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator_file(small_generator: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(small_generator, tmp_path_factory.mktemp("generator") / "out", batch=4).path


@pytest.fixture(scope="module")
def networks() -> dict[str, StepNetworks]:
    keras.utils.set_random_seed(0)
    return {name: make() for name, make in NETWORKS.items()}


@pytest.fixture(scope="module")
def text_files(networks: dict[str, StepNetworks], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("text")
    return {name: export(model, folder / name, metadata=TEXT).path for name, model in networks.items()}


def converted(networks: dict[str, keras.Model], folder: Path, batch: int = 1) -> bytes:
    """The .tflite of networks with one input and one output, without verification."""
    signatures = {name: model_of(network, name).signatures()[name] for name, network in networks.items()}
    write_saved_model(networks, signatures, batch, folder / "saved_model")
    return convert(folder / "saved_model", networks, signatures, batch, "none")


def rewritten(path: Path, target: Path, **changes: object) -> Path:
    """A copy of the file with changed metadata; None removes a key."""
    metadata = flatbuffer.read_metadata(path) | changes
    target.write_bytes(path.read_bytes().replace(b"aigc_tf", b"earlier"))
    flatbuffer.write_metadata(target, {key: value for key, value in metadata.items() if value is not None})
    return target


def tokens_of(text: str) -> list[int]:
    """Tokens of a text without trailing line break; "t" alone is not a token, so the tokenisation is unique."""
    return [VOCABULARY.index(symbol) for symbol in re.findall("th|.|\n", text)]


def keras_choices(program: ModuleType, model: StepNetworks, tokens: list[int], prompt: int, *how: object) -> list[int]:
    """Greedy choices of the whole-sequence network for each token after a prompt of `prompt` tokens."""
    logits = np.asarray(model.sequence(np.array([[START, *tokens[:-1]]]), training=False))[0, prompt:]
    rng = np.random.default_rng(SEED)
    return [program.choose(one, *how, rng) for one in logits]


def test_it_draws_the_samples(generator_file: Path, small_generator: SimpleNamespace, tmp_path: Path) -> None:
    finished = demo(generator_file, "--count", 6, "--seed", 3, "--out", tmp_path / "samples.png")
    assert finished.returncode == 0, finished.stderr
    with Image.open(tmp_path / "samples.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (2 * 28, 3 * 28)
    latents = np.random.default_rng(3).standard_normal((6, 16), dtype=np.float32)
    images = np.asarray(run(small_generator.signatures()["generate"].network, [latents])[0])[..., 0]
    expected = np.concatenate([np.concatenate(list(row), axis=1) for row in images.reshape(2, 3, 28, 28)])
    assert np.abs(pixels / 255 - expected).max() <= 0.5 / 255 + 1e-5


def test_a_decoder_draws_from_its_prior(program: ModuleType, tmp_path: Path) -> None:
    latent = keras.Input((2,), name="latent")
    decoder = keras.Model(latent, keras.layers.Reshape((1, 2, 1))(latent))
    prior = {"mean": [3.0, -1.0], "factor": [[2.0, 0.0], [1.0, 0.5]]}
    path = tmp_path / "decoder.tflite"
    path.write_bytes(converted({"decode": decoder}, tmp_path, batch=500))
    flatbuffer.write_metadata(path, {"prior": prior})
    interpreter = program.Interpreter(model_path=str(path))
    drawn = program.generate(interpreter, "decode", program.read_metadata(path), 4000, seed=0).reshape(-1, 2)
    np.testing.assert_allclose(drawn.mean(axis=0), [3, -1], atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), [[4, 2], [2, 1.25]], atol=0.25)
    assert demo(path, "--count", 4, "--out", tmp_path / "samples.png").returncode == 0


@pytest.mark.parametrize("name", NETWORKS)
def test_it_writes_what_keras_would(
    name: str, text_files: dict[str, Path], networks: dict[str, StepNetworks], program: ModuleType, tmp_path: Path
) -> None:
    out, how = tmp_path / "text.txt", ("--tokens", 120, "--temperature", 0.9, "--top-k", 7, "--seed", SEED)
    finished = demo(text_files[name], "--prompt", "thé a", "--out", out, *how)
    assert finished.returncode == 0, finished.stderr
    tokens = tokens_of(out.read_text(encoding="utf-8"))
    prompt, written = tokens[:4], tokens[4:]
    assert prompt == [VOCABULARY.index(symbol) for symbol in ("th", "é", " ", "a")]  # longest match first
    assert len(written) == 120 and len(set(written)) > 5
    assert written == keras_choices(program, networks[name], tokens, len(prompt), 0.9, 7)


def test_a_prompt_is_split_into_the_longest_symbols(program: ModuleType) -> None:
    metadata = {"vocabulary": ["", "a", "ab", "b", "bc", "c"]}
    assert program.tokenize("abcbc", metadata) == [2, 5, 4]
    assert program.tokenize("", metadata) == []
    with pytest.raises(ValueError, match="no 'x'"):
        program.tokenize("axb", metadata)


@pytest.mark.parametrize(
    ("prompt", "tokens"), [("quick", [2]), ("The quick ", [1, 2]), ("quick,fox", [2, 3, 4]), (" quick", [2]), (" ", [])]
)
def test_words_of_a_prompt_hold_the_space_before_them(prompt: str, tokens: list[int], program: ModuleType) -> None:
    metadata = {"unit": "word", "vocabulary": ["", "The", " quick", ",", "fox"]}
    assert program.tokenize(prompt, metadata) == tokens


def test_temperatures_near_0_take_the_likeliest(program: ModuleType) -> None:
    logits = np.array([0.5, -np.inf, 2.0, 1.0], np.float32)
    assert program.choose(logits, 1e-320, 0, np.random.default_rng(0)) == 2


def test_bytes_are_put_together_to_characters(program: ModuleType) -> None:
    metadata = {"unit": "byte", "vocabulary": [""] * 257}
    tokens = program.tokenize("thé 曉", metadata)
    assert len(tokens) == 8 and program.detokenize(tokens, metadata) == "thé 曉"


def test_text_is_drawn_with_the_seed(text_files: dict[str, Path]) -> None:
    first, again, other = (demo(text_files["lstm"], "--tokens", 60, "--seed", seed) for seed in (1, 1, 2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout != other.stdout


def test_choice(program: ModuleType) -> None:
    logits = np.log(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    rng = np.random.default_rng(0)

    def shares(temperature: float, top_k: int) -> np.ndarray:
        drawn = [program.choose(logits, temperature, top_k, rng) for _ in range(4000)]
        return np.bincount(drawn, minlength=4) / len(drawn)

    np.testing.assert_allclose(shares(1, 0), [0.1, 0.2, 0.3, 0.4], atol=0.03)
    np.testing.assert_allclose(shares(1, 2), [0, 0, 3 / 7, 4 / 7], atol=0.03)
    np.testing.assert_allclose(shares(0.5, 0), np.array([1, 4, 9, 16]) / 30, atol=0.03)
    assert shares(0, 0)[3] == 1
    ties = [program.choose(np.zeros(5), 1.0, 2, rng) for _ in range(100)]
    assert len(set(ties)) == 2


def test_the_end_token_ends_the_text(text_files: dict[str, Path], tmp_path: Path) -> None:
    how = ("--tokens", 60, "--seed", SEED)
    text = demo(text_files["lstm"], *how).stdout[:-1]
    tokens = tokens_of(text)
    end = next(token for token in tokens[5:] if token not in tokens[:5])
    shorter = demo(rewritten(text_files["lstm"], tmp_path / "ending.tflite", end=end), *how).stdout[:-1]
    assert tokens_of(shorter) == tokens[: tokens.index(end)]


def test_what_cannot_be_done_is_said_in_one_line(
    text_files: dict[str, Path], generator_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    transformer = text_files["transformer"]
    nameless = rewritten(transformer, tmp_path / "nameless.tflite", vocabulary=None)
    for arguments, culprit in (
        ((tmp_path / "missing.tflite",), "missing.tflite"),
        ((tmp_path / "broken.tflite",), "broken.tflite"),
        ((nameless,), "no vocabulary"),
        ((transformer, "--prompt", "xyz"), "vocabulary has no 'x'"),
        ((transformer, "--tokens", 257), "it can write 256 tokens after this prompt, not 257"),
        ((transformer, "--prompt", "a" * 256, "--tokens", 1), "it can write 0 tokens"),
        ((transformer, "--count", 4), "--count is for pictures"),
        ((generator_file, "--top-k", 4), "--top-k is for text"),
    ):
        finished = demo(*arguments)
        assert finished.returncode == 2, arguments
        last = finished.stderr.strip().splitlines()[-1]
        assert culprit in last and "Traceback" not in finished.stderr, finished.stderr
    for option, value in (
        ("--count", 0),
        ("--temperature", -1),
        ("--temperature", "inf"),
        ("--top-k", -1),
        ("--tokens", "nan"),
    ):
        finished = demo(generator_file, option, value)
        assert finished.returncode == 2 and option in finished.stderr


def test_a_text_that_fills_the_context(
    text_files: dict[str, Path], networks: dict[str, StepNetworks], program: ModuleType
) -> None:
    finished = demo(text_files["transformer"], "--prompt", "a" * 200, "--seed", SEED)
    assert finished.returncode == 0, finished.stderr
    tokens = tokens_of(finished.stdout[:-1])
    assert len(tokens) == 256
    assert tokens[200:] == keras_choices(program, networks["transformer"], tokens, 200, 1.0, 0)


def test_signatures_are_in_alphabetical_order(tmp_path: Path) -> None:
    # The page documents the order for Swift, which calls them by index.
    networks = {}
    for size, name in enumerate(("step", "read", "alpha"), start=1):
        inputs = keras.Input((size,), name="latent")
        networks[name] = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    content = converted(networks, tmp_path)
    model = schema.Model.GetRootAs(content, 0)
    names = [model.SignatureDefs(index).SignatureKey() for index in range(model.SignatureDefsLength())]
    assert names == [b"alpha", b"read", b"step"]


@pytest.mark.parametrize("name", NETWORKS)
def test_snippets_of_the_page_run(
    name: str,
    text_files: dict[str, Path],
    generator_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (ROOT / "docs" / "MOBILE.md").read_text(encoding="utf-8")
    snippets = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(snippets) == 5
    monkeypatch.chdir(tmp_path)
    Path("generator.tflite").write_bytes(generator_file.read_bytes())
    Path("language_model.tflite").write_bytes(text_files[name].read_bytes())
    upscaler = upscaler_of_photographs(Path("upscale.tflite"))
    photo = np.random.default_rng(0).integers(0, 256, (270, 300, 3), np.uint8)
    Image.fromarray(photo).save("photo.png")
    names: dict[str, object] = {}
    for number, snippet in enumerate(snippets):
        exec(compile(snippet, f"MOBILE.md, snippet {number}", "exec"), names)
    images = np.asarray(names["images"])
    assert images.shape == (4, 28, 28, 1) and np.asarray(names["pixels"]).max() > 0
    (large,) = upscaler.transform([photo])
    assert np.abs(np.asarray(names["large"]) / 255 - large).max() < 1 / 255
    assert len(names["text"]) == 50  # type: ignore[arg-type]
    assert names["fast_text"] == names["text"]  # both ways of calling agree
    assert capsys.readouterr().out == "".join(VOCABULARY[token] for token in names["text"]) + "\n"  # type: ignore[attr-defined]


def test_a_text_is_asked_for_a_property_by_its_mark(tmp_path: Path):
    recipe = dataclasses.replace(Molecules.tiny(), molecules=MoleculeSettings(condition="rings", bands=3))
    source = molecules.open_source(recipe, molecules.made_up(100)).for_recipe(recipe)
    model = create(recipe, **source.assets_for(recipe))
    facts = model.export_metadata()
    file = export(model, tmp_path / "out", metadata=facts, measure=False, limits=Limits(examples=4, steps=4)).path
    (expected,) = model.generate(1, condition="rings=1", tokens=8, decoding=Decoding(temperature=0))
    made = demo(file, "--label", "rings=1", "--temperature", 0, "--tokens", 8)
    assert made.returncode == 0 and made.stdout.rstrip("\n") == expected.rstrip("\n"), made.stderr
    wrong = demo(file, "--label", "rings=9")
    assert wrong.returncode == 2 and "there is no class rings=9: choose one of rings=0" in wrong.stderr
