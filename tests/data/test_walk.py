"""Walking through folders: regular files, each once; skipped files are reported."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from aigc_tf.data.paths import existing
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.references import resolve
from aigc_tf.runs.folder import read_recipe

ENDINGS = (".png", ".jpg")


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"content")


def test_endings_in_any_case_in_the_order_of_names(tmp_path: Path) -> None:
    touch(tmp_path, "b.JpG", "a.PNG", "m/n.png", "m.png", "m/d/o.png")
    found = files_below(tmp_path, ENDINGS)
    assert found.files == ["a.PNG", "b.JpG", "m/d/o.png", "m/n.png", "m.png"] and found.left_out == ""


def test_a_pattern_is_compared_without_case(tmp_path: Path) -> None:
    touch(tmp_path, "a.TXT", "b.txt", "c.md")
    assert files_below(tmp_path, pattern="*.Txt").files == ["a.TXT", "b.txt"]


def test_what_is_left_out_is_counted_and_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", *(f"{number}.txt" for number in range(7)), ".b.png", ".c/d.png", "e/.f/g.png", ".notes")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "again").symlink_to(tmp_path)
    found = files_below(tmp_path, ENDINGS)
    assert found.files == ["a.png"]
    assert found.left_out == (
        "3 hidden (.b.png, .c, e/.f), 7 with other names (0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more), "
        "1 pipe, device or socket (pipe.png), 1 read already by another path (again)"
    )


def test_links_are_followed_once_and_a_folder_keeps_its_own_name(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    touch(inside, "z/1.png")
    touch(outside, "2.png", "deep/3.png")
    (inside / "a").symlink_to(inside / "z")
    (inside / "b").symlink_to(outside)
    (inside / "c").symlink_to(outside / "deep")
    (outside / "deep" / "up").symlink_to(inside)
    (inside / "4.png").symlink_to(outside / "2.png")
    assert files_below(inside, ENDINGS).files == ["4.png", "b/2.png", "b/deep/3.png", "z/1.png"]


def test_a_link_to_nowhere_is_for_the_reader_to_report(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    assert files_below(tmp_path, ENDINGS).files == ["gone.png", "self.png"]


def test_a_folder_that_may_not_be_read_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.png", "deep/locked\n/b.png")
    scan = os.scandir

    def scan_unlocked(path: str) -> object:
        if "locked" in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_unlocked)
    with pytest.raises(InputError, match=r"deep/locked\\n cannot be read: Permission denied"):
        files_below(tmp_path, ENDINGS)


def test_names_that_steer_terminals_are_escaped(tmp_path: Path) -> None:
    touch(tmp_path, "a\n\x1b[2J.txt")
    assert files_below(tmp_path, ENDINGS).left_out == r"1 with other names (a\n\x1b[2J.txt)"


def special(folder: Path) -> list[Path]:
    """A pipe, a socket and a device."""
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket.txt"))
    return [folder / "pipe.txt", folder / "socket.txt", Path("/dev/zero")]


def test_pipes_devices_and_sockets_are_refused_by_name_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to("/dev/zero")
    for path in [*special(tmp_path), tmp_path / "link.txt"]:
        with pytest.raises(InputError, match="is a pipe, a device or a socket: name a regular file"):
            existing(str(path), "a file")
        with pytest.raises(InputError, match=r"one of the texts, .* is a pipe, a device or a socket"):
            Text().find([path])


@pytest.mark.parametrize(("recipe", "name"), [(DCGAN, "a.npz"), (CharRNN, "a.txt"), (AR, "a.csv"), (AR, "a.npz")])
def test_no_source_waits_for_a_pipe(recipe: type[Recipe], name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=r"is a pipe, a device or a socket"):
        resolve(recipe.data)(recipe(source=str(tmp_path / name)))


def test_a_folder_of_texts_is_walked_like_one_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "elsewhere").mkdir()
    special(tmp_path / "texts")
    (tmp_path / "texts" / "a.txt").write_text("some words to learn from\n" * 50)
    (tmp_path / "elsewhere" / "B.TXT").write_text("WORDS BEHIND A LINK\n" * 50)
    (tmp_path / "texts" / "linked").symlink_to(tmp_path / "elsewhere")
    source = resolve(CharRNN.data)(CharRNN(source=str(tmp_path / "texts")))
    assert "left out: 2 pipe, device or socket (pipe.txt, socket.txt)" in source.notes
    assert {"w", "W"} <= set(source.vocabulary.symbols)


def test_a_run_folder_is_read_without_opening_a_pipe_or_a_device(tmp_path: Path) -> None:
    """A downloaded run may name any source, and its folder may contain anything."""
    (tmp_path / "recipe.json").write_text(DCGAN(source="/dev/zero").to_json())
    recipe = read_recipe(tmp_path)
    with pytest.raises(InputError, match=r"/dev/zero is a pipe, a device or a socket"):
        resolve(recipe.data)(recipe)
    (tmp_path / "checkpoints").mkdir()
    os.mkfifo(tmp_path / "checkpoints" / "step-00000001.npz")
    with pytest.raises(InputError, match=r"step-00000001.npz is a pipe, a device or a socket"):
        read_recipe(tmp_path)
