"""How a manifest is laid over an object that is there already: lists of things with names are merged by name, others are replaced.

apimachinery: pkg/util/strategicpatch, with the merge keys of k8s.io/api (patchMergeKey). kubectl apply merges three: what was applied
last, what is to be applied, and what is there (kubectl: pkg/cmd/apply/patcher.go).
"""

from copy import deepcopy

#: field -> the keys of which the first that both have tells two elements apart.
_KEYS = {
    "containers": ("name",), "initContainers": ("name",), "env": ("name",), "volumes": ("name",), "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"), "conditions": ("type",), "addresses": ("type",), "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "ownerReferences": ("uid",), "podIPs": ("ip",), "hostIPs": ("ip",),
}  # fmt: skip
#: Lists of plain values that are sets.
_SETS = ("finalizers", "podCIDRs")


def merge(there: dict, patch: dict) -> dict:
    """`there` with `patch` over it; None in the patch takes a field away (a strategic merge patch)."""
    done = deepcopy(there)
    for key, value in patch.items():
        if value is None:
            done.pop(key, None)
        elif isinstance(value, dict) and isinstance(done.get(key), dict):
            done[key] = merge(done[key], value)
        elif isinstance(value, list) and isinstance(done.get(key), list) and (name := key_of(key, done[key] + value)):
            done[key] = _merged(done[key], value, name)
        elif isinstance(value, list) and key in _SETS and isinstance(done.get(key), list):
            done[key] = done[key] + [one for one in value if one not in done[key]]
        else:
            done[key] = _without_none(value)
    return done


def _without_none(value):
    if isinstance(value, dict):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list) else value


def key_of(field: str, elements: list) -> str:
    """By which of its fields the elements of a list are told apart; "" for a list that is one value."""
    names = _KEYS.get(field, ())
    return next((name for name in names if elements and all(_has(one, name) for one in elements)), "")


def _has(one, name: str) -> bool:
    return isinstance(one, dict) and name in one and not isinstance(one[name], (dict, list))


def _merged(there: list[dict], patch: list[dict], name: str) -> list[dict]:
    """The patch's own first and in their order, as the server leaves them; behind them the rest."""
    known = {one[name]: one for one in there}
    first = [merge(known[one[name]], one) if one[name] in known else _without_none(one) for one in patch if one.get("$patch") != "delete"]
    named = {one[name] for one in patch}
    return first + [deepcopy(one) for one in there if one[name] not in named]


def applied(last: dict, new: dict, there: dict) -> dict:
    """`there` as an apply leaves it: without what `last` said and `new` no longer says, and with all that `new` says."""
    return merge(_without(there, last, new), new)


def _without(there: dict, last: dict, new: dict) -> dict:
    done = deepcopy(there)
    for key, before in last.items():
        now = new.get(key)
        if key not in new or now is None:
            done.pop(key, None)
        elif isinstance(before, dict) and isinstance(now, dict) and isinstance(done.get(key), dict):
            done[key] = _without(done[key], before, now)
        elif isinstance(before, list) and isinstance(now, list) and isinstance(done.get(key), list):
            name = key_of(key, before + now + done[key])
            if name:
                was, kept = {one[name]: one for one in before}, {one[name]: one for one in now}
                left = [one for one in done[key] if one[name] in kept or one[name] not in was]
                done[key] = [_without(one, was.get(one[name], {}), kept.get(one[name], {})) if one[name] in kept else one for one in left]
            elif key in _SETS:
                done[key] = [one for one in done[key] if one in now or one not in before]
    return done
