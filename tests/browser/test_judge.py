"""The human evaluation sheet, in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from aigc_tf.cli.judging_page import judging_page


def test_answers_by_keys_and_buttons_are_saved(chromium: Any, serve: Any, tmp_path: Path):
    (tmp_path / "index.html").write_text(judging_page("texts", "sheet-1", [("0", "one </script>"), ("1", "two")]))
    chromium.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    chromium.get(f"http://127.0.0.1:{serve(tmp_path)}/index.html")
    assert chromium.find_element(By.ID, "item").text == "one </script>"
    body = chromium.find_element(By.TAG_NAME, "body")
    body.send_keys("r")
    assert chromium.find_element(By.ID, "item").text == "two"
    chromium.find_element(By.ID, "back").click()
    body.send_keys("g")
    chromium.find_element(By.ID, "real").click()
    assert "Done" in chromium.find_element(By.ID, "place").text
    chromium.find_element(By.ID, "rater").send_keys("gr")  # letters of a name are not answers
    chromium.find_element(By.ID, "save").click()
    path = tmp_path / "answers-gr.json"
    WebDriverWait(chromium, 20).until(lambda _: path.exists())
    assert json.loads(path.read_text()) == {
        "sheet": "sheet-1",
        "rater": "gr",
        "answers": {"0": "generated", "1": "real"},
    }
