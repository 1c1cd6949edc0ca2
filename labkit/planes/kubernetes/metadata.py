"""The rules that every object's name and labels keep (apimachinery: pkg/api/validation/objectmeta.go)."""

from . import syntax
from .refusal import Problem, forbidden, invalid, required

#: What a kind's names must be; a DNS subdomain where nothing stands here.
_NAMES = {"Service": syntax.dns_1035, "Namespace": syntax.dns_label}


def meta_problems(kind: str, meta: dict) -> list[Problem]:
    name = meta.get("name", "")
    if not name:
        return [required("metadata.name", "name or generateName is required")]
    found = [invalid("metadata.name", name, says) for says in _NAMES.get(kind, syntax.dns_subdomain)(name)]
    if kind in ("Node", "Namespace") and meta.get("namespace"):
        found.append(forbidden("metadata.namespace", "not allowed on this type"))
    elif meta.get("namespace"):
        found += [invalid("metadata.namespace", meta["namespace"], says) for says in syntax.dns_label(meta["namespace"])]
    found += label_problems(meta.get("labels"), "metadata.labels")
    for key in meta.get("annotations") or {}:
        found += [invalid("metadata.annotations", key, says) for says in syntax.qualified_name(key.lower())]
    return found


def label_problems(labels: dict | None, field: str) -> list[Problem]:
    found = []
    for key, value in sorted((labels or {}).items()):
        found += [invalid(field, key, says) for says in syntax.qualified_name(key)]
        found += [invalid(field, value or "", says) for says in syntax.label_value(value or "")]
    return found


def selector_problems(selector: dict, field: str) -> list[Problem]:
    """Of a LabelSelector (unversioned validation.go ValidateLabelSelector)."""
    found = label_problems(selector.get("matchLabels"), f"{field}.matchLabels")
    for at, one in enumerate(selector.get("matchExpressions") or ()):
        where, operator, values = f"{field}.matchExpressions[{at}]", one.get("operator", ""), one.get("values") or ()
        if operator in ("In", "NotIn") and not values:
            found.append(required(f"{where}.values", "must be specified when `operator` is 'In' or 'NotIn'"))
        elif operator in ("Exists", "DoesNotExist") and values:
            found.append(forbidden(f"{where}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
        elif operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            found.append(invalid(f"{where}.operator", operator, "not a valid selector operator"))
        found += [invalid(f"{where}.key", one.get("key", ""), says) for says in syntax.qualified_name(one.get("key", ""))]
    return found
