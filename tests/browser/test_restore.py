"""The exported page for photograph restoration in Chromium: the same output as in Python with the same file."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from aigc_tf.export import Limits, Runner, export_web, exported_model
from aigc_tf.families.create import create
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.upscale import Upscale
from tests.browser.pages import PHONE, Page, phone
from tools.tflite_restore import Squares, read_metadata, restored, squares_of

pytestmark = pytest.mark.browser

RANDOM = np.random.default_rng(0)
PHOTO = np.asarray(Image.fromarray(RANDOM.integers(0, 256, (9, 12), np.uint8)).resize((301, 150)))
TILE = 64


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for recipe in (Upscale.tiny(), Denoise.tiny(), Inpaint.tiny()):
        model = create(recipe)
        for weight in model.used.weights:
            weight.assign(weight + 0.05 * RANDOM.standard_normal(weight.shape))
        export_web(
            exported_model(model, "web", TILE),
            folder / recipe.slug(),
            title=recipe.slug(),
            metadata=model.export_metadata(),
            measure=False,
            limits=Limits(examples=4),
        )
    return {path.name: path for path in folder.iterdir()}


@pytest.fixture
def open_page(folders: dict[str, Path], chromium: Chrome, serve: Callable[[Path], int]) -> Callable[[str], Page]:
    return lambda name: Page(chromium, f"http://{PHONE}:{serve(folders[name])}/", folders[name])


def choose(page: Page, folder: Path, picture: np.ndarray = PHOTO) -> None:
    """Open a picture, uint8 `[height, width]`."""
    Image.fromarray(picture).save(folder / "photo.png")
    page.find("photo").send_keys(str(folder / "photo.png"))


def wait(page: Page) -> None:
    """Wait until it is done."""
    page.wait_for(lambda: page.find("save").is_enabled() and " pixels in " in page.find("restore-note").text)


def expected(page: Page, sigma: float | None = None, mask: np.ndarray | None = None) -> np.ndarray:
    """uint8 `[height, width]`."""
    path = page.folder / "model.tflite"
    runner = Runner(path)
    squares: Squares = squares_of(read_metadata(path), runner.inputs("restore")["image"][0], 0)
    pictures = {"image": PHOTO[..., np.newaxis]} | ({} if mask is None else {"mask": mask[..., np.newaxis]})
    numbers = {} if sigma is None else {"sigma": np.full((1, 1), sigma, np.float32)}
    return restored(lambda **inputs: runner("restore", **inputs), pictures, numbers, squares)[..., 0]


def assert_shows(page: Page, wanted: np.ndarray) -> None:
    shown = page.pixels("#after")[..., 0]
    assert shown.shape == wanted.shape
    assert np.abs(shown.astype(int) - wanted).max() <= 2


def test_a_photograph_of_any_size_goes_in(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("upscale")
    choose(page, tmp_path)
    wait(page)
    assert_shows(page, expected(page))
    np.testing.assert_array_equal(page.pixels("#before")[..., 0], PHOTO)
    assert page.find("restore-note").text.startswith("602 × 300 pixels in ")
    assert [entry for entry in page.chrome.get_log("browser") if entry["level"] == "SEVERE"] == []
    loaded = page.script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(PHONE in name for name in loaded)  # nothing is sent or fetched elsewhere


def test_it_is_saved_as_a_file(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("denoise")
    choose(page, tmp_path)
    wait(page)
    page.script(
        "const create = URL.createObjectURL;"
        "URL.createObjectURL = (blob) => { window.saved = blob; return create.call(URL, blob); };"
        "HTMLAnchorElement.prototype.click = function () { window.savedAs = this.download; };"
    )
    page.find("save").click()
    page.wait_for(lambda: page.script("return window.savedAs") == "photo-restored.png")
    encoded = page.chrome.execute_async_script(
        "const reader = new FileReader(); reader.onload = () => arguments[0](reader.result);"
        "reader.readAsDataURL(window.saved)"
    )
    saved = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded.partition(",")[2]))))
    np.testing.assert_array_equal(saved[..., 0], page.pixels("#after")[..., 0])


def test_the_noise_is_told(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("denoise")
    choose(page, tmp_path)
    wait(page)
    assert_shows(page, expected(page, 25))
    page.find("sigma").send_keys(Keys.END)
    page.wait_for(lambda: page.find("sigma-value").text == "75")
    wait(page)
    assert_shows(page, expected(page, 75))


def test_what_is_painted_is_filled(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("inpaint")
    choose(page, tmp_path)
    page.wait_for(page.find("fill").is_enabled)
    stroke = ActionChains(page.chrome).move_to_element_with_offset(page.find("hole"), -100, 0)
    stroke.click_and_hold().move_by_offset(200, 20).release().perform()
    mask = np.where(page.pixels("#hole")[..., 3] > 127, 255, 0).astype(np.uint8)
    assert 0.01 < (mask > 0).mean() < 0.2
    page.find("fill").click()
    wait(page)
    assert_shows(page, expected(page, mask=mask))
    np.testing.assert_array_equal(page.pixels("#after")[..., 0][mask == 0], PHOTO[mask == 0])
    page.find("unpaint").click()
    assert page.pixels("#hole")[..., 3].max() == 0


def test_the_split_shows_before_and_after(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("upscale")
    choose(page, tmp_path)
    wait(page)
    before = "return getComputedStyle(document.getElementById('before')).clipPath"
    assert "50%" in page.script(before)
    page.find("split").send_keys(Keys.HOME)
    assert "100%" in page.script(before)  # all of the input is clipped away: only the output shows
    boxes = [page.find(name).rect for name in ("before", "after")]
    assert boxes[0] == boxes[1]


def test_other_files_are_refused(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("upscale")
    (tmp_path / "not.png").write_text("text")
    page.find("photo").send_keys(str(tmp_path / "not.png"))
    page.wait_for(lambda: page.find("restore-note").text == "not.png is not a picture that this browser can read.")


def test_it_can_be_stopped(open_page: Callable[[str], Page], tmp_path: Path) -> None:
    page = open_page("denoise")
    choose(page, tmp_path, np.tile(PHOTO, (8, 8)))
    page.wait_for(page.find("stop").is_displayed)
    page.find("stop").click()
    assert page.find("restore-note").text == "Stopped." and not page.find("save").is_enabled()


@pytest.mark.parametrize("name", ["denoise", "inpaint"])
def test_it_fits_a_phone_and_every_control_has_a_name(
    open_page: Callable[[str], Page], chromium: Chrome, name: str, tmp_path: Path
) -> None:
    with phone(chromium):
        page = open_page(name)
        choose(page, tmp_path)
        page.wait_for(page.find("view").is_displayed)
        page.wait_for(lambda: not page.find("stop").is_displayed())  # progress is hidden when done
        assert page.script("return document.documentElement.scrollWidth") == 390
        for part in page.chrome.find_elements(By.CSS_SELECTOR, "[hidden]"):
            page.chrome.execute_script("arguments[0].hidden = false", part)
        controls = page.chrome.find_elements(By.CSS_SELECTOR, "button, input, canvas[role], progress")
        assert len(controls) > 7 and all(control.accessible_name for control in controls)
