"""Vocabularies: encode text as characters, bytes, words or subwords, and decode it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.errors import InputError
from aigc_tf.optional import needed
from aigc_tf.recipes.text import TextSettings

BOUNDARY = 0  # before and after each document; it has no text
UNKNOWN = 1
UNKNOWN_TEXT = "\ufffd"
_RESERVED = ("", UNKNOWN_TEXT)
_CODE_POINTS = 0x110000  # in Unicode
_AT_ONCE = 2**20  # characters, or texts
_FIRST_BYTE = 1  # byte b has id b + 1: no byte is unknown
# A word or a run of punctuation with the space before it, or other white space: concatenated they are the text.
_WORD = re.compile(r" ?\w+| ?[^\w\s]+|\s")

Item = TypeVar("Item")


@dataclass(frozen=True, eq=False)
class Vocabulary(Asset):
    """The tokens of a language model, by id."""

    unit: str
    """`character`, `byte`, `word` or `subword`."""
    symbols: tuple[str, ...]
    """The text of each id, empty for the boundary. Bytes beyond ASCII have none of their own."""
    start: int = BOUNDARY
    """BOS: the token that starts generated text if there is no prompt."""
    end: int | None = BOUNDARY
    """EOS: the token that ends a text; None for a model that never stops."""
    tokenizer: str | None = None
    """For subwords: the JSON of the package `tokenizers`."""

    def __len__(self) -> int:
        return len(self.symbols)

    def numbers_in(self, other: Vocabulary) -> np.ndarray:
        """See `Asset.numbers_in`: ids of the same tokens, in any unit."""
        theirs: dict[str, int] = {}
        for number, symbol in enumerate(other.symbols):
            theirs.setdefault(symbol, number)
        named = [theirs.get(symbol, -1) if symbol else -1 for symbol in self.symbols]
        return np.array([theirs[""], *named[1:]])  # the boundary; bytes beyond ASCII have no text either

    @property
    def never_written(self) -> tuple[int, ...]:
        """Ids that are never generated: the unknown token, and the boundary unless it ends texts."""
        unknown = () if self.unit == "byte" else (UNKNOWN,)
        return unknown if self.end == BOUNDARY else (BOUNDARY, *unknown)

    @property
    def has_symbols(self) -> bool:
        """Whether it has any tokens from the text that it was learnt from."""
        return len(self) > len(_RESERVED)

    def encode(self, text: str) -> np.ndarray:
        """Encode a text: int32 `[symbols]`; characters or words outside the vocabulary become the unknown token."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Encode several texts: their concatenated ids, int32, and the length of each, int64 `[texts]`.

        Raises:
            InputError: a text is not Unicode.
        """
        for text in texts:
            refuse_half_characters(text, "a text")
        if self.unit == "character":
            lengths: Iterable[int] = map(len, texts)
            numbers = self._numbers_of_codes[_code_points("".join(texts))]
        elif self.unit == "byte":
            encoded = [text.encode() for text in texts]
            lengths = map(len, encoded)
            numbers = np.frombuffer(b"".join(encoded), np.uint8).astype(np.int32) + _FIRST_BYTE
        else:
            rows = (
                self._words(texts) if self.unit == "word" else [row.ids for row in self._subwords.encode_batch(texts)]
            )
            lengths = map(len, rows)
            numbers = np.fromiter(itertools.chain.from_iterable(rows), np.int32)
        return numbers, np.fromiter(lengths, np.int64)

    def _words(self, texts: Iterable[str]) -> list[list[int]]:
        numbers_of = self._numbers
        return [[numbers_of.get(word, UNKNOWN) for word in _WORD.findall(text)] for text in texts]

    def decode(self, numbers: Iterable[int]) -> str:
        """Decode ids to text."""
        if self.unit == "byte":
            values = bytes(int(number) - _FIRST_BYTE for number in numbers if number != BOUNDARY)
            return values.decode("utf-8", errors="replace")
        return "".join(self.symbols[number] for number in numbers)

    def unknown_in(self, text: str) -> list[str]:
        """The parts of a text that are not in the vocabulary, without repetition, in order."""
        if self.unit == "byte":
            return []
        parts = _WORD.findall(text) if self.unit == "word" else list(text)
        return [part for part in dict.fromkeys(parts) if UNKNOWN in self.encode(part)]

    def fitted(self, prompt: str) -> str:
        """Adapt a prompt to the tokenization.

        Words and subwords include the space before them: a space at the end is left to the next token, and a first word
        that is only known after a space gets one.
        """
        if self.unit not in ("word", "subword"):
            return prompt
        prompt = prompt.rstrip(" ")
        first = _WORD.match(prompt)
        if first and self.unknown_in(first[0]) and not self.unknown_in(f" {first[0]}"):
            return f" {prompt}"
        return prompt

    def to_json(self) -> str:
        """This vocabulary as JSON."""
        fields = {"unit": self.unit, "start": self.start, "end": self.end, "symbols": self.symbols}
        tokenizer = {} if self.tokenizer is None else {"tokenizer": json.loads(self.tokenizer)}
        return json.dumps(fields | tokenizer, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            tokenizer = json.dumps(fields["tokenizer"]) if "tokenizer" in fields else None
            if not isinstance(fields["symbols"], list) or not fields["symbols"]:
                raise ValueError("its symbols are not a list")
            vocabulary = cls(fields["unit"], tuple(fields["symbols"]), fields["start"], fields["end"], tokenizer)
            vocabulary._check()
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(f"vocabulary.json is not a vocabulary: {error}") from None
        return vocabulary

    def _check(self) -> None:
        """Raise ValueError if the vocabulary is inconsistent."""
        if self.unit not in ("character", "byte", "word", "subword"):
            raise ValueError(f"its unit is {self.unit!r}")
        if not all(isinstance(symbol, str) for symbol in self.symbols):
            raise ValueError("a token is not text")
        for number, symbol in enumerate(self.symbols):
            refuse_half_characters(symbol, f"token {number}")
        if self.unit == "byte":
            numbered = self.symbols[0] == "" and len(self) == 256 + _FIRST_BYTE
        else:
            numbered = self.symbols[: len(_RESERVED)] == _RESERVED and len(self) > len(_RESERVED)
        if not numbered:
            raise ValueError(f"its {len(self)} tokens are not numbered as the unit {self.unit!r} needs")
        if self.unit == "character" and any(len(symbol) != 1 for symbol in self.symbols[len(_RESERVED) :]):
            raise ValueError("a token is not a single character")
        for number in (self.start, BOUNDARY if self.end is None else self.end):
            if type(number) is not int or not 0 <= number < len(self):
                raise ValueError(f"{number!r} is not the number of a token")
        if (self.unit == "subword") != (self.tokenizer is not None):
            raise ValueError("only subwords have a tokenizer")

    @cached_property
    def _numbers_of_codes(self) -> np.ndarray:
        """The id of each code point, int32."""
        numbers = np.full(_CODE_POINTS, UNKNOWN, np.int32)
        codes = [ord(symbol) for symbol in self.symbols[len(_RESERVED) :]]
        numbers[codes] = np.arange(len(_RESERVED), len(self))
        return numbers

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @cached_property
    def _subwords(self) -> Any:
        library = _tokenizers()
        try:
            found = library.Tokenizer.from_str(self.tokenizer)
            found.encode_special_tokens = True  # a text that spells the boundary's name is plain text
            return found
        except Exception as error:  # it raises nothing more specific
            raise InputError(f"vocabulary.json holds no tokenizer that can be read: {error}") from error


def words_of(text: str) -> list[str]:
    """The words of a text, each with the space before it, and what is between them; concatenated they are the text."""
    return _WORD.findall(text)


def merges_of(tokenizer: str) -> list[list[str]]:
    """The merges of a byte-pair tokenizer, in order."""
    merges = json.loads(tokenizer)["model"]["merges"]
    return [pair.split(" ") if isinstance(pair, str) else pair for pair in merges]


def refuse_half_characters(text: str, what: str) -> None:
    """Raise InputError if a text has an unpaired surrogate: it is not valid Unicode, and cannot be written to a file.

    Python decodes command line bytes that are not UTF-8 to these.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{what} is not Unicode: character {error.start + 1} is half a character or a byte that is not UTF-8 "
            f"({ascii(text[error.start])[1:-1]}): remove it"
        ) from None


def learn_vocabulary(documents: Iterable[str], settings: TextSettings, with_ends: bool) -> Vocabulary:
    """Learn the vocabulary of some texts.

    Args:
        documents: training texts, or `pieces` of them; without those that are held out.
        settings: the unit, and the maximum vocabulary size: the most frequent tokens are kept.
        with_ends: whether the model learns where documents begin and end; otherwise generated text starts after the end
            of a line, if there are any, and never ends.
    """
    tokenizer = None
    if settings.unit == "byte":
        symbols: tuple[str, ...] = ("", *(chr(value) if value < 128 else "" for value in range(256)))
    elif settings.unit == "subword":
        learnt = _learn_subwords(documents, settings)
        tokenizer = learnt.to_str()
        by_number = sorted(learnt.get_vocab().items(), key=lambda item: item[1])
        symbols = (*_RESERVED, *(symbol for symbol, _ in by_number[len(_RESERVED) :]))
    else:
        counts = _counts(documents, settings.unit)
        kept = settings.vocabulary_size and settings.vocabulary_size - len(_RESERVED)
        found = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))[:kept]
        symbols = (*_RESERVED, *sorted(found))
    vocabulary = Vocabulary(settings.unit, symbols, BOUNDARY, BOUNDARY if with_ends else None, tokenizer)
    line_end = vocabulary.encode("\n").tolist()
    if with_ends or line_end == [UNKNOWN]:
        return vocabulary
    return dataclasses.replace(vocabulary, start=line_end[0])


def _counts(documents: Iterable[str], unit: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    if unit == "word":
        for document in documents:
            counts.update(_WORD.findall(document))
    else:
        totals = np.zeros(_CODE_POINTS, np.int64)
        for texts in batched(documents, len):
            totals += np.bincount(_code_points("".join(texts)), minlength=_CODE_POINTS)
        counts.update({chr(code): int(totals[code]) for code in np.flatnonzero(totals)})
    counts.pop(UNKNOWN_TEXT, None)
    return counts


def batched(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Batches of items that are processed quickly with little memory; `size` is in characters."""
    batch: list[Item] = []
    total = 0
    for item in items:
        batch.append(item)
        total += size(item)
        if total >= _AT_ONCE or len(batch) >= _AT_ONCE:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _code_points(text: str) -> np.ndarray:
    """uint32 `[characters]`."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


def _learn_subwords(documents: Iterable[str], settings: TextSettings) -> Any:
    """Byte-pair encoding of characters (Sennrich et al. 2016), within words including the space before them."""
    library = _tokenizers()
    tokenizer = library.Tokenizer(library.models.BPE(unk_token=UNKNOWN_TEXT))
    tokenizer.pre_tokenizer = library.pre_tokenizers.Split(library.Regex(_WORD.pattern), behavior="isolated")
    trainer = library.trainers.BpeTrainer(
        vocab_size=settings.vocabulary_size or 4096,
        special_tokens=["<|boundary|>", UNKNOWN_TEXT],
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def _tokenizers() -> Any:
    return needed("tokenizers", to="read texts in subword units", extra="subword")
