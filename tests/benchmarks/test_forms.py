"""Verse forms and program syntax, as metrics of generated text."""

from __future__ import annotations

import pytest

from tools.benchmarks.forms import share_of_copied_lines, share_of_quatrains, share_that_parses

FIVE = "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。"
SEVEN = "朝辭白帝彩雲間，千里江陵一日還。兩岸猿聲啼不住，輕舟已過萬重山。"


@pytest.mark.parametrize("poem", [FIVE, SEVEN, FIVE + "\n"])
def test_quatrains_have_four_equal_lines(poem: str) -> None:
    assert share_of_quatrains([poem]) == 1


@pytest.mark.parametrize(
    "poem", ["", FIVE[:-1], FIVE[1:], FIVE + FIVE, FIVE[:12] + SEVEN[16:], FIVE.replace("，", "。"), "春" + FIVE]
)
def test_other_forms_are_none(poem: str) -> None:
    assert share_of_quatrains([poem, FIVE]) == 0.5


def test_programs_are_parsed_without_their_last_line() -> None:
    program = "import os\n\n\ndef f(x):\n    return x + 1\nprint("
    assert share_that_parses([program, program + "\n", "def f(:\n    pass\nx"]) == pytest.approx(1 / 3)
    assert share_that_parses(["x = 1\n" * 18 + "y = (\n" + "z"]) == 0  # the open bracket is in the 19th of 20 lines
    assert share_that_parses(["x = 1\n" * 19 + "y = (\n" + "z"]) == 1


def test_copied_lines_are_counted() -> None:
    assert share_of_copied_lines([FIVE], [FIVE, SEVEN]) == 1
    assert share_of_copied_lines([FIVE[:12] + "甲乙丙丁戊，己庚辛壬癸。"], [FIVE]) == 0.5
