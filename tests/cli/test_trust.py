"""The commands `explain` and `attack`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.cli.attack import main as attack
from aigc_tf.cli.attack import number
from aigc_tf.cli.explain import main as explain
from aigc_tf.errors import InputError


def test_a_report_has_maps_verdicts_and_nothing_from_elsewhere(
    vae_run: aigc_tf.Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = [str(photos / "a.png"), "--out", str(tmp_path / "sub" / "report.html"), "--tensorboard"]
    explain([str(vae_run.path), *words])
    printed = capsys.readouterr()
    events = vae_run.path / "tensorboard" / "explanation"
    assert printed.out.split() == [str(tmp_path / "sub" / "report.html"), str(events)]
    assert len(list(events.iterdir())) == 1
    page = (tmp_path / "sub" / "report.html").read_text()
    for method in ("integrated gradients", "SmoothGrad", "occlusion"):
        assert f"{method}: " in printed.err and f"<td>{method}</td>" in page
    assert page.count("<img") >= 6 and "http" not in page and "A surrogate tree" in page
    assert f"{photos / 'a.png'}: {vae_run.model.score_meaning}" in page


def test_without_inputs_the_latents_are_explained(vae_run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    explain([str(vae_run.path)])
    page = Path(capsys.readouterr().out.strip())
    assert page == vae_run.path / "explanation.html"
    assert "4 dimensions make half of all changes" in page.read_text()


def test_an_attack_reports_falling_figures(vae_run: aigc_tf.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    words = ["--epsilon", "1/4", "--steps", "3", "--queries", "5", "--out", str(tmp_path / "plot.png")]
    attack([str(vae_run.path), *words, "--json"])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["figure"] == "auroc" and report["at"] == [0, 0.0625, 0.125, 0.25]
    assert set(report["attacks"]) == {"fgsm", "pgd", "square"}
    for values in report["attacks"].values():
        assert values[0] == report["attacks"]["fgsm"][0] and values[-1] <= values[0]
    assert (tmp_path / "plot.png").stat().st_size > 3000
    attack([str(vae_run.path), *words, "--norm", "l2"])
    assert "fgsm" in (out := capsys.readouterr().out) and "square" not in out


def test_members_are_asked_for(vae_run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]):
    attack([str(vae_run.path), "--members", "--samples", "20", "--json"])
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(report["auc"]) == {"nearest sample", "loss"} and report["samples"] == 100
    attack([str(vae_run.path), "--members", "--samples", "20"])
    assert "chance is 0.500" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        (attack, ["--epsilon", "0"], "--epsilon is 0: give a number above 0"),
        (attack, ["--epsilon", "1/0"], "--epsilon is 1/0"),
        (attack, ["--steps", "0"], "--steps is 0"),
        (attack, ["--out", "plot.jpg"], "choose a name that ends in .png"),
        (attack, ["--judge", "classifier"], "has no labels of several classes"),
        (explain, ["nowhere.png"], "nowhere.png does not exist"),
        (explain, ["--also", "shap"], "no inputs are named"),
    ],
)
def test_what_cannot_be_gets_one_line(
    vae_run: aigc_tf.Run, command: object, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        command([str(vae_run.path), *words])  # type: ignore[operator]
    assert caught.value.code == 2 and message in capsys.readouterr().err


def test_epsilon_may_be_a_fraction():
    assert number("8/255") == pytest.approx(0.03137, abs=1e-5) and number("0.5") == 0.5
    with pytest.raises(InputError, match="--epsilon is x"):
        number("x")
