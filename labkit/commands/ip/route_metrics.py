"""Readers of a route's metrics: `mtu 1400`, `rtt 100ms`, `features ecn`, with `lock` before the value.

iproute2 ip/iproute.c iproute_modify, lib/utils.c get_time_rtt; limits: kernel net/ipv4/metrics.c.
"""

import re
from collections.abc import Callable

from ..grammar import Words, unsigned, wrong
from .route_spec import Spec

Reader = Callable[[Spec, Words], None]

#: The largest values the kernel keeps; larger ones become these.
_MOST = {"mtu": 65520, "advmss": 65495}


def number(name: str, said: str = "", largest: int = 2**32 - 1, lockable: bool = True) -> Reader:
    """A reader of a metric that is a number. `said`: what the error calls it."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        if lockable and word == "lock":
            spec.locked.add(name)
            word = words.value()
        found = unsigned(word)
        if found is None or (largest > 1 and found > largest):
            raise wrong(word, f'"{said or name}" value is invalid\n')
        if found > largest:
            raise wrong(word, f'"{name}" value should be 0 or 1\n')
        spec.metrics[name] = str(min(found, _MOST.get(name, found)))

    return reader


def time(name: str, unit: int, locked: bool = False) -> Reader:
    """A reader of a time: a bare number is in the kernel's own `unit`-th parts of a millisecond."""

    def reader(spec: Spec, words: Words) -> None:
        word = words.value()
        if locked or word == "lock":
            spec.locked.add(name)
        if not locked and word == "lock":
            word = words.value()
        found = _duration(word)
        if found is None:
            raise wrong(word, f'"{name}" value is invalid\n')
        amount, bare = found
        value = amount // unit if bare else amount
        spec.metrics[name] = f"{value / 1000:g}s" if value >= 1000 else f"{value}ms"

    return reader


def _duration(word: str) -> tuple[int, bool] | None:
    """A whole number of milliseconds, rounded up, and whether it had no unit."""
    found = re.fullmatch(r"([0-9]+\.[0-9]*|\.[0-9]+|0[xX][0-9a-fA-F]+|[0-9]+)(s|secs?|ms|msecs?|)", word, re.IGNORECASE)
    if found is None:
        return None
    number = float(found[1]) if "." in found[1] else unsigned(found[1], 64)
    if number is None:
        return None
    exact = number * (1000 if found[2].lower().startswith("s") else 1)
    return int(exact) + (exact > int(exact)), not found[2]


def features(spec: Spec, words: Words) -> None:
    word = words.value()
    if word != "ecn":
        raise wrong(word, '"features" value not valid\n')
    spec.metrics["features"] = word


def congctl(spec: Spec, words: Words) -> None:
    word = words.value()
    if word == "lock":
        spec.locked.add("congctl")
        word = words.value()
    spec.metrics["congctl"] = word
