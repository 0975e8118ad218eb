"""Write synthetic recordings of the ten English digits in many voices, synthesised by eSpeak NG.

    apt-get install espeak-ng
    python -m tools.make_spoken_digits FOLDER [--settings 300]
    python -m trainers.sound_gan --source FOLDER --sound.group "^([a-z0-9]+)-"

FOLDER gets a sub-folder for each digit, the class, with a WAV file for each setting of voice, accent, pitch and rate:
`seven/f3-en-us-p42-s150.wav`. A name begins with its voice: the group above keeps all recordings of a voice in the same
split. These recordings are synthetic: say so wherever they are used. The same settings give the same files with the
same version of eSpeak NG.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from aigc_tf.cli.command import command
from aigc_tf.errors import InputError

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NAMES = (
    "f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 Alex Alicia Andrea Andy Annie Denis Diogo Gene Henrique Hugo "
    "Jacky Lee Marco Mario Michael Mike adam anika antonio aunty belinda benjamin boris caleb david ed "
    "edward edward2 grandma grandpa gustave linda max michel miguel norbert pablo paul pedro quincy rob "
    "robert sandro shelby steph travis victor zac"
)
VOICES = tuple(_NAMES.split())
"""Variants of eSpeak NG that sound human; robots and whispers are excluded."""
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
PITCHES, RATES = (30, 70), (120, 200)  # 0 to 99; words per minute


def settings_of(count: int) -> Iterator[tuple[str, str, int, int]]:
    """Distinct settings of voice, accent, pitch and rate; the voices take turns."""
    drawn = random.Random(0)
    for number in range(count):
        voice = VOICES[number % len(VOICES)]
        accent = ACCENTS[number // len(VOICES) % len(ACCENTS)]
        yield voice, accent, drawn.randint(*PITCHES), drawn.randint(*RATES)


def speak(word: str, voice: str, accent: str, pitch: int, rate: int, path: Path) -> None:
    """Write one word as a WAV file.

    Raises:
        InputError: eSpeak NG does not know the voice.
    """
    options = ["-v", f"{accent}+{voice}", "-p", str(pitch), "-s", str(rate), "-w", str(path)]
    done = subprocess.run(["espeak-ng", *options, word], capture_output=True, text=True, check=False)
    if done.returncode or not path.exists():
        raise InputError(f"espeak-ng {' '.join(options)} failed: {done.stderr.strip() or 'no file was written'}")


def make_spoken_digits(folder: Annotated[Path, tyro.conf.Positional], settings: int = 300) -> None:
    """Write synthetic recordings of the ten digits.

    Args:
        folder: Output folder, with a sub-folder for each digit.
        settings: Number of settings of voice, accent, pitch and rate; each speaks all digits.
    """
    if shutil.which("espeak-ng") is None:
        raise InputError("there is no espeak-ng: install it, on Debian with apt-get install espeak-ng")
    for word in DIGITS:
        (folder / word).mkdir(parents=True, exist_ok=True)
    for voice, accent, pitch, rate in settings_of(settings):
        for word in DIGITS:
            name = f"{voice.lower()}-{accent}-p{pitch}-s{rate}.wav"
            speak(word, voice, accent, pitch, rate, folder / word / name)
    print(f"{folder}: {settings * len(DIGITS):,} synthetic recordings, spoken by eSpeak NG")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(make_spoken_digits, arguments)


if __name__ == "__main__":
    main()
