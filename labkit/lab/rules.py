"""Policy rules added and deleted (`ip rule`). kernel: net/core/fib_rules.c."""

import errno
from dataclasses import replace

from ..errors import KernelError
from ..tables.rule import Rule
from .lab import Lab
from .learned import routes_changed
from .namespace import Namespace


def add(lab: Lab, ns: Namespace, rule: Rule, priority: int | None = None) -> None:
    """Insert a rule; without a priority it goes just before the second rule of the list."""
    if priority is None:
        priority = _default_priority(ns)
    rule = replace(rule, priority=priority, origin=lab.origin)
    if rule in ns.rules:
        raise KernelError(errno.EEXIST)
    ns.custom_rules = True
    place = sum(r.priority <= priority for r in ns.rules)
    ns.rules.insert(place, rule)
    routes_changed(ns)


def _default_priority(ns: Namespace) -> int:
    if len(ns.rules) < 2:
        return 0
    second = ns.rules[1].priority
    return second - 1 if second else 0


def delete(lab: Lab, ns: Namespace, fits) -> None:
    """Delete the first rule for which `fits(rule)` is true; ENOENT when there is none."""
    for rule in ns.rules:
        if fits(rule):
            ns.rules.remove(rule)
            ns.custom_rules = True
            routes_changed(ns)
            return
    raise KernelError(errno.ENOENT)
