"""Objects by type and name, as a command line says them: `pods`, `pod web-a`, `pods,svc`, `pod/web-a svc/np` (cli-runtime:
pkg/resource/builder.go)."""

from dataclasses import dataclass, field

from ....commands.result import Failure
from ..object_kinds import ALL, KINDS, Kind, find, kept
from ..refusal import Refused, quoted
from . import selectors
from .happenings import events


@dataclass(slots=True)
class Found:
    """`groups`: of each type asked for, in order, its objects; `missing`: what the server says of names it does not know."""

    groups: list[tuple[Kind, list[dict]]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    named: bool = False
    many: bool = False

    @property
    def objects(self) -> list[tuple[Kind, dict]]:
        return [(kind, one) for kind, found in self.groups for one in found]


def kind_of(word: str) -> Kind:
    kind = find(word)
    if kind is None:
        raise Failure(1, f"error: the server doesn't have a resource type {quoted(word)}\n")
    if not kind.kept:
        raise Failure(1, f"The lab's cluster keeps {kept()}, and nothing of {kind.plural}.\n")
    return kind


def select(api, words: list[str], flags, verb: str = "get") -> Found:
    """`words`: what stands behind the verb; flags: namespace, all-namespaces, selector, field-selector."""
    everywhere = flags.on("all-namespaces")
    namespace = None if everywhere else flags.one("namespace", "default")
    if any("/" in word for word in words):
        return _by_slash(api, words, flags, verb)
    types = [name for word in words[0].split(",") for name in (ALL if word == "all" else (word,))]
    kinds, names = [kind_of(word) for word in types if word], words[1:]
    found = Found(named=bool(names), many=len(kinds) > 1)
    chosen = flags.one("selector") or flags.one("field-selector")
    if names and chosen:
        raise Failure(1, "error: name cannot be provided when a selector is specified\n")
    if names and everywhere:
        raise Failure(1, "error: a resource cannot be retrieved by name across all namespaces\n")
    for kind in kinds:
        if names:
            found.groups.append((kind, []))
            for name in names:
                _look(api, kind, name, namespace, found)
        else:
            found.groups.append((kind, listed(api, kind, namespace, flags)))
    return found


def listed(api, kind: Kind, namespace: str | None, flags) -> list[dict]:
    """Those in the namespace that the selectors choose."""
    wanted, by_field = flags.one("selector"), flags.one("field-selector")
    try:
        test, other = selectors.labels(wanted), selectors.fields(by_field, kind.name)
    except ValueError as error:
        group = f"{kind.group}/v1" if kind.group else "/v1"
        where = f'"{group}, Resource={kind.plural}"'
        says = f"Unable to find {where} that match label selector {quoted(wanted)}, field selector {quoted(by_field)}: {error}"
        raise Failure(1, f"Error from server (BadRequest): {says}\n") from None
    if kind.name == "Event":
        objects = [one for one in events(api) if namespace in (None, one["metadata"]["namespace"])]
    else:
        objects = api.list(kind.name, namespace if kind.namespaced else None)
    return [one for one in objects if test(one["metadata"].get("labels") or {}) and other(one)]


def _by_slash(api, words: list[str], flags, verb: str) -> Found:
    if not all("/" in word for word in words):
        form = f"'kubectl {verb} resource/<resource_name>' instead of 'kubectl {verb} resource resource/<resource_name>'"
        says = (
            f"there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. {form}"
        )
        raise Failure(1, f"error: {says}\n")
    found = Found(named=True)
    for word in words:
        kind, name = _pair(word)
        if not found.groups or found.groups[-1][0] is not kind:
            found.groups.append((kind, []))
        _look(api, kind, name, flags.one("namespace", "default"), found)
    found.many = len({kind.name for kind, _ in found.groups}) > 1 or len(words) > 1
    return found


def _pair(word: str) -> tuple[Kind, str]:
    kind, _, name = word.partition("/")
    if not kind or not name or "/" in name:
        raise Failure(1, "error: arguments in resource/name form must have a single resource and name\n")
    return kind_of(kind), name


def _look(api, kind: Kind, name: str, namespace: str | None, found: Found) -> None:
    one = api.get(kind.name, name, namespace if kind.namespaced else "")
    if one is None:
        found.missing.append(not_found(kind, name))
    else:
        found.groups[-1][1].append(one)


def not_found(kind: Kind, name: str) -> str:
    return f"Error from server (NotFound): {kind.resource} {quoted(name)} not found\n"


def one_of(api, word: str, namespace: str, default: str = "Pod") -> tuple[Kind, dict]:
    """`web-a`, of the default kind, or `deploy/shop`."""
    kind, name = _pair(word) if "/" in word else (KINDS[default], word)
    one = api.get(kind.name, name, namespace if kind.namespaced else "")
    if one is None:
        raise Failure(1, not_found(kind, name))
    return kind, one


def pods_of(api, kind: Kind, one: dict) -> list[dict]:
    """The pods behind a Service, a Deployment or a ReplicaSet, those that are ready first (kubectl: pkg/polymorphichelpers)."""
    if kind.name == "Pod":
        return [one]
    selector = one.get("spec", {}).get("selector")
    if kind.name not in ("Service", "Deployment", "ReplicaSet"):
        raise Failure(1, f"error: cannot attach to *v1.{kind.name}: selector for *v1.{kind.name} not implemented\n")
    if not selector:
        raise Failure(1, f"error: invalid service '{one['metadata']['name']}': Service is defined without a selector\n")
    test = selectors.of_selector({"matchLabels": selector} if kind.name == "Service" else selector)
    pods = [pod for pod in api.list("Pod", one["metadata"]["namespace"]) if test(pod["metadata"].get("labels") or {})]
    return sorted(pods, key=lambda pod: (not pod["spec"].get("nodeName"), pod.get("status", {}).get("phase") != "Running"))


def said(error: Refused, doing: str = "") -> str:
    """A refusal as kubectl prints it (kubectl: pkg/cmd/util/helpers.go checkErr)."""
    if error.problems:
        head = f"The {error.kind} {quoted(error.name)} is invalid: "
        lines = [str(problem) for problem in error.problems]
        return f"{head}{lines[0]}\n" if len(lines) == 1 else f"{head}\n" + "".join(f"* {line}\n" for line in lines)
    if error.reason == "Lab":
        return f"{error}\n"
    return f"Error from server{f' ({error.reason})' if error.reason else ''}: {f'{doing}: ' if doing else ''}{error}\n"
