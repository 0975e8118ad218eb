"""Compositional hold-out: combinations of known words, with all their variants."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from aigc_tf.data.captioned.combinations import KNOWN, held_out_combinations, near_clusters, reduced, variants_left

COLOURS = ("red", "green", "blue", "white", "black")
THINGS = ("heart", "square", "circle", "flag", "car", "house")
PAIRS = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]


def held_out(captions: list[str], room: int = 6, seed: int = 0, clusters: list[int] | None = None) -> list[str]:
    forms = [[reduced(caption)] for caption in captions]
    numbers = np.arange(len(captions)) if clusters is None else np.array(clusters)
    chosen = held_out_combinations(forms, numbers, room, seed)
    return [caption for caption, held in zip(captions, chosen, strict=True) if held]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Red heart", "the heart, red"),
        ("two hearts", "two heart"),
        ("man in tuxedo", "man with a tuxedo"),
        ("红心", "心红"),
    ],
)
def test_captions_that_say_the_same_have_one_form(first: str, second: str) -> None:
    assert reduced(first) == reduced(second)


def test_what_is_said_twice_counts_twice() -> None:
    assert reduced("family: man, boy, boy") != reduced("family: man, boy")
    assert reduced("keycap 1") != reduced("keycap 2")
    assert reduced("the") == ("the",)


def test_every_word_of_what_is_held_out_is_known() -> None:
    held = held_out([*PAIRS, "doughnut", "greece flag"])
    assert len(held) == 6
    left = Counter(word for caption in set(PAIRS) - set(held) for word in caption.split())
    assert all(left[word] >= KNOWN for caption in held for word in caption.split())


def test_all_variants_of_a_combination_are_held_out() -> None:
    variants = [f"{pair} {size}" for pair in PAIRS for size in ("small", "large")]
    captions = [*PAIRS, *variants]
    held = set(held_out(captions, room=20))
    plain = held & set(PAIRS)
    assert plain
    for pair in plain:
        assert {pair, f"{pair} small", f"{pair} large"} <= held
    forms = {caption: [reduced(caption)] for caption in captions}
    trained = [forms[caption] for caption in captions if caption not in held]
    assert variants_left([forms[caption] for caption in held], trained) == 0
    assert variants_left([[reduced("red")]], trained) > 0


def test_pictures_that_look_the_same_are_on_one_side() -> None:
    clusters = list(range(len(PAIRS)))
    clusters[PAIRS.index("red heart")] = clusters[PAIRS.index("white square")] = 100
    for seed in range(30):
        held = held_out(PAIRS, seed=seed, clusters=clusters)
        assert ("red heart" in held) == ("white square" in held)
    assert any("red heart" in held_out(PAIRS, seed=seed, clusters=clusters) for seed in range(30))


def test_another_seed_holds_out_others_and_the_order_does_not_matter() -> None:
    assert set(held_out(PAIRS)) != set(held_out(PAIRS, seed=1))
    assert set(held_out(PAIRS)) == set(held_out(PAIRS[::-1]))


def test_pictures_saved_anew_are_one_cluster() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (4, 8, 8, 3)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    pictures[2] = np.clip(pictures[0].astype(int) + random.integers(-3, 4, pictures[0].shape), 0, 255)
    assert near_clusters(pictures).tolist() == [0, 1, 0, 3]
