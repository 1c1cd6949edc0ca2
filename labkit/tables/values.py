"""What a copy of a lab shares with it, and whether two labs are alike.

A `Value` never changes, so a copy may hold the very same one: of a lab with 200 pods three objects in four. What changes is `Kept`:
its copy has the same fields, with containers of its own. Both work through `copy.deepcopy`, so a daemon that refers back to its
lab, or two holders of one object, come out as deepcopy has them.

Every line of every table carries an `Origin`, who wrote it and with which command: the kernel itself ("kernel"), a person at the
shell ("you"), or a control plane ("docker", "flanneld", "kubelet", …). It is never compared when two lines are.
"""

from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import FunctionType, MethodType

#: The types of which a copy is the thing itself; every subclass of `Value` puts itself here.
SHARED = {bool, int, float, str, bytes, type(None), IPv4Address, IPv4Interface, IPv4Network}
#: Those that `==` judges to the last bit.
_EQUAL = frozenset({*SHARED, set, frozenset, FunctionType})


class Value:
    """A frozen dataclass of frozen things: its own copy."""

    __slots__ = ()

    def __init_subclass__(cls):
        SHARED.add(cls)

    def __deepcopy__(self, memo):
        return self


class Kept:
    """A dataclass whose fields change."""

    __slots__ = ()

    def __deepcopy__(self, memo):
        new = memo[id(self)] = object.__new__(type(self))
        for name in _names(type(self)):
            held = getattr(self, name)
            setattr(new, name, held if type(held) in SHARED else copied(held, memo))
        return new


def copied(value, memo: dict):
    """What `deepcopy` gives, quicker where a container holds mostly values."""
    kind = type(value)
    if kind in SHARED:
        return value
    if kind not in (dict, list, set) or id(value) in memo:
        return value if kind is tuple and SHARED.issuperset(map(type, value)) else deepcopy(value, memo)
    new = memo[id(value)] = kind()
    if kind is dict:
        for key, held in value.items():
            new[key if type(key) in SHARED else copied(key, memo)] = held if type(held) in SHARED else copied(held, memo)
    elif kind is list:
        new += value if SHARED.issuperset(map(type, value)) else [copied(held, memo) for held in value]
    else:
        new |= value if SHARED.issuperset(map(type, value)) else {copied(held, memo) for held in value}
    return new


def alike(one, other, met: dict | None = None) -> bool:
    """Whether two things hold the same in the same order, down to who wrote it, wherever they refer back to each other. An object
    that names its `SEEN` attributes is judged by those."""
    kind, met = type(one), {} if met is None else met
    if one is other or (id(one), id(other)) in met:
        return True
    if kind is not type(other):
        return False
    if kind in _EQUAL or (kind in (dict, list, tuple) and not one):
        return one == other
    met[id(one), id(other)] = one, other  # kept, lest an id be given out again
    if isinstance(one, dict):
        one, other = [*one, *one.values()], [*other, *other.values()]
    elif kind is MethodType:
        one, other = (one.__func__, one.__self__), (other.__func__, other.__self__)
    elif not isinstance(one, (list, tuple)):
        one, other = _held(one), _held(other)
    return len(one) == len(other) and all(a is b or alike(a, b, met) for a, b in zip(one, other, strict=True))


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _held(thing) -> list:
    """What an object is judged by: of one that is no dataclass all that pickle would keep of it."""
    names = getattr(type(thing), "SEEN", None) or _names(type(thing))
    return [getattr(thing, name) for name in names] if names else [*thing.__reduce_ex__(4)]


@dataclass(frozen=True, slots=True)
class Origin(Value):
    who: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.who}: {self.command}" if self.command else self.who


YOU = Origin("you")
KERNEL = Origin("kernel")
