"""`--invert` and `--mix`: latent inversion, mixing, and the family tree of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.editing import Attribute, Invert
from aigc_tf.cli.explore import explore
from aigc_tf.cli.family import Family
from aigc_tf.cli.sample import Moved, sample
from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families.inversion import invert
from aigc_tf.families.latent_space import spherical
from aigc_tf.families.layer_mixing import LayerMixer
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.flow import Flow
from tests.cli.conftest import IMAGES


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    for number in range(2):
        Image.fromarray(IMAGES[number][..., 0]).save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(2)]


def test_two_pictures_are_mixed_and_their_family_is_kept(
    vae_run: aigc_tf.Run, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree, out = tmp_path / "family.json", tmp_path / "mixed.npy"
    sample(vae_run.path, moved=Moved(invert=files[0], mix=files[1], family=tree), count=6, out=out)
    made = np.load(out)
    assert made.shape == (6, *IMAGES[0].shape)  # the pictures, and four interpolated between their inversions
    np.testing.assert_allclose(made[0], IMAGES[0] / 255, atol=1e-6)
    np.testing.assert_allclose(made[-1], IMAGES[1] / 255, atol=1e-6)
    said = capsys.readouterr().err
    assert said.count("inverted with a PSNR of") == 2 and "their midpoint is member 3" in said
    members = json.loads(tree.read_text())["members"]
    assert [(each["name"], each["made"], each["parents"]) for each in members] == [
        ("1", "inverted", [files[0]]),
        ("2", "inverted", [files[1]]),
        ("3", "mixed", ["1", "2"]),
    ]
    latents = [np.array(each["latent"], np.float32) for each in members]
    np.testing.assert_allclose(latents[2], spherical(*latents[:2], 0.5), rtol=1e-5)
    explore(vae_run.path, Invert(invert="3", mix="1", family=tree, out=tmp_path / "again.npy", count=5))
    again = np.load(tmp_path / "again.npy")
    np.testing.assert_allclose(again[-1], vae_run.model.decode(latents[0][None])[0], atol=1e-5)
    assert json.loads(tree.read_text())["members"][3]["parents"] == ["3", "1"]


def test_what_a_layer_gives_is_mixed_in_place_of_latents(
    vae_run: aigc_tf.Run, files: list[str], tmp_path: Path
) -> None:
    tree, out = tmp_path / "family.json", tmp_path / "mixed.npy"
    options = {"invert": files[0], "mix": files[1], "updates": 3, "family": tree, "out": out, "count": 5}
    explore(vae_run.path, Invert(**options))
    by_latents = np.load(out)
    sample(vae_run.path, moved=Moved(invert="1", mix="2", layer="pixels", family=tree), count=5, out=out)
    by_layer = np.load(out)[-3:]  # family members are not shown with pictures
    np.testing.assert_allclose(by_layer[[0, 2]], by_latents[[1, 3]], atol=1e-5)  # the same endpoints
    logits = np.log(by_latents[[1, 3]]) - np.log1p(-by_latents[[1, 3]])
    np.testing.assert_allclose(by_layer[1], 1 / (1 + np.exp(-logits.mean(axis=0))), atol=1e-4)
    assert len(json.loads(tree.read_text())["members"]) == 3  # a mixture without a latent is not recorded


@pytest.mark.parametrize("recipe", [DCGAN.tiny(), CGAN.tiny()])
def test_mixing_what_a_linear_layer_gives_is_mixing_latents_in_a_straight_line(recipe: DCGAN | CGAN) -> None:
    assets, condition = ({"classes": ClassNames(("dark", "bright"))}, 1) if recipe.assets else ({}, None)
    model = aigc_tf.create(recipe, **assets)
    start, end = model.latents(2, 5)
    mixed = LayerMixer(model, "dense").mixed(start, end, 3, condition)
    expected = model.decode(np.stack([start, (start + end) / 2, end]), condition)
    np.testing.assert_allclose(mixed, expected, atol=1e-5)
    later = LayerMixer(model, "activation_0").mixed(start, end, 3, condition)
    np.testing.assert_allclose(later[[0, 2]], expected[[0, 2]], atol=1e-5)
    assert np.abs(later[1] - expected[1]).max() > 1e-4


def test_layers_that_cannot_be_mixed_are_refused(vae_run: aigc_tf.Run, files: list[str]) -> None:
    with pytest.raises(InputError, match="--layer needs a second picture: --mix"):
        explore(vae_run.path, Invert(invert=files[0], layer="pixels"))
    message = "no layer last: its layers are hidden_0, activation_0, pixels, reshape, likelihood"
    with pytest.raises(InputError, match=message):
        explore(vae_run.path, Invert(invert=files[0], mix=files[1], layer="last", updates=1))


def test_a_model_that_draws_from_other_things_than_a_latent_is_refused() -> None:
    encoder_alone = SimpleNamespace(signatures=lambda: {"encode": SimpleNamespace(inputs={"image": None})})
    with pytest.raises(InputError, match="no network from a latent to a picture"):
        LayerMixer(encoder_alone, "dense")


def test_a_layer_that_is_used_in_each_step_of_a_flow_is_refused() -> None:
    model = aigc_tf.create(Flow.tiny())
    with pytest.raises(InputError, match="the layer last is used 10 times for a picture"):
        LayerMixer(model, "last").mixed(*model.latents(2, 0), 3)


def test_one_picture_stands_beside_its_inversion(vae_run: aigc_tf.Run, files: list[str], tmp_path: Path) -> None:
    explore(vae_run.path, Invert(invert=files[0], out=tmp_path / "one.npy", updates=5))
    assert np.load(tmp_path / "one.npy").shape == (2, *IMAGES[0].shape)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, ...]]:
    """Folders of bright pictures and of dark ones."""
    folder = tmp_path_factory.mktemp("marked")
    for name, least in (("having", 180), ("lacking", 0)):
        (folder / name).mkdir()
        for number in range(3):
            picture = np.random.default_rng(number).integers(least, least + 70, (16, 16), np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number}.png")
    return {name: (folder / name,) for name in ("having", "lacking")}


def pictures_in(marked: dict[str, tuple[Path, ...]]) -> list[np.ndarray]:
    return [
        np.stack([np.array(Image.open(path))[..., None] for path in sorted(folder.iterdir())])
        for (folder,) in marked.values()
    ]


def test_a_picture_moves_along_an_attribute(
    vae_run: aigc_tf.Run,
    files: list[str],
    marked: dict[str, tuple[Path, ...]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tree, out = tmp_path / "family.json", tmp_path / "moved.npy"
    explore(vae_run.path, Attribute(attribute=files[0], **marked, strength=1.5, family=tree, out=out, count=5))
    assert "the attribute: of 6 marked pictures" in capsys.readouterr().err
    made = np.load(out)
    assert made.shape == (5, *IMAGES[0].shape)
    np.testing.assert_allclose(made[0], IMAGES[0] / 255, atol=1e-6)
    members = json.loads(tree.read_text())["members"]
    assert [(each["made"], each["parents"]) for each in members] == [("inverted", [files[0]]), ("moved by 1.5", ["1"])]
    start, end = (np.array(each["latent"], np.float32) for each in members)
    model = vae_run.model
    means = [model.encode(group).mean(axis=0) for group in pictures_in(marked)]
    np.testing.assert_allclose(end - start, 1.5 * (means[0] - means[1]), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(made[-1], model.decode(end[None])[0], atol=1e-5)
    np.testing.assert_allclose(made[1], model.decode(start[None])[0], atol=1e-5)
    explore(vae_run.path, Attribute(attribute="2", **marked, strength=-1.5, family=tree, out=out, count=4))
    np.testing.assert_allclose(np.load(out)[-1], model.decode(start[None])[0], atol=1e-4)  # and back


def test_a_gan_moves_what_it_has_inverted(files: list[str], marked: dict[str, tuple[Path, ...]]) -> None:
    model = aigc_tf.create(DCGAN.tiny())
    moving = Attribute(attribute=files[0], **marked, strength=2, updates=3)
    made, columns = moving.shown(SimpleNamespace(recipe=model.recipe), model, 6)  # type: ignore[arg-type]
    means = [invert(model, group, 3).mean(axis=0) for group in pictures_in(marked)]
    start = invert(model, IMAGES[:1], 3)
    assert len(made) == columns == 6
    np.testing.assert_allclose(made[1], model.decode(start)[0], atol=1e-5)
    np.testing.assert_allclose(made[-1], model.decode(start + 2 * (means[0] - means[1]))[0], atol=1e-4)


def test_an_attribute_needs_a_strength_and_two_pictures_of_each_kind(
    vae_run: aigc_tf.Run, files: list[str], marked: dict[str, tuple[Path, ...]]
) -> None:
    with pytest.raises(InputError, match="--strength is 0"):
        explore(vae_run.path, Attribute(attribute=files[0], **marked, strength=0))
    single = {"having": (Path(files[1]),), "lacking": marked["lacking"]}
    with pytest.raises(InputError, match="1 pictures have the attribute and 3 lack it: mark at least two"):
        explore(vae_run.path, Attribute(attribute=files[0], **single))


def test_what_is_no_family_is_refused(vae_run: aigc_tf.Run, tmp_path: Path) -> None:
    tree = tmp_path / "family.json"
    for text, message in (
        ("[]", "is not a family tree"),
        ('{"members": [], "weights": "other"}', "of other weights"),
    ):
        tree.write_text(text)
        with pytest.raises(InputError, match=message):
            explore(vae_run.path, Invert(invert="1", family=tree))
    tree.unlink()
    with pytest.raises(InputError, match="no such member of the family tree"):
        explore(vae_run.path, Invert(invert="7", family=tree))
    assert not tree.exists()


def test_a_family_reads_back_what_it_keeps(tmp_path: Path) -> None:
    family = Family("abc")
    assert family.add("inverted", np.array([0.5, -1.25]), ["a.png"]) == "1"
    family.keep(tmp_path / "tree.json")
    found = Family.read(tmp_path / "tree.json", "abc", np.negative)
    np.testing.assert_array_equal(found.latent_of("1"), [0.5, -1.25])


def test_a_page_keeps_the_numbers_behind_latents(tmp_path: Path) -> None:
    member = {"name": "1", "made": "drawn", "parents": ["seed 7, sample 3"], "numbers": [0.5, -1]}
    (tmp_path / "tree.json").write_text(json.dumps({"weights": "abc", "members": [member]}))
    family = Family.read(tmp_path / "tree.json", "abc", lambda normal: 2 * normal + 1)
    np.testing.assert_array_equal(family.latent_of("1"), [2, -1])
    family.keep(tmp_path / "again.json")
    (again,) = Family.read(tmp_path / "again.json", "abc", np.negative).members
    assert again.latent == (2, -1) and again.parents == ("seed 7, sample 3",)
    (tmp_path / "tree.json").write_text(json.dumps({"weights": "abc", "members": [member | {"numbers": "no"}]}))
    with pytest.raises(InputError, match="is not a family tree"):
        Family.read(tmp_path / "tree.json", "abc", np.negative)
