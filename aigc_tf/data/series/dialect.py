"""Detects the encoding and the delimiter of a table."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice

from aigc_tf.errors import UnreadableError, printable

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ",": "commas"}
_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_SAMPLE = 50  # rows used to detect the delimiter
_DECLARED = re.compile(r"sep=(.)\n")  # first line of files that Excel writes for itself


def decode(content: bytes, encoding: str = "auto", part: str = "series") -> tuple[str, str]:
    """Decode the content of a table file, with line ends as `\
    `; also returns the name of its encoding.

    Args:
        content: the file's content.
        encoding: Python's name for it; "auto" follows a byte order mark, or else takes the first that fits of UTF-8,
            UTF-16, GB18030 (only if most bytes beyond ASCII are pairs that are common in Chinese) and cp1252.
        part: part of the recipe with the setting that messages mention.

    Raises:
        UnreadableError: the content is in another encoding, not text, or empty.
    """
    name = _encoding_of(content, part) if encoding == "auto" else encoding
    try:
        text = content.decode(name)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableError(f"is not in {name}, see line {line}: name its encoding with {part}.encoding") from error
    except UnicodeError as error:
        raise UnreadableError(f"is not in {name}: name its encoding with {part}.encoding") from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise UnreadableError(f"is not text, line {text[: text.index(chr(0))].count(chr(10)) + 1} holds NUL")
    if not text.strip():
        raise UnreadableError("is empty: name a file that holds a table")
    return text, name


def split(text: str, delimiter: str = "auto") -> tuple[str, list[tuple[int, list[str]]]]:
    """The delimiter, and for each row its last line number and its cells, stripped of spaces.

    Blank lines and trailing rows of empty cells are dropped.

    Args:
        text: the table's text, not blank.
        delimiter: one character; "auto" follows a first line such as `sep=;`, or else takes the one of `DELIMITERS`
            that splits most of the first 50 rows into as many cells as the first one.

    Raises:
        UnreadableError: quotation marks do not match, or the rows are empty.
    """
    declared = _DECLARED.match(text)
    if delimiter == "auto":
        delimiter = declared[1] if declared else max(DELIMITERS, key=lambda candidate: _fit(text, candidate))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except csv.Error as error:
        raise UnreadableError(f"cannot be read as CSV, see line {reader.line_num}: {printable(str(error))}") from error
    rows = rows[1:] if declared else rows
    while rows and not any(rows[-1][1]):
        rows.pop()
    if not rows:
        raise UnreadableError("is empty: name a file that holds a table")
    return delimiter, rows


def _encoding_of(content: bytes, part: str) -> str:
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    if 3 * max(content[::2].count(0), content[1::2].count(0)) > len(content):
        return "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
    for name in ("utf-8", *(("gb18030", "cp1252") if _looks_chinese(content) else ("cp1252", "gb18030"))):
        try:
            content.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise UnreadableError(f"is in none of UTF-8, UTF-16, GB18030 and cp1252: name its encoding with {part}.encoding")


def _looks_chinese(content: bytes) -> bool:
    """Whether at least half of the bytes beyond ASCII are common characters and symbols of GB 2312.

    Each of these has two bytes. Accented letters in cp1252 mostly stand alone; detectors such as charset-normalizer
    mistake short headers in either encoding for Korean or Japanese.
    """
    runs = re.findall(rb"[\x80-\xff]+", content)
    common = sum(len(re.findall(rb"[\xa1-\xd7][\xa1-\xfe]", run)) for run in runs if len(run) % 2 == 0)
    return 4 * common >= sum(map(len, runs)) > 0


def _fit(text: str, delimiter: str) -> tuple[bool, float, float]:
    """A score of how well a delimiter fits; larger is better."""
    try:
        rows = [row for row in islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _SAMPLE) if row]
    except csv.Error:
        return False, 0, 0
    width = len(rows[0]) if rows else 0
    alike = sum(len(row) == width for row in rows) - 1
    share = alike / (len(rows) - 1) if len(rows) > 1 else 1.0
    # A delimiter that is not in the first row fits a single column if it is in no other row either.
    return (True, share, width) if width > 1 and share > 0.5 else (False, width, share)
