"""Table generators learn dependencies, sample under conditions, and their files agree."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.cli.sample import main
from aigc_tf.data.tables.opening import open_source
from aigc_tf.data.tables.scheme import Category, Number, Scheme
from aigc_tf.errors import InputError
from aigc_tf.families.create import create
from aigc_tf.families.tables.heads import ColumnSoftmax, choice_nats, relaxed_choices
from aigc_tf.metrics.tables.fidelity import marginal_distances
from aigc_tf.modalities.tables import Conditions
from aigc_tf.recipes.dp_table_vae import DPTableVAE
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings
from aigc_tf.recipes.table_gan import TableGAN
from aigc_tf.recipes.table_vae import TableVAE

NEVER = LoggingSettings(samples_every=10_000, evaluate_every=10_000)

FAST = AdamSettings(learning_rate=5e-3, beta_1=0.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = TableVAE(steps=700, hidden_units=(64,), optimizer=AdamSettings(learning_rate=5e-3), logging=NEVER)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("rows") / "run")


def test_it_learns_marginals_and_what_goes_with_what(run: aigc_tf.Run):
    scheme, rows = run.source.scheme, run.source.train
    made = run.model.values(2000, seed=1)
    assert marginal_distances(scheme, made, rows).mean() < 0.08
    weight, sex = scheme.place("weight"), scheme.place("sex")
    means = [[np.nanmean(part[part[:, sex] == kind, weight]) for kind in (0, 1)] for part in (made, rows)]
    np.testing.assert_allclose(means[0], means[1], atol=5)  # 64 and 83 kg
    gaps = [np.isnan(part[:, weight]).mean() for part in (made, rows)]
    assert gaps[0] == pytest.approx(gaps[1], abs=0.04) and gaps[1] > 0.03


def test_conditions_hold_and_rows_follow(run: aigc_tf.Run):
    cells = run.generate(50, seed=3, condition=["sex=female", "age>=60"])
    assert set(cells[:, 1]) == {"female"} and min(cells[:, 0]) >= 60
    heavy = run.generate(300, seed=3, condition={"sex": "male"})
    light = run.generate(300, seed=3, condition="sex=female")
    means = [np.mean([cell for cell in part[:, 3] if cell is not None]) for part in (light, heavy)]
    assert means[1] > means[0] + 10
    with pytest.raises(InputError, match=r"0 of 100,500 generated rows have age>200: ask for something less rare"):
        run.generate(1, condition="age>200")


def test_more_rows_begin_with_the_same_ones(run: aigc_tf.Run):
    np.testing.assert_array_equal(run.generate(700, seed=5)[:20], run.generate(20, seed=5))


def test_the_command_writes_and_prints_csv(run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main([str(run.path), "--count", "30", "--condition", "sex=male", "recovered=yes", "--out", str(tmp_path / "r.csv")])
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30 and {(row["sex"], row["recovered"]) for row in rows} == {("male", "yes")}
    assert all(row["age"].isdecimal() for row in rows)
    capsys.readouterr()
    main([str(run.path), "--count", "3"])
    assert capsys.readouterr().out.splitlines()[0] == "age,sex,smoker,weight,dose,response,recovered"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("sexx=male", "there is no column sexx: did you mean sex?"),
        ("sex=mail", "sex is never mail: did you mean male?"),
        ("sex>male", "sex is a category: ask for one with ="),
        ("age=old", "age=old: age is a column of numbers, give one"),
        ("age", "age is not a condition: write it as column=value"),
    ],
)
def test_conditions_that_mean_nothing(word: str, message: str, run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main([str(run.path), "--condition", word])
    error = capsys.readouterr().err
    assert ended.value.code == 2 and message in error


def test_what_a_condition_is_called(run: aigc_tf.Run):
    conditions = Conditions(run.model.scheme)
    assert conditions.show(conditions.parse(["sex=male", "age<=30"])) == "sex=male, age<=30"


def test_the_file_draws_the_rows_that_keras_draws(run: aigc_tf.Run):
    from aigc_tf.export.runner import Runner

    exported = run.export(measure=False, compare_with_keras=False)
    inputs = run.model.signatures()["generate"].examples(50, 0)
    found = Runner(exported.path).map("generate", inputs)
    row, deviation = (part.numpy() for part in run.model.drawer()(tf.constant(inputs["latent"])))
    np.testing.assert_allclose(found["row"], row, atol=1e-5)
    one, other = (
        run.model.cells_of(values, noise, np.random.default_rng(0))
        for values, noise in ((row, deviation), (found["row"], found["deviation"]))
    )
    assert (np.isclose(one, other, equal_nan=True)).mean() > 0.99
    columns = run.model.export_metadata()["columns"]
    assert [column["name"] for column in columns] == list(run.model.scheme.names)


def test_a_gap_has_no_place_in_the_bound(run: aigc_tf.Run):
    model, scheme = run.model, run.model.scheme
    rows = scheme.encode(run.source.train)
    at = scheme.numeric.index(scheme.place("weight"))
    gaps = np.isnan(run.source.train[:, scheme.place("weight")])
    moved = rows.copy()
    moved[:, at] += 0.3
    parameters = model.decoder(np.zeros((len(rows), model.latent_dim), np.float32))
    nats = [np.asarray(model.nats(parameters, tf.constant(part))) for part in (rows, moved)]
    np.testing.assert_array_equal(nats[0][gaps], nats[1][gaps])
    assert gaps.any() and (nats[0][~gaps] != nats[1][~gaps]).all()


SCHEME = Scheme((Number("a", (1.0,), (0.0,), (1.0,), -4.0, 4.0, 1), Category("b", (0.5, 0.5), ("x", "y"))))


def test_the_chances_of_each_column_sum_to_one():
    logits = tf.constant([[5.0, 0.0, np.log(3.0)]])
    np.testing.assert_allclose(ColumnSoftmax((1, 2))(logits), [[1.0, 0.25, 0.75]], rtol=1e-6)
    nats = choice_nats(SCHEME, logits, tf.constant([[1.0, 0.0, 1.0]]))
    np.testing.assert_allclose(nats, [[0.0, -np.log(0.75)]], atol=1e-6)


def test_relaxed_choices_are_drawn_by_their_chances():
    logits = tf.repeat(tf.constant([[0.0, 0.0, np.log(3.0)]]), 4000, axis=0)
    drawn = relaxed_choices(SCHEME, logits, 0.05, keras.random.SeedGenerator(0)).numpy()
    np.testing.assert_allclose(drawn[:, 1:].sum(axis=1), 1, rtol=1e-5)
    assert (drawn[:, 2] > 0.5).mean() == pytest.approx(0.75, abs=0.03) and np.median(drawn[:, 1:].max(axis=1)) > 0.99


def test_the_generator_gives_what_it_is_asked_for(tmp_path: Path):
    run = aigc_tf.train(
        dataclasses.replace(TableGAN.tiny(), steps=120, generator_optimizer=FAST, logging=NEVER), tmp_path
    )
    model, random = run.model, np.random.default_rng(0)
    (where,) = model.condition.parse(["smoker=yes"])
    share = (model.drawn(random, where)[:, 2] == 1).mean()
    assert share > 0.6 > (model.drawn(random, ())[:, 2] == 1).mean()


def test_tables_of_one_kind_of_columns():
    random = np.random.default_rng(0)
    numbers = {"a": random.normal(size=80).tolist(), "b": random.normal(size=80).tolist()}
    names = {"a": random.choice(["x", "y"], 80).tolist(), "b": random.choice(["u", "v", "w"], 80).tolist()}
    for recipe in (TableVAE.tiny(), TableGAN.tiny()):
        for data in (numbers, names):
            source = open_source(recipe, data)
            model = create(recipe, scheme=source.scheme)
            logs = model.train_step(next(iter(source.batches(recipe.batch_size, 0))))
            assert all(np.isfinite(float(value)) for value in logs.values())
            assert model.generate(5).shape == (5, 2) and model.signatures()


def test_a_private_step_clips_each_row():
    recipe = DPTableVAE.tiny()
    from aigc_tf.privacy.poisson import open_source as open_private

    source = open_private(recipe)
    model = create(recipe, **source.assets_for(recipe))
    logs = model.train_step(next(iter(source.batches(32, 0))))
    assert float(logs["clipped_share"]) > 0 and source.promises["guarantee"].epsilon(recipe.steps) <= 3.0 + 1e-2
    assert "differential privacy" in source.scheme.card_section(0)
