"""Near-duplicates of pairs."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.pairs.clusters import clusters

LONG = "this package contains the header files that are needed to compile programs against the library called {}"


def same(*pairs: tuple[str, str]) -> bool:
    """Whether the given pairs form one cluster, separate from other pairs."""
    others = [("a text of other words", "something else"), ("and one more of these", "nothing at all here")]
    found = clusters([*zip(*pairs, *others, strict=True)])
    assert len(set(found[len(pairs) :])) == 2 and not set(found[len(pairs) :]) & set(found[: len(pairs)])
    return len(set(found[: len(pairs)])) == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Choose Format - Page 3!", "choose format: page 17", True),  # except for case, digits and punctuation
        ("Choose Format - Page", "Choose Format - Line", False),
        ("9 May 1998", "10 May 1997", False),  # too few words to ignore digits
        ("Page  One", "page one", True),
        (LONG.format("one"), LONG.format("another"), True),
        (LONG.format("one"), " ".join(reversed(LONG.split())), False),
        (
            "这是软件手册里的一个很长的句子，说明怎样打开文件。",
            "这是软件手册里的一个很长的句子，说明怎样关闭文件。",
            True,
        ),
        ("打开文件的方法", "关闭窗口的办法", False),
    ],
)
def test_texts_that_say_nearly_the_same_are_one_cluster(one: str, other: str, expected: bool):
    assert same((one, "first target text"), (other, "second result words")) == expected
    assert same(("first source text", one), ("second origin words", other)) == expected


def test_clusters_are_joined_over_both_sides():
    assert same(("a b c d", "x y z v"), ("e f g h", "x y z v"), ("e f g h", "p q r s"))


def test_the_order_of_pairs_changes_nothing():
    random = np.random.default_rng(0)
    words = [f"w{chr(97 + number)}" for number in range(12)]
    texts = [" ".join(random.choice(words, 6)) for _ in range(300)]
    order = random.permutation(300)
    first = clusters([texts, [f"t {text}" for text in texts]])
    moved = [texts[row] for row in order]
    second = clusters([moved, [f"t {text}" for text in moved]])
    alike = first[:, None] == first
    np.testing.assert_array_equal(alike[order][:, order], second[:, None] == second)
