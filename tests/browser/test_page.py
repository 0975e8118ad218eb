"""The exported page of a generator in Chromium: the same pictures as in Python from the same latents; controls."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from aigc_tf.cli.family import Family
from aigc_tf.export import Runner, export_web
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.latent_space import spherical
from aigc_tf.families.pages import Panel
from tests.browser.pages import ORIGINS, PHONE, Page, phone

pytestmark = pytest.mark.browser

# Latents of the colour model.
MEAN = np.full(9, 0.5)
FACTOR = 2.0 * np.eye(9) + 0.3 * np.eye(9, k=1)


def generator(latent_dim: int, height: int, width: int, channels: int) -> keras.Model:
    """A small DCGAN generator with weights so large that its pictures have contrast."""
    keras.utils.set_random_seed(0)
    latent = keras.Input((latent_dim,), name="latent")
    x = layers.Dense(height // 4 * (width // 4) * 16, use_bias=False)(latent)
    x = layers.LeakyReLU(0.3)(layers.BatchNormalization()(x))
    x = layers.Reshape((height // 4, width // 4, 16))(x)
    x = layers.LeakyReLU(0.3)(layers.Conv2DTranspose(8, 5, 2, "same", use_bias=False)(x))
    x = layers.Conv2DTranspose(channels, 5, 2, "same", kernel_initializer=keras.initializers.RandomNormal(stddev=2))(x)
    return keras.Model(latent, layers.Activation("sigmoid")(x))


def drawing(name: str, signature: Signature, prior: dict[str, list] | None = None) -> SimpleNamespace:
    """A model with one signature, for the generation page."""
    panel = Panel("draw", name, {"prior": prior, "weights": "abc"}, moved="latent")
    return SimpleNamespace(signatures=lambda source=None: {name: signature}, page=lambda source=None: [panel])


def model(name: str, network: keras.Model, prior: dict[str, list] | None = None) -> SimpleNamespace:
    """One signature from latents to images."""
    size, image = network.inputs[0].shape[1], tuple(network.outputs[0].shape[1:])

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        return {"latent": np.random.default_rng(seed).standard_normal((count, size), dtype=np.float32)}

    signature = Signature(network, {"latent": TensorSpec((size,), "")}, {"image": TensorSpec(image, "")}, examples)
    return drawing(name, signature, prior)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A grey page of a generator, and a colour page of a decoder with 8-bit weights and another latent distribution."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_TF_CACHE", str(folder / "cache"))
        grey = model("generate", generator(20, 28, 28, 1))
        export_web(grey, folder / "grey", title="Grey", facts={"licence of the data": "none: <b>random</b>"})
        prior = {"mean": MEAN.tolist(), "factor": FACTOR.tolist()}
        colour = model("decode", generator(9, 12, 20, 3), prior)
        export_web(colour, folder / "colour", title="Colour", quantize="dynamic")
        export_web(conditional(6, ("cat", "dog", "<b>")), folder / "classes", title="Classes")
    return {name: folder / name for name in ("grey", "colour", "classes")}


def conditional(latent_dim: int, kinds: tuple[str, ...]) -> SimpleNamespace:
    """Signature `generate` of a class-conditional network."""
    keras.utils.set_random_seed(0)
    latent, label = keras.Input((latent_dim,), name="latent"), keras.Input((), dtype="int32", name="label")
    vector = layers.Embedding(len(kinds), latent_dim, embeddings_initializer="normal")(label)
    both = layers.Concatenate()([latent, layers.Rescaling(100.0)(vector)])
    x = layers.Dense(8 * 8, kernel_initializer=keras.initializers.RandomNormal(stddev=1))(both)
    network = keras.Model([latent, label], layers.Reshape((8, 8, 1))(layers.Activation("sigmoid")(x)))

    def examples(count: int, seed: int) -> dict[str, np.ndarray]:
        latents = np.random.default_rng(seed).standard_normal((count, latent_dim), dtype=np.float32)
        return {"latent": latents, "label": np.arange(count, dtype=np.int32) % len(kinds)}

    inputs = {"latent": TensorSpec((latent_dim,), ""), "label": TensorSpec((), "", "int32", kinds)}
    signature = Signature(network, inputs, {"image": TensorSpec((8, 8, 1), "")}, examples)
    return drawing("generate", signature)


class DrawingPage(Page):
    """A page with the panel `draw`."""

    @property
    def panel(self) -> dict[str, Any]:
        """Its entry in page.json."""
        (panel,) = self.facts["panels"]
        return panel

    def latent(self) -> np.ndarray:
        return np.array(self.module("draw.js", "Array.from(module.currentLatent())"), np.float32)

    def assert_equals_python(self) -> None:
        """Assert that the large picture is Python's for the same latent and the same file."""
        name = self.panel["signature"]
        further = set(self.facts["signatures"][name]["inputs"]) - {"latent"}
        chosen = self.script("return document.getElementById('kinds').selectedIndex")
        condition = dict.fromkeys(further, np.array([chosen], np.int32))
        expected = Runner(self.folder / "model.tflite")(name, latent=self.latent()[None], **condition)["image"][0]
        self.assert_shows("#picture", expected)


@pytest.fixture(params=[(name, origin) for name in ("grey", "colour") for origin in ORIGINS], ids="-".join)
def page(
    request: pytest.FixtureRequest, pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]
) -> DrawingPage:
    """Each page from each origin."""
    name, origin = request.param
    opened = DrawingPage(chromium, f"http://{origin}:{serve(pages[name])}/", pages[name])
    assert opened.script("return isSecureContext") == (origin != PHONE)
    return opened


def test_it_loads_without_errors_and_from_one_origin_alone(page: DrawingPage) -> None:
    assert page.find("model").is_displayed() and not page.find("error").is_displayed()
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
    origins = page.script("return performance.getEntriesByType('resource').map(entry => new URL(entry.name).origin)")
    assert set(origins) == {page.script("return location.origin")}
    assert page.find("title").text == page.chrome.title.partition(":")[0]
    assert re.fullmatch(r"\d+(\.\d+)? ms a picture", page.find("speed").text)


def test_what_it_draws_equals_python(page: DrawingPage) -> None:
    page.assert_equals_python()
    np.testing.assert_array_equal(page.pixels("#sheet button canvas"), page.pixels())
    page.change(page.chrome.find_elements(By.CSS_SELECTOR, "#sheet button")[5].click)
    page.assert_equals_python()
    page.change(lambda: page.find("sampling").find_element(By.TAG_NAME, "button").click())
    assert page.find("seed").get_attribute("value") != "0"
    page.assert_equals_python()


def test_a_slider_moves_one_coordinate(page: DrawingPage) -> None:
    before, slider = page.latent(), page.find("slider-1")
    page.change(lambda: slider.send_keys(Keys.END))
    page.assert_equals_python()
    assert page.find("value-1").text == "3.0"
    prior = page.panel["prior"] or {"mean": np.zeros(len(before)), "factor": np.eye(len(before))}
    inverse = np.linalg.inv(prior["factor"])
    coordinates = np.array(page.panel["directions"]) @ inverse @ (np.array([before, page.latent()]) - prior["mean"]).T
    assert coordinates[1, 1] == pytest.approx(3, abs=1e-4)
    np.testing.assert_allclose(np.diff(np.delete(coordinates, 1, axis=0)), 0, atol=1e-4)
    page.change(page.find("reset").click)
    np.testing.assert_array_equal(page.latent(), before)


def test_a_class_is_chosen(pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> None:
    page = DrawingPage(chromium, f"http://{ORIGINS[0]}:{serve(pages['classes'])}/", pages["classes"])
    options = page.find("kinds").find_elements(By.TAG_NAME, "option")
    assert [option.text for option in options] == ["cat", "dog", "<b>"]
    page.assert_equals_python()
    latent = page.latent()
    page.change(options[2].click)
    page.assert_equals_python()
    np.testing.assert_array_equal(page.latent(), latent)


def members(page: DrawingPage) -> list[Any]:
    return page.find("members").find_elements(By.TAG_NAME, "button")


def kept(page: DrawingPage, path: Path) -> Family:
    """The family tree that the page exports, as the command line reads it."""
    path.write_text(page.module("draw.js", "module.familyText()"))
    prior = page.panel["prior"]
    factor, mean = (np.array(prior["factor"]), np.array(prior["mean"])) if prior else (np.eye(len(page.latent())), 0)
    return Family.read(path, "abc", lambda normal: normal @ factor.T + mean)


def test_two_kept_pictures_are_mixed_and_exported(page: DrawingPage, tmp_path: Path) -> None:
    keep, mix = page.find("keep"), page.find("mix")
    assert not mix.is_enabled() and not page.find("export").is_enabled()
    first = page.latent()
    keep.click()
    keep.click()  # a second click adds no member
    page.change(lambda: page.find("slider-0").send_keys(Keys.END))
    second = page.latent()
    keep.click()
    page.wait_for(lambda: len(members(page)) == 2)
    page.change(members(page)[0].click)
    np.testing.assert_array_equal(page.latent(), first)
    page.change(members(page)[1].click)
    page.change(mix.click)
    page.assert_equals_python()
    middle = page.latent()
    keep.click()
    page.wait_for(lambda: len(members(page)) == 3)
    family = kept(page, tmp_path / "family.json")
    assert [(each.made, each.parents) for each in family.members] == [
        ("drawn", ("seed 0, sample 1",)),
        ("drawn, moved", ("seed 0, sample 1",)),
        ("mixed", ("1", "2")),
    ]
    for name, latent in (("1", first), ("2", second), ("3", middle)):
        np.testing.assert_allclose(family.latent_of(name), latent, rtol=1e-4, atol=1e-5)
    if not page.panel["prior"]:  # there, the numbers are the latents
        np.testing.assert_allclose(middle, spherical(first, second, 0.5), rtol=1e-4, atol=1e-5)
    assert np.array_equal(page.pixels("#members button:last-child canvas"), page.pixels())


def test_at_most_two_members_are_chosen(page: DrawingPage) -> None:
    for sample in range(3):
        page.chrome.find_elements(By.CSS_SELECTOR, "#sheet button")[sample].click()
        page.find("keep").click()
    page.wait_for(lambda: len(members(page)) == 3)
    chosen = []
    for number in (0, 1, 2, 2):
        members(page)[number].click()
        chosen.append([each.get_attribute("aria-pressed") == "true" for each in members(page)])
    assert chosen == [[True, False, False], [True, True, False], [False, True, True], [False, True, False]]
    assert not page.find("mix").is_enabled() and page.find("export").is_enabled()


def test_the_family_is_saved_as_a_file(page: DrawingPage, tmp_path: Path) -> None:
    where = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.chrome.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    page.find("keep").click()
    page.find("export").click()
    page.wait_for((tmp_path / "family.json").exists)
    assert (tmp_path / "family.json").read_text() == page.module("draw.js", "module.familyText()")


def test_members_are_drawn_anew_for_another_class(
    pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]
) -> None:
    page = DrawingPage(chromium, f"http://{ORIGINS[0]}:{serve(pages['classes'])}/", pages["classes"])
    page.find("keep").click()
    page.wait_for(lambda: np.array_equal(page.pixels("#members canvas"), page.pixels()))
    page.change(page.find("kinds").find_elements(By.TAG_NAME, "option")[2].click, "#members canvas")
    page.assert_equals_python()
    np.testing.assert_array_equal(page.pixels("#members canvas"), page.pixels())


def test_a_model_without_classes_offers_none(page: DrawingPage) -> None:
    assert not page.find("kind").is_displayed()


def test_the_interpolation_plays_until_it_is_stopped(page: DrawingPage) -> None:
    play = page.find("play")
    page.change(play.click)
    assert play.text == "Pause"
    page.change(lambda: None)
    play.click()
    assert play.text == "Play"
    page.script("return new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    page.assert_equals_python()
    stopped = page.latent()
    page.script("return new Promise(done => setTimeout(done, 200))")
    np.testing.assert_array_equal(page.latent(), stopped)


def test_latents_come_from_the_documented_generator(page: DrawingPage) -> None:
    seed = page.find("seed")
    seed.send_keys(Keys.CONTROL + "a")
    page.change(lambda: seed.send_keys("4294967295" + Keys.TAB))
    size = len(page.latent())
    expected = normals(4294967295, 2 * size)
    np.testing.assert_allclose(
        page.module("latents.js", f"Array.from(module.normals(4294967295, {2 * size}))"), expected, rtol=1e-6
    )
    if page.panel["prior"]:
        expected = np.array(page.panel["prior"]["factor"]) @ expected[:size] + page.panel["prior"]["mean"]
    np.testing.assert_allclose(page.latent(), expected[:size], rtol=1e-5, atol=1e-6)


def test_a_factor_can_be_a_diagonal(page: DrawingPage) -> None:
    found = page.module("latents.js", "Array.from(module.latentOf([1, 2], { mean: [3, 4], factor: [5, 6] }))")
    assert found == [8, 16]


def normals(seed: int, count: int) -> np.ndarray:
    """mulberry32 and Box-Muller, from their definitions."""

    def uniforms():
        state = seed
        while True:
            state = (state + 0x6D2B79F5) % 2**32
            mixed = (state ^ state >> 15) * (state | 1) % 2**32
            mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
            yield (mixed ^ mixed >> 14) / 2**32

    numbers = uniforms()
    pairs = [(next(numbers), next(numbers)) for _ in range((count + 1) // 2)]
    radii = np.sqrt(-2 * np.log([1 - first for first, _ in pairs]))
    angles = 2 * np.pi * np.array([second for _, second in pairs])
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1).ravel()[:count]


def test_random_numbers_are_standard_normal(
    pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]
) -> None:
    page = DrawingPage(chromium, f"http://localhost:{serve(pages['grey'])}/", pages["grey"])
    values = np.array(page.module("latents.js", "Array.from(module.normals(3, 100001))"))
    moments = [np.mean(values**power) for power in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.1)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.01


def test_browsers_without_relaxed_simd_get_the_other_build(
    pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]
) -> None:
    # LiteRT.js tests this by instantiating a module of a few bytes.
    refuse = (
        "const instantiate = WebAssembly.instantiate;"
        "WebAssembly.instantiate = (bytes, ...rest) => bytes.byteLength < 1000"
        " ? Promise.reject(new WebAssembly.CompileError('no relaxed SIMD')) : instantiate(bytes, ...rest);"
    )
    script = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
    try:
        page = DrawingPage(chromium, f"http://{PHONE}:{serve(pages['grey'])}/", pages["grey"])
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    loaded = page.script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    (wasm,) = [name for name in loaded if name.endswith(".wasm")]
    assert wasm.endswith("/litert_wasm_compat_internal.wasm")
    page.assert_equals_python()


def test_facts_are_shown_as_text(pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> None:
    page = DrawingPage(chromium, f"http://localhost:{serve(pages['grey'])}/", pages["grey"])
    assert "none: <b>random</b>" in page.find("facts").text


def test_it_fits_a_phone(pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> None:
    with phone(chromium):
        page = DrawingPage(chromium, f"http://{PHONE}:{serve(pages['grey'])}/", pages["grey"])
        assert page.script("return document.documentElement.scrollWidth") == 390
        picture = page.find("picture").rect
        assert picture["x"] >= 0 and picture["width"] >= 180


def test_every_control_has_a_name(pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> None:
    page = DrawingPage(chromium, f"http://localhost:{serve(pages['grey'])}/", pages["grey"])
    controls = page.chrome.find_elements(By.CSS_SELECTOR, "button, input, canvas[role]")
    assert len(controls) > 20
    assert all(control.accessible_name for control in controls)


@pytest.mark.parametrize(
    ("missing", "cause"),
    [
        ("page.json", "page.json: 404"),
        ("model.tflite", "model.tflite: 404"),
        ("litert/core/dist/index.js", "litert/core/dist/index.js"),
        ("litert/core/wasm/litert_wasm_internal.wasm", "LiteRT.js does not start: "),
    ],
)
def test_what_fails_to_load_is_said_on_the_page(
    pages: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int], tmp_path: Path, missing: str, cause: str
) -> None:
    shutil.copytree(pages["grey"], tmp_path / "page")
    (tmp_path / "page" / missing).unlink()
    page = DrawingPage(chromium, f"http://localhost:{serve(tmp_path / 'page')}/", tmp_path / "page")
    assert page.find("error").is_displayed() and not page.find("model").is_displayed()
    assert cause in page.find("error").text
