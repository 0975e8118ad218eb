"""Cases for `fuzz` beyond file contents: special files, the environment, the command line, diverged weights."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import shutil
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc_tf.cli import main as program
from aigc_tf.cli.results import deliver
from aigc_tf.data.images.folder import open_folder
from aigc_tf.data.images.prepare import decode_image
from aigc_tf.data.text.opening import open_source as open_texts
from aigc_tf.engine.distribution import join
from aigc_tf.errors import InputError
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.runs import checkpoints
from aigc_tf.runs.run import Run
from aigc_tf.storage.archives import read_arrays
from tools.benchmarks.mutations import STRANGE_NUMBERS, STRANGE_TEXTS, damaged, damaged_json

Case = Callable[[Path, random.Random], None]
SMALL = ImageSettings(height=8, width=8, max_unreadable=0.5)
PIXELS = np.random.default_rng(0).integers(0, 256, (12, 9, 3), np.uint8)
CLUSTER = json.dumps({"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}})
VARIABLES = ("HOME", "AIGC_TF_CACHE", "AIGC_TF_CACHE_LIMIT", "XDG_CACHE_HOME", "KERAS_HOME", "TFDS_DATA_DIR", "USER")
DIVERGED = (float("nan"), float("inf"), float("-inf"), 3e38, -3e38, 1e20, 1e-45)


class RefusedError(InputError):
    """A command exited with status 1 or 2, without a traceback."""


def odd_exif(folder: Path, chance: random.Random) -> None:
    """A picture with damaged EXIF, or with unexpected values in it."""
    exif = Image.Exif()
    exif[0x0112] = chance.choice([1, 6, 0, 9, 65535])
    for tag in chance.sample([0x010F, 0x0110, 0x011A, 0x0132, 0x8769, 0x8825, 0x9003, 0xA005], 4):
        exif[tag] = chance.choice([1, 0.5, "text", b"bytes\0", (1, 2)])
    try:
        content = exif.tobytes()
    except (ValueError, TypeError, AttributeError, struct.error):  # a value that Pillow cannot write
        content = b"Exif\0\0MM\0*\0\0\0\x08"
    if chance.random() < 0.8:
        content = content[:6] + damaged(content[6:], chance)
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, chance.choice(["JPEG", "PNG", "WEBP"]), exif=content[:60_000])
    decode_image(file.getvalue(), SMALL)


def special_file(path: Path, chance: random.Random) -> None:
    """A pipe, a socket, a device, a link to nothing or to itself, a recursive folder."""
    kind = chance.choice(["pipe", "socket", "/dev/zero", "/dev/random", "/dev/null", "nowhere", "itself", "above"])
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as made, contextlib.suppress(OSError):
            made.bind(str(path))  # the path may be too long
    else:
        path.symlink_to({"nowhere": "nothing", "itself": path.name, "above": ".."}.get(kind, kind))


def in_folders(folder: Path, chance: random.Random) -> None:
    """Special files among pictures or texts."""
    names = ["a.png", "b.jpg", "c.txt", "d.md", "e.PNG", "f", ".hidden.png"]
    for name in chance.sample(names, chance.randint(1, 4)):
        special_file(folder / name, chance)
    for number in range(chance.randint(0, 4)):
        Image.fromarray(PIXELS).save(folder / f"good{number}.png")
        (folder / f"good{number}.txt").write_text("Im Anfang war das Wort, " * 40)
    way = chance.randrange(4)
    if way == 0:
        open_folder(folder, SMALL)
    elif way == 1:
        open_texts(CharRNN(source=str(chance.choice([folder, folder / "c.txt"]))))
    else:
        modality = Pictures(SMALL) if way == 2 else Text()
        for _ in modality.read_all(modality.find([chance.choice([folder, *folder.iterdir()])]), 4):
            pass


def environment(folder: Path, chance: random.Random) -> None:
    """Environment variables with invalid, huge or missing values, for everything that reads them."""
    Image.fromarray(PIXELS).save(folder / "a.png")
    (folder / "file").touch()
    values = [*STRANGE_TEXTS[3:], "~nobody-at-all", "~", str(folder / "file"), str(folder / "new"), "/dev/null/x", "-1"]
    given: dict[str, str | None] = {
        name: chance.choice([None, *values]) for name in chance.sample(VARIABLES, chance.randint(1, 4))
    }
    if chance.random() < 0.7:
        given["TF_CONFIG"] = chance.choice([damaged_json(CLUSTER, chance), chance.choice(values)])
    with changed_environment(given, folder):
        join("one")
        open_folder(folder, SMALL)
        called(["cache", *chance.choice([(), ("--clear",)])])


@contextmanager
def changed_environment(given: Mapping[str, str | None], folder: Path) -> Iterator[None]:
    """Set environment variables temporarily; None removes one. Values that the system does not allow are skipped."""
    before, place = dict(os.environ), Path.cwd()
    os.chdir(folder)  # for relative paths
    try:
        for name, value in given.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                with contextlib.suppress(ValueError, UnicodeEncodeError):
                    os.environ[name] = value
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ.update(before)


def diverged(models: Mapping[Path, GenerativeModel]) -> Case:
    """Runs with weights that are not finite, or far too large."""

    def case(folder: Path, chance: random.Random) -> None:
        template = chance.choice(list(models))
        model: Any = models[template]
        run = shutil.copytree(template, folder / "run")
        path = checkpoints.path_of(run / "checkpoints", 2)
        arrays = read_arrays(path)
        names = [name for name, array in arrays.items() if array.dtype.kind == "f" and array.size]
        for name in chance.sample(names, chance.randint(1, min(3, len(names)))):
            value = chance.choice(DIVERGED)
            arrays[name] = arrays[name].copy()
            first = chance.randrange(arrays[name].size)
            arrays[name].reshape(-1)[first : first + chance.choice([1, arrays[name].size])] = value
        np.savez(path, allow_pickle=False, **arrays)
        checkpoints.restore(checkpoints.path_of(run / "checkpoints", Run.open(run).step), model.state())
        if isinstance(model, Draws):
            out = None if model.gives.is_printed else folder / f"out{model.gives.writes[0]}"
            deliver(model.gives, out, model.generate_batches(2, 0), 2, {})

    return case


def arguments(runs: Sequence[Path]) -> Case:
    """Flags of all commands with unexpected values, passed to the console command in this process."""

    def case(folder: Path, chance: random.Random) -> None:
        run = shutil.copytree(chance.choice(runs), folder / "run")
        Image.fromarray(PIXELS).save(folder / "a.png")
        (folder / "a.txt").write_text("Im Anfang")
        command = chance.choice([*VERBS, *VERBS, "export", "train"])
        words = [command, *chance.choice([[str(run)]] * 6 + [[], [strange_word(folder, chance)]])]
        if command in ("transform", "encode", "score"):
            words += chance.sample([str(folder / "a.png"), str(folder / "a.txt"), str(folder), "nothing"], 1)
        if command == "explore":
            words += [chance.choice(["interpolate", "direction", "traverse", "map", "between", "nearest"])]
        if command == "export":  # invalid, since a real export takes long
            words += ["--batch", chance.choice(["0", "-1", "1e9", str(10**30), "5000", "x"])]
        known = flags(command, run) if command != "train" else ()
        for flag in chance.sample(known, min(len(known), chance.randint(0, 3))):
            words += [flag, *(strange_word(folder, chance) for _ in range(chance.choice([0, 1, 1, 1, 1, 2])))]
        os.chdir(folder)
        called(words if command != "train" else ["train", "mlp_gan", *training_words(folder, chance)])

    return case


VERBS = ("sample", "evaluate", "transform", "encode", "score", "explore", "explain", "forecast", "augment", "cache")


def training_words(folder: Path, chance: random.Random) -> list[str]:
    """Flags of a training run that, unless refused, ends before its first step: its time limit is nearly 0."""
    names = list(flags("train", folder))
    words = ["--source", str(folder), "--run-dir", str(folder / "new"), "--seconds", "1e-9", "--steps", "1"]
    for flag in chance.sample(names, chance.randint(1, 3)):
        words += [flag, strange_word(folder, chance)]
    return words


def strange_word(folder: Path, chance: random.Random) -> str:
    """A random command-line argument."""
    numbers = [str(number) for number in STRANGE_NUMBERS]
    texts = [text for text in STRANGE_TEXTS if "\0" not in text and text.isprintable()]
    paths = [str(folder / name) for name in ("a.png", "a.txt", "new", "new.png", "new.gif", "run", "no/where")]
    others = [os.fsdecode(b"\xff"), "~nobody-at-all", "-", "--", "best", "None", "True", "1", "2", "3", "0.5"]
    return chance.choice(chance.choice([numbers, texts, paths, others]))


@cache
def flags(command: str, run: Path) -> tuple[str, ...]:
    """Flags that a command's help lists."""
    said = io.StringIO()
    words = [command, "mlp_gan"] if command == "train" else [command]
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        program.main([*words, "--help"])
    return tuple(dict.fromkeys(re.findall(r"--[a-z][\w.-]*", said.getvalue())))


def called(words: Sequence[str]) -> None:
    """Call the console command.

    Raises:
        RefusedError: it refused the arguments, with one line or the parser's message.
    """
    said, errors = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
            program.main(list(words))
    except SystemExit as end:
        if end.code in (0, None):
            return
        if end.code not in (1, 2):
            raise RuntimeError(f"{words}: status {end.code}") from end
        raise RefusedError("refused") from None
    except Exception as error:
        raise RuntimeError(f"{list(words)}: {error!r}") from error


def cases(models: Mapping[Path, GenerativeModel]) -> dict[str, Case]:
    """All cases by name."""
    return {
        "pictures with odd EXIF": odd_exif,
        "special files in folders": in_folders,
        "environment": environment,
        "diverged weights": diverged(models),
        "command lines": arguments(list(models)),
    }
