"""A line of kubectl: which verb, its flags, and the API server behind it (kubectl: pkg/cmd).

It finds the server from the master, where the kubeconfig is; on another machine it asks localhost:8080, as kubectl without one does, and
nobody listens there.
"""

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from ....commands.result import Context, Failure, Result
from ....lab.lab import Lab
from ...pflag import Flags
from ..refusal import quoted


class Verb(NamedTuple):
    """`module` has a function `function` and the flags `flags`, a name in it."""

    module: str
    function: str
    flags: str = "FLAGS"


VERBS = {
    "create": Verb("applying", "create", "CREATE"), "expose": Verb("changing", "expose", "EXPOSE"), "run": Verb("changing", "run", "RUN"),
    "explain": Verb("telling", "explain"), "get": Verb("getting", "get"), "delete": Verb("applying", "delete", "DELETE"),
    "scale": Verb("changing", "scale", "SCALE"), "cluster-info": Verb("telling", "cluster_info"),
    "cordon": Verb("changing", "cordon", "CORDON"),
    "uncordon": Verb("changing", "uncordon", "CORDON"), "drain": Verb("changing", "drain", "CORDON"),
    "describe": Verb("describing", "describe"),
    "logs": Verb("executing", "logs", "LOGS"), "exec": Verb("executing", "exec_", "EXEC"),
    "port-forward": Verb("telling", "port_forward"), "apply": Verb("applying", "apply", "APPLY"),
    "patch": Verb("changing", "patch", "PATCH"),
    "label": Verb("changing", "label", "LABEL"), "annotate": Verb("changing", "annotate", "LABEL"),
    "api-resources": Verb("telling", "api_resources", "RESOURCES"), "config": Verb("telling", "config"),
    "version": Verb("telling", "version"),
}  # fmt: skip
#: All of kubectl's words, in the order in which it suggests them.
_ALL = ("create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top cordon uncordon drain taint "
        "describe logs attach exec port-forward proxy cp auth debug events diff apply patch replace wait kustomize label annotate "
        "completion alpha api-resources api-versions config plugin version options help").split()  # fmt: skip
_EVERYWHERE = "namespace,n: context: kubeconfig: cluster: user: server,s: request-timeout: v: help,h"
#: Without a server they have an answer all the same.
_ALONE = ("cluster-info", "config", "port-forward", "version")


def install(lab: Lab) -> None:
    """From then on `kubectl` is this one in the lab."""
    lab.commands["kubectl"] = kubectl


def kubectl(ctx: Context, args: list[str]) -> Result:
    verb = _verb(args)
    if verb is None:
        return Result(0, f"The lab's kubectl understands: {', '.join(VERBS)}.\n")
    if verb not in VERBS:
        raise Failure(1, _unknown(verb))
    module = import_module(f".{VERBS[verb].module}", __package__)
    flags = Flags(f"{_EVERYWHERE} {getattr(module, VERBS[verb].flags)}", args, _wrong)
    if flags.on("help"):
        known = ", ".join(f"--{name}" for name, (_, kind) in flags.known.items() if kind != "!")
        return Result(0, f"The lab's kubectl {verb} knows these flags: {known}.\n")
    run: Callable = getattr(module, VERBS[verb].function)
    try:
        api = None if verb in _ALONE else server(ctx)
    except Nobody as nobody:
        first: Callable = getattr(module, "without_server", lambda ctx, flags, nobody: nobody)
        raise first(ctx, flags, nobody) from None
    return run(ctx, api, flags)


class Nobody(Failure):
    """No server answers. `refused` is what Go says of a request of `path` to it."""

    def __init__(self, where: str, scheme: str, dialled: str):
        super().__init__(1, f"The connection to the server {where} was refused - did you specify the right host or port?\n")
        self.base, self.dialled = f"{scheme}://{where}", dialled

    def refused(self, path: str) -> str:
        return f'Get "{self.base}{path}": dial tcp {self.dialled}: connect: connection refused'


def server(ctx: Context):
    """The API server, or Nobody. What a verb says before it asks anybody is its module's `without_server`."""
    found = next((daemon for (name, _), daemon in ctx.lab.daemons.items() if name == "kube-apiserver" and hasattr(daemon, "objects")), None)
    if found is None or ctx.ns.machine != ctx.lab[found.machine].machine:
        raise Nobody("localhost:8080", "http", "127.0.0.1:8080")
    if not found.running:
        where = f"{address(ctx.lab, found)}:6443"
        raise Nobody(where, "https", where)
    return found


def address(lab: Lab, api) -> str:
    """Where the API server listens: the first address of its machine."""
    ns = lab[api.machine]
    found = (entry.ip for interface in ns.interfaces.values() for entry in interface.addresses)
    return str(next((one for one in found if not one.is_loopback), "127.0.0.1"))


def _verb(args: list[str]) -> str | None:
    """The first word that is no flag; a flag before it must be one of all verbs."""
    known = Flags(_EVERYWHERE, [], _wrong).known
    letters = {letter: name for name, (letter, _) in known.items() if letter}
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            return word
        name = word[2:].partition("=")[0] if word.startswith("--") else letters.get(word[1:2], "")
        if name not in known:
            raise Failure(1, f"Error: flags cannot be placed before plugin name: {word}\n")
        if known[name][1] == ":" and "=" not in word and (word.startswith("--") or len(word) == 2) and rest:
            rest.pop(0)
    return None


def _wrong(complaint: str, words: list[str]) -> Failure:
    if complaint.startswith("The lab"):
        return Failure(1, f"{complaint}.\n")
    return Failure(1, f"error: {complaint}\nSee '{' '.join(['kubectl', *words[:1], '--help'])}' for usage.\n")


def _unknown(verb: str) -> str:
    if verb in _ALL:
        return f"The lab's kubectl understands {', '.join(VERBS)}, and not {verb}.\n"
    near = [word for word in _ALL if _distance(verb, word) <= 2 or word.startswith(verb.lower())]
    suggested = "".join(["\nDid you mean this?\n", *(f"\t{word}\n" for word in near)]) if near else ""
    return f'error: unknown command {quoted(verb)} for "kubectl"\n{suggested}'


def _distance(one: str, other: str) -> int:
    """Levenshtein's (cobra: ld)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one[:40], 1):
        before, row = row, [at]
        for there, its in enumerate(other):
            row.append(min(before[there] + (letter != its), before[there + 1] + 1, row[-1] + 1))
    return row[-1]
