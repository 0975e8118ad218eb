"""Pages open in the browser, and two host names of their server."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

# A host name other than localhost: as from a phone in the same network, it is plain http, so there is no secure
# context, no cross-origin isolation, and no threads.
PHONE = "phone.test"
ORIGINS = ("localhost", PHONE)
SECONDS = 60


@contextlib.contextmanager
def phone(chrome: Chrome) -> Iterator[None]:
    """Set the screen size of a phone."""
    screen = {"width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": True}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        yield
    finally:
        chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


class Page:
    """An open page."""

    def __init__(self, chrome: Chrome, address: str, folder: Path) -> None:
        self.chrome, self.folder = chrome, folder
        chrome.get_log("browser")  # clears it
        chrome.get(address)
        self.facts = json.loads((folder / "page.json").read_text()) if (folder / "page.json").is_file() else {}
        self.wait_for(lambda: self.find("model").is_displayed() or self.find("error").is_displayed())

    def find(self, name: str):
        return self.chrome.find_element(By.ID, name)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        WebDriverWait(self.chrome, SECONDS, poll_frequency=0.05).until(lambda _: condition())

    def script(self, text: str):
        return self.chrome.execute_script(text)

    def module(self, name: str, expression: str):
        """The value of an expression on an exported module of the page."""
        call = f"import('./{name}').then(module => arguments[0]({expression}))"
        return self.chrome.execute_async_script(call)

    def pixels(self, canvas: str = "#picture") -> np.ndarray:
        """uint8 `[height, width, 4]`."""
        height, width, values = self.script(
            f"const canvas = document.querySelector('{canvas}');"
            "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
            "return [canvas.height, canvas.width, Array.from(data)]"
        )
        return np.array(values, np.uint8).reshape(height, width, 4)

    def assert_shows(self, canvas: str, expected: np.ndarray) -> None:
        """Assert that a canvas shows an image `[height, width, channels]` in [0, 1], which has contrast."""
        assert np.ptp(expected) > 0.3  # not blank
        pixels = self.pixels(canvas)
        assert pixels.shape[:2] == expected.shape[:2] and (pixels[..., 3] == 255).all()
        assert np.abs(pixels[..., :3] / 255 - expected).max() <= 2 / 255

    def change(self, action: Callable[[], object], canvas: str = "#picture") -> None:
        """Do something and wait for a new picture."""
        before = self.pixels(canvas)
        action()
        self.wait_for(lambda: not np.array_equal(self.pixels(canvas), before))
