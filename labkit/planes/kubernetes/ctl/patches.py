"""The patch that `kubectl apply` sends for an object that is there, and how the server quotes a patch that it refuses.

The client compares what was applied last, what is to be applied, and what is there (apimachinery: pkg/util/strategicpatch,
CreateThreeWayMergePatch). Laying a patch over an object uses its lists up, so that the server's complaint shows what is left of it
(apiserver: pkg/endpoints/handlers/patch.go). Not recorded: written after these sources.
"""

from ..merging import key_of
from ..refusal import quoted


def patch(last: dict, new: dict, there: dict) -> dict:
    """What leads from `there` to what `new` says; None takes away what `last` said."""
    made: dict = {word: None for word in last if new.get(word) is None and (word not in new or word in there)}
    for word, value in new.items():
        known = there.get(word)
        if value is None or value == known:
            continue
        if isinstance(value, dict) and isinstance(known, dict):
            before = last.get(word)
            inner = patch(before if isinstance(before, dict) else {}, value, known)
            made |= {word: inner} if inner else {}
        elif isinstance(value, list) and isinstance(known, list) and (key := key_of(word, value + known)):
            made |= _elements(word, key, last.get(word) or [], value, known)
        else:
            made[word] = value
    return made


def _elements(word: str, key: str, last: list[dict], new: list[dict], there: list[dict]) -> dict:
    """Of a list whose elements have names: those that change, those that go, and the order."""
    known, before, named = {one[key]: one for one in there}, {one.get(key): one for one in last}, {one[key] for one in new}
    changed = []
    for one in new:
        inner = patch(before.get(one[key]) or {}, one, known[one[key]]) if one[key] in known else one
        changed += [{**inner, key: one[key]}] if inner else []
    changed += [{"$patch": "delete", key: one[key]} for one in there if one[key] in before and one[key] not in named]
    return {f"$setElementOrder/{word}": [{key: one[key]} for one in new], word: changed} if changed else {}


def complaint(given: dict, says: str) -> str:
    """What kubectl prints of it."""
    return f"The request is invalid: patch: Invalid value: {quoted(_go(_left(given)))}: {says}\n"


def _left(given: dict) -> dict:
    """Without directives, and without the lists that are merged by name."""
    found = {}
    for word, value in given.items():
        if not word.startswith("$") and not (isinstance(value, list) and key_of(word, value)):
            found[word] = _left(value) if isinstance(value, dict) else value
    return found


def _go(value) -> str:
    """%v of a map[string]interface{}."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{word}:{_go(value[word])}' for word in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_go, value))}]"
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
