"""Two towers that learn to match words and pictures (CLIP), and search with them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import aigc_tf
from aigc_tf.cli.transform import main as transform
from aigc_tf.data.captioned.opening import open_source
from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.errors import InputError
from aigc_tf.families.matching.model import Matcher
from aigc_tf.metrics.captioned.matching import Matching, MatchingRank, ranks, recall
from aigc_tf.metrics.evaluator import Request
from aigc_tf.modalities.rankings import ranked
from aigc_tf.nn.losses import contrastive_nats
from aigc_tf.nn.towers import MeanOfWords
from aigc_tf.recipes.match import Match


@pytest.fixture(scope="module")
def source():
    return open_source(Match.tiny())


@pytest.fixture(scope="module")
def matcher(source) -> Matcher:
    return aigc_tf.create(Match.tiny(), captions=source.captions)


def test_the_loss_is_the_cross_entropy_both_ways() -> None:
    random = np.random.default_rng(0)
    first, second = random.standard_normal((2, 5, 3)).astype(np.float32)
    logits = 4 * first @ second.T

    def nats(logits: np.ndarray) -> float:
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - np.diag(logits)))

    expected = 0.5 * (nats(logits) + nats(logits.T))
    np.testing.assert_allclose(contrastive_nats(first, second, 4.0), expected, rtol=1e-5)


def test_what_comes_after_the_end_of_a_caption_does_not_count() -> None:
    vectors = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    mean = MeanOfWords()(vectors, np.array([[5, 6, 0, 0]], np.int32))
    np.testing.assert_allclose(mean, vectors[:, :2].mean(axis=1))
    np.testing.assert_allclose(MeanOfWords()(vectors, np.zeros((1, 4), np.int32)), 0)


def test_it_finds_held_out_combinations_of_shapes(source) -> None:
    """After several hundred small steps, far above chance on unseen pictures."""
    recipe = Match.tiny()
    changes = {"vector_size": 16, "batch_size": 32, "filters": (16, 32), "steps": 300}
    recipe = type(recipe)(**(vars(recipe) | changes | {"optimizer": type(recipe.optimizer)(learning_rate=5e-3)}))
    model = aigc_tf.create(recipe, captions=source.captions)
    step = tf.function(model.train_step)
    for batch in source.batches(recipe.batch_size, 0).take(300):
        step(batch)
    found = Matching().measure(model, source, recipe, Request(part="test", samples=100)).figures
    assert found["recall_at_10"].value > 2 * found["recall_at_10"].baselines["chance"]
    assert found["median_rank"].value < 0.4 * found["median_rank"].baselines["chance"]


def test_a_query_alone_is_found_as_among_others(matcher: Matcher, source) -> None:
    pictures, texts = source.pairs("test", 3)
    queries = [*texts, *pictures]
    together = matcher.transform(queries, found=5)
    assert [matcher.transform([query], found=5)[0] for query in queries] == together
    assert all(len(ranking) == 5 for ranking in together)
    (best,) = matcher.transform([source.captions.known[7]], found=1)
    assert best == ((source.captions.known[7], 1.0),)


def test_words_are_labels(matcher: Matcher, source) -> None:
    (ranking,) = matcher.transform(source.inputs("test", 1), among=["red", "blue", "green"])
    assert sorted(name for name, _ in ranking) == ["blue", "green", "red"]
    with pytest.raises(InputError, match="give one of them"):
        matcher.transform(["red"], against="folder", among=["blue"])
    with pytest.raises(InputError, match="no word of the training captions"):
        matcher.transform(["mauve"])


def test_a_folder_is_searched_by_words_and_by_a_picture(
    source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = aigc_tf.train(Match(**(vars(Match.tiny()) | {"steps": 1})), tmp_path / "run")
    folder = tmp_path / "pictures"
    folder.mkdir()
    for row, picture in enumerate(source.inputs("test", 6)):
        Image.fromarray(picture).save(folder / f"{row}.png")
    transform([str(run.path), "red circle", "--against", str(folder), "--out", str(tmp_path / "sheet.png")])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 3 * 64
    capsys.readouterr()
    transform([str(run.path), str(folder / "3.png"), "red circle", "--against", str(folder), "--found", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and lines[2] == "---"
    assert "1.000" in lines[0] and lines[0].endswith("3.png")
    with pytest.raises(SystemExit) as stopped:
        transform([str(run.path), "nowhere.png", "--against", str(folder)])
    assert stopped.value.code == 2


def test_ranks_count_wrong_ones_before_the_best_right_one() -> None:
    fit = np.array([[0.9, 0.8, 0.1], [0.2, 0.3, 0.4]])
    right = np.array([[False, True, False], [True, True, False]])
    assert ranks(fit, right).tolist() == [1, 1]
    assert recall(np.array([0, 1, 9, 10]), 10) == 0.75
    assert ranked(["a", "b", "c"], fit[1], 2) == (("c", 0.4), ("b", 0.3))


def test_the_checkpoint_is_chosen_by_the_mean_rank_of_the_right_one() -> None:
    words = np.array([[1.0, 0], [0.6, 0.8], [1, 0.1], [1, 0]])
    pictures = np.array([[1.0, 0], [0, 1], [0.2, 1], [0.9, 0]])
    model = SimpleNamespace(of_words=lambda texts: words, of_pictures=lambda images: pictures)
    source = SimpleNamespace(pairs=lambda part, count: (pictures, ["a", "b", "c", "a"]))
    right = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]], bool)
    fit = words @ pictures.T
    expected = [
        1 + sum(row[~own] > row[own].max()) for scores in (fit, fit.T) for own, row in zip(right, scores, strict=True)
    ]
    assert min(expected) == 1 < max(expected)
    value = MatchingRank().value(model, source, Match.tiny(), 10, "validation")
    assert value == pytest.approx(np.prod(expected) ** (1 / len(expected)))


def test_dropped_words_are_unknown_and_nothing_else_changes(source, monkeypatch: pytest.MonkeyPatch) -> None:
    model = aigc_tf.create(Match.tiny(), captions=source.captions)
    seen, inner = [], model.words.call

    def call(words: tf.Tensor, **options: object) -> tf.Tensor:
        seen.append(words.numpy())
        return inner(words, **options)

    monkeypatch.setattr(model.words, "call", call)
    batch = next(iter(source.batches(64, 0)))
    for _ in range(3):
        model.train_step(batch)
    told, words = np.stack(seen), batch["words"].numpy()
    kept = told == words
    assert set(told[~kept]) == {UNKNOWN}
    assert 0.05 < (~kept).sum() / (3 * (words > 0).sum()) < 0.15
