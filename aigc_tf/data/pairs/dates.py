"""Synthetic text pairs for trying things out: dates in several formats, and in ISO 8601."""

from __future__ import annotations

import datetime

import numpy as np

from aigc_tf.data.pairs.files import Pair

PAIRS = 2000
_FIRST, _DAYS = datetime.date(1900, 1, 1), 73_049  # until 2099
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_FORMS = ("{day} {month} {year}", "{month} {day}, {year}", "{day}. {short} {year}", "{year}, {short} {day}")


def dates() -> list[Pair]:
    """ "9 May 1998" -> "1998-05-09", in four formats: 2,000 different days, the same everywhere."""
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    pairs = []
    for number in random.permutation(_DAYS)[:PAIRS]:
        date = _FIRST + datetime.timedelta(days=int(number))
        month = _MONTHS[date.month - 1]
        form = _FORMS[random.randint(len(_FORMS))]
        pairs.append(Pair(form.format(day=date.day, month=month, short=month[:3], year=date.year), date.isoformat()))
    return pairs
