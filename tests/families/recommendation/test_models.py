"""Recommenders: learning tastes, explanations, and the papers' methods."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.cli.transform import main
from aigc_tf.data.ratings.opening import open_source
from aigc_tf.families.create import create
from aigc_tf.families.recommendation.mult_vae import multinomial_nats
from aigc_tf.families.recommendation.recvae import log_density
from aigc_tf.metrics.ratings.baselines import popularity_scores
from aigc_tf.metrics.ratings.ranking import mean_ndcg
from aigc_tf.recipes.cfgan import CFGAN
from aigc_tf.recipes.mult_vae import MultVAE
from aigc_tf.recipes.recommendation import RecommendationRecipe
from aigc_tf.recipes.recvae import RecVAE
from aigc_tf.recipes.settings import LoggingSettings

NEVER = LoggingSettings(samples_every=10_000, evaluate_every=10_000)
LEARNING = {
    "mult_vae": MultVAE(steps=200, units=(32,), latent_dim=8, logging=NEVER),
    "recvae": RecVAE(steps=200, units=32, depth=2, latent_dim=8, logging=NEVER),
    "cfgan": CFGAN(steps=300, units=32, discriminator_units=16, logging=NEVER),
}


@pytest.mark.parametrize("recipe", LEARNING.values(), ids=LEARNING)
def test_it_learns_what_goes_with_what(recipe: RecommendationRecipe, tmp_path: Path):
    """Users of the synthetic ratings like two kinds of films: far better than popularity."""
    run = aigc_tf.train(recipe, tmp_path / "run")
    users = run.source.test
    gain = mean_ndcg(run.model.scores(users.given.toarray()), users)
    assert gain > mean_ndcg(popularity_scores(run.source.train.given, users.given), users) + 0.05


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    return aigc_tf.train(LEARNING["mult_vae"], tmp_path_factory.mktemp("liked") / "run")


def test_titles_in_titles_out(run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    main([str(run.path), "--liked", "Western 1", "Western 2", "Western 3", "--count", "5"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and all("%" in line for line in lines)
    assert sum("Western" in line for line in lines) >= 3
    assert not any(line.endswith(("Western 1", "Western 2", "Western 3")) for line in lines)


def test_json_and_reasons(run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    capsys.readouterr()
    main([str(run.path), "--text", "Western 1", "Musical 1", "--count", "8", "--why", "--json"])
    (found,) = json.loads(capsys.readouterr().out)["outputs"]
    assert len(found) == 8 and found[0]["score"] >= found[-1]["score"] > 0
    reasons = {row["title"]: row["because"] for row in found}
    western = next(title for title in reasons if title.startswith("Western"))
    assert reasons[western][0] == "Western 1"


def test_a_file_has_a_title_a_line(run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "likes.txt").write_text("Western 1\nWestern 2\n")
    main([str(run.path), str(tmp_path / "likes.txt"), "--count", "4", "--out", str(tmp_path / "out.csv")])
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 5
    capsys.readouterr()


def test_misspelt_and_unknown_titles_end_with_one_line(run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main([str(run.path), "--liked", "Westren 1"])
    assert ended.value.code == 2
    assert "no item is called Westren 1: did you mean Western 1" in capsys.readouterr().err


def test_more_than_there_are_gives_all_others(run: aigc_tf.Run):
    (found,) = run.transform([["Western 1"]], count=10_000)
    assert len(found.titles) == len(run.model.items) - 1
    assert sum(found.scores) == pytest.approx(1, abs=1e-3)


def test_the_file_lists_what_keras_lists(run: aigc_tf.Run):
    from aigc_tf.export.runner import Runner

    exported = run.export(measure=False, compare_with_keras=False)
    liked = np.zeros((1, len(run.model.items)), np.float32)
    liked[0, run.model.items.numbers(["Western 1", "Drama 4"])] = 1
    found = Runner(exported.path).map("recommend", {"liked": liked})
    (expected,) = run.transform([["Western 1", "Drama 4"]], count=10)
    assert tuple(run.model.items.titles[item] for item in found["items"][0, :10]) == expected.titles
    assert not liked[0, found["items"][0, :100]].any()
    np.testing.assert_array_equal(found["best"][0], found["scores"][0, found["items"][0]])


def test_the_multinomial_likelihood_by_hand():
    logits, liked = np.array([[0.0, np.log(3.0)]]), np.array([[1.0, 1.0]])
    assert float(multinomial_nats(logits, liked)[0]) == pytest.approx(-np.log(0.25) - np.log(0.75))


def test_the_normal_density_by_hand():
    found = log_density(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]), np.array([[0.0, np.log(4.0)]]))
    assert float(found[0]) == pytest.approx(-0.5 * (2 * np.log(2 * np.pi) + 1 + np.log(4.0)))


def test_recvae_moves_one_network_at_a_time_and_its_prior_follows():
    recipe = dataclasses.replace(RecVAE.tiny(), round_steps=3, encoder_steps=2)
    source = open_source(recipe)
    model = create(recipe, **source.assets_for(recipe))
    batch = next(iter(source.batches(16, 0)))
    step = tf.function(model.train_step)

    def changed() -> tuple[bool, bool, bool]:
        networks = (model.encoder, model.before, model.decoder)
        before = [[weight.numpy() for weight in network.weights] for network in networks]
        step(batch)
        return tuple(  # type: ignore[return-value]
            any((old != new.numpy()).any() for old, new in zip(olds, network.weights, strict=True))
            for olds, network in zip(before, networks, strict=True)
        )

    assert [changed() for _ in range(3)] == [(True, False, False), (True, True, False), (False, False, True)]
    for kept, weight in zip(model.before.weights, model.encoder.weights, strict=True):
        np.testing.assert_array_equal(kept.numpy(), weight.numpy())


def test_the_discriminator_of_cfgan_sees_no_more_than_it_may():
    recipe = dataclasses.replace(CFGAN.tiny(), masked=0.0)
    source = open_source(recipe)
    model = create(recipe, **source.assets_for(recipe))
    liked = next(iter(source.batches(16, 0)))["liked"]
    np.testing.assert_array_equal(model.mask(liked).numpy(), liked.numpy())
    some = create(dataclasses.replace(recipe, masked=0.5), **source.assets_for(recipe)).mask(liked).numpy()
    assert (some >= liked.numpy()).all() and 0.4 < some[liked.numpy() == 0].mean() < 0.6
