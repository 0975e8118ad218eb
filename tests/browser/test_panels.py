"""The exported pages for pictures and text in Chromium: the same output as in Python."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.pairs.vocabularies import learn_vocabularies
from aigc_tf.data.text.vocabulary import learn_vocabulary
from aigc_tf.export import Limits, Runner, export_web
from aigc_tf.families.create import create
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.options import Decoding
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.summary import Summary
from aigc_tf.recipes.text import TextSettings
from aigc_tf.recipes.text_vae import TextVAE
from aigc_tf.recipes.translation import Translation
from aigc_tf.recipes.vae import VAE
from tests.browser.pages import PHONE, Page, phone

pytestmark = pytest.mark.browser

VERSES = ["In the beginning was the Word, and the Word was with God.", "起初 神创造天地。 été 😀"]
RANDOM = np.random.default_rng(0)
PAIRS = [Pair(text, text[:12]) for text in VERSES]
SUBWORDS = dataclasses.replace(
    Translation.tiny(), encoder="lstm", pairs=dataclasses.replace(Translation.tiny().pairs, unit="subword")
)
FEW = Limits(examples=8, steps=8, float32=1e-4)  # verification has separate tests
HELD_OUT = RANDOM.integers(0, 256, (3, 16, 16, 1)).astype(np.uint8)


def sharpened(model: Any) -> Any:
    """Scale weights and their moving averages, so that the outputs of an untrained model have contrast."""
    for weight in model.variables:
        if len(weight.shape) > 1:
            weight.assign(weight * 3)
    return model


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    """A variational autoencoder, and language models of each kind."""
    letters = learn_vocabulary(VERSES, TextSettings(), with_ends=False)
    bytes_ = learn_vocabulary(VERSES, TextSettings(unit="byte"), with_ends=False)
    words = learn_vocabulary(VERSES, TextSettings(unit="word", lines=True), with_ends=True)
    recurrent = dataclasses.replace(CharRNN.tiny(), text=TextSettings(unit="byte", length=16))
    return {
        "vae": sharpened(create(VAE.tiny())),
        "gpt": sharpened(create(GPT.tiny(), vocabulary=letters)),
        "char_rnn": sharpened(create(recurrent, vocabulary=bytes_)),
        "text_vae": create(TextVAE.tiny(), vocabulary=words),
        "summary": sharpened(create(Summary.tiny(), vocabularies=learn_vocabularies(PAIRS, Summary.tiny().pairs))),
        "translation": sharpened(create(SUBWORDS, vocabularies=learn_vocabularies(PAIRS, SUBWORDS.pairs))),
    }


@pytest.fixture(scope="module")
def folders(models: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    source = SimpleNamespace(
        dataset="public", inputs=lambda part, count: HELD_OUT, train=SimpleNamespace(images=HELD_OUT)
    )
    for name, model in models.items():
        given = source if name == "vae" else None
        export_web(model, folder / name, title=name, source=given, measure=False, limits=FEW)
    return {name: folder / name for name in models}


@pytest.fixture
def open_page(folders: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> Callable[[str], Page]:
    return lambda name: Page(chromium, f"http://{PHONE}:{serve(folders[name])}/", folders[name])


# Picture inputs.


def assert_it_transforms(page: Page, picture: np.ndarray) -> None:
    """Assert that input, output and score are those of a picture `[height, width, channels]` in [0, 1]."""
    runner = Runner(page.folder / "model.tflite")
    image = picture[None].astype(np.float32)
    page.wait_for(lambda: np.abs(page.pixels("#input")[..., :3] / 255 - picture).max() <= 2 / 255)
    score = runner("score", image=image, noise=np.zeros((1, page.latent_dim), np.float32))["score"][0]
    page.wait_for(lambda: shown_score(page) == pytest.approx(score, rel=2e-3))
    page.assert_shows("#output", runner("reconstruct", image=image)["image"][0])


def shown_score(page: Page) -> float:
    return float(re.match(r"Score ([-+.e\d]+), above ", page.find("score").text)[1])


@pytest.fixture
def transforming(open_page: Callable[[str], Page], models: dict[str, Any]) -> Page:
    page = open_page("vae")
    page.latent_dim = models["vae"].latent_dim
    return page


def test_an_example_goes_in(transforming: Page) -> None:
    page = transforming
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert_it_transforms(page, HELD_OUT[0] / 255)
    page.find("examples").find_elements(By.TAG_NAME, "button")[2].send_keys(Keys.ENTER)
    assert_it_transforms(page, HELD_OUT[2] / 255)
    assert " ordinary pictures (how anomalous the image is, in nats)" in page.find("score").text


def test_noise_is_added_to_it(transforming: Page) -> None:
    page = transforming
    assert page.find("noise-value").text == "0.00"
    page.change(lambda: page.find("noise").send_keys(Keys.END), "#input")
    page.wait_for(lambda: page.find("noise-value").text == "0.50")
    noise = np.array(page.module("latents.js", "Array.from(module.normals(0, 256))")).reshape(16, 16, 1)
    assert_it_transforms(page, np.clip(HELD_OUT[0] / 255 + 0.5 * noise, 0, 1))


def test_a_file_goes_in_cut_to_the_form_of_training_pictures(transforming: Page, tmp_path: Path) -> None:
    page = transforming
    wide = np.full((32, 64, 3), 255, np.uint8)
    wide[:, 16:48] = 0
    wide[:16, 16:48, 0] = 255  # red
    Image.fromarray(wide).save(tmp_path / "wide.png")
    page.find("file").send_keys(str(tmp_path / "wide.png"))
    cut = np.zeros((16, 16, 1))
    cut[:8] = round(0.299 * 255) / 255
    assert_it_transforms(page, cut)
    (tmp_path / "not.png").write_text("text")
    page.find("file").send_keys(str(tmp_path / "not.png"))
    page.wait_for(lambda: page.find("score").text == "not.png is not a picture that this browser can read.")


def test_a_picture_is_drawn(transforming: Page) -> None:
    page = transforming
    page.change(page.find("clear").click, "#input")
    page.wait_for(lambda: page.pixels("#input")[..., :3].max() == 0)
    stroke = ActionChains(page.chrome).move_to_element_with_offset(page.find("input"), -50, 0)
    page.change(stroke.click_and_hold().move_by_offset(100, 0).release().perform, "#input")
    page.wait_for(lambda: page.pixels("#input")[:, 6:10, 0].max(axis=0).min() > 200)  # 100 of the canvas's 320 pixels
    drawn = page.pixels("#input")[..., 0]
    assert drawn[:, :4].max() == 0 and drawn[:, 12:].max() == 0 and (drawn.max(axis=1) > 0).sum() <= 3


def test_it_draws_as_well(transforming: Page) -> None:
    expected = Runner(transforming.folder / "model.tflite")("decode", latent=current_latent(transforming))["image"][0]
    transforming.assert_shows("#picture", expected)


def current_latent(page: Page) -> np.ndarray:
    return np.array([page.module("draw.js", "Array.from(module.currentLatent())")], np.float32)


# Text.


def write(page: Page, prompt: str, symbols: int, temperature: float) -> str:
    """The page's continuation of a prompt."""
    for name, value in (("text", prompt), ("length", symbols), ("temperature", temperature)):
        page.chrome.execute_script(
            "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
            "field.dispatchEvent(new Event('input'))",
            *(name, str(value)),
        )
    page.find("text").send_keys(Keys.CONTROL + Keys.ENTER)
    page.wait_for(lambda: page.find("write").text == "Continue" and page.find("note").text != "Writing")
    return page.find("text").get_attribute("value")


@pytest.mark.parametrize(
    ("name", "prompt"),
    # Prompts of 3 and of 40 tokens; the transformer's context is 16.
    [
        ("char_rnn", "In"),
        ("char_rnn", "创造 été 😀"),
        ("gpt", "In "),
        ("gpt", "In the beginning was the Word, and the W"),
    ],
)
def test_it_writes_what_python_writes(
    open_page: Callable[[str], Page], models: dict[str, Any], name: str, prompt: str
) -> None:
    page = open_page(name)
    (expected,) = models[name].generate(1, prompt=prompt, tokens=50, decoding=Decoding(temperature=0.0))
    assert write(page, prompt, 50, 0) == expected
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_what_was_written_can_be_taken_back_and_goes_on(open_page: Callable[[str], Page]) -> None:
    page = open_page("gpt")
    first = write(page, "In ", 20, 0.8)
    assert first.startswith("In ") and len(first) == 23
    page.find("write").click()
    page.wait_for(lambda: len(page.find("text").get_attribute("value")) == 43)
    page.wait_for(page.find("undo").is_enabled)
    page.find("undo").click()
    assert page.find("text").get_attribute("value") == first
    page.find("undo").click()
    assert page.find("text").get_attribute("value") == "In " and not page.find("undo").is_enabled()


def test_what_the_vocabulary_lacks_is_said(open_page: Callable[[str], Page]) -> None:
    page = open_page("gpt")
    assert write(page, "In Qo", 20, 0.8) == "In Qo"
    assert page.find("note").text == "The model has no symbol for “Q”: leave it out."


def test_a_line_ends(open_page: Callable[[str], Page], models: dict[str, Any]) -> None:
    """Words, with a latent; at temperature 1 an untrained model ends a line within a thousand tokens."""
    page = open_page("text_vae")
    text = write(page, "In the", 1000, 1.0)
    assert page.find("note").text == "It ends here."
    symbols = "|".join(map(re.escape, models["text_vae"].vocabulary.symbols[2:]))
    assert re.fullmatch(f"In the({symbols})*", text)


def test_symbols_are_those_of_python(open_page: Callable[[str], Page]) -> None:
    page = open_page("text_vae")
    text = "  two\twords_1,\u00a0“naïve” e\u0301 中文!? ½\u2028\x85\x1c"
    words = learn_vocabulary([text], TextSettings(unit="word"), with_ends=True)
    facts = {"vocabulary": list(words.symbols), "unit": "word"}
    found = page.chrome.execute_async_script(
        "import('./text.js').then(text => arguments[2](new text.Vocabulary(arguments[0]).encode(arguments[1]).tokens))",
        *(facts, text),
    )
    assert found == words.encode(text).tolist()
    pieces = {"vocabulary": ["", "\ufffd", "a", "b", "ab", "abc", "😀"], "unit": "subword"}
    found = page.chrome.execute_async_script(
        "import('./text.js').then(text => arguments[1](new text.Vocabulary(arguments[0]).encode('abcab😀bx')))", pieces
    )
    assert found == {"tokens": [5, 4, 6, 3, None], "unknown": "x"}


@pytest.mark.parametrize("prompt", ["quick", "quick fox", "The quick ", "The", " quick", "  ", "zzz", ""])
def test_prompts_are_fitted_as_in_python(open_page: Callable[[str], Page], prompt: str) -> None:
    words = learn_vocabulary(["The quick fox jumps."], TextSettings(unit="word"), with_ends=False)
    found = open_page("text_vae").chrome.execute_async_script(
        "import('./text.js').then(text => arguments[2](new text.Vocabulary(arguments[0]).fitted(arguments[1])))",
        *({"vocabulary": list(words.symbols), "unit": "word"}, prompt),
    )
    assert found == words.fitted(prompt)


def test_a_space_at_the_end_is_left_to_the_next_word(open_page: Callable[[str], Page]) -> None:
    text = write(open_page("text_vae"), "In the ", 10, 1.0)
    assert text.startswith("In the") and "In the  " not in text


def test_symbols_are_chosen_with_their_probabilities(open_page: Callable[[str], Page]) -> None:
    page = open_page("gpt")
    logits = np.array([0.5, -np.inf, 2.0, 1.0])
    call = "import('./text.js').then(({ choose }) => arguments[0](uniforms.map(u => choose(logits, 0.5, u))))"
    uniforms = (np.arange(1000) + 0.5) / 1000
    chosen = page.chrome.execute_async_script(
        f"const logits = [0.5, -Infinity, 2, 1], uniforms = {uniforms.tolist()}; {call}"
    )
    weights = np.exp(logits / 0.5)
    shares = np.bincount(chosen, minlength=4) / 1000
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=1e-3)


@pytest.mark.parametrize("name", ["gpt", "vae"])
def test_it_fits_a_phone_and_every_control_has_a_name(
    open_page: Callable[[str], Page], chromium: Chrome, name: str
) -> None:
    with phone(chromium):
        page = open_page(name)
        assert page.script("return document.documentElement.scrollWidth") == 390
        controls = page.chrome.find_elements(By.CSS_SELECTOR, "button, input, textarea, canvas[role]")
        assert len(controls) > 4 and all(control.accessible_name for control in controls)


@pytest.mark.parametrize("name", ["summary", "translation"])
def test_it_rewrites_as_python_does(open_page: Callable[[str], Page], models: dict[str, Any], name: str) -> None:
    page, text = open_page(name), VERSES[0]
    (expected,) = models[name].write_all([text], Search(beams=1))
    page.find("rewrite-source").send_keys(text)
    page.wait_for(lambda: page.find("rewrite-target").get_attribute("textContent").strip() == expected)
    parts = page.find("rewrite-target").find_elements(By.TAG_NAME, "span")
    ActionChains(page.chrome).move_to_element(parts[-1]).perform()
    looked = [
        part.value_of_css_property("background-color")
        for part in page.find("rewrite-read").find_elements(By.TAG_NAME, "span")
    ]
    assert len(set(looked)) > 1
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
