"""`kubectl get pods|nodes` and `kubectl exec`, with the columns of the source notes (kubectl 1.2 to 1.6).

kubectl: pkg/printers (columns), util/duration (ages), pkg/kubectl/cmd/exec.go. It talks to the API server on its
own machine; elsewhere nobody listens.
"""

from ...commands.result import Context, Failure, Result
from ...commands.shell import find, run_argv

#: What flags stand for, those with a value and those without; "" changes nothing here.
_VALUED = {
    "n": "namespace", "namespace": "namespace", "o": "output", "output": "output", "c": "container", "container": "container",
}
_PLAIN = {
    "A": "all", "all-namespaces": "all", "no-headers": "no-headers", **dict.fromkeys(("i", "t", "it", "ti", "stdin", "tty"), ""),
}
_PODS, _NODES = {"pods", "pod", "po"}, {"nodes", "node", "no"}


def kubectl(ctx: Context, args: list[str]) -> Result:
    """kubectl [flags] get|exec …"""
    cluster = ctx.lab.services["kubernetes"]
    if ctx.ns.name != cluster.machine or not cluster.running:
        raise Failure(1, "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n")
    before, behind = (args[: args.index("--")], args[args.index("--") + 1 :]) if "--" in args else (args, [])
    flags, words = _flags(before)
    match words:
        case ["get"]:
            asked = "You must specify the type of resource to get: pods or nodes.\n"
            raise Failure(1, f"{asked}error: Required resource not specified\n")
        case ["get", kind, *names]:
            return _get(ctx, cluster, flags, kind, names)
        case ["exec"]:
            raise Failure(1, "error: pod or type/name must be specified\n")
        case ["exec", name, *command]:
            return _exec(ctx, cluster, flags, name, command + behind)
        case [other, *_]:
            raise Failure(1, f'error: unknown command "{other}" for "kubectl"\nThe lab\'s kubectl understands: get, exec.\n')
    return Result(0, "The lab's kubectl understands: get pods, get nodes, exec.\n")


def _flags(args: list[str]) -> tuple[dict[str, str], list[str]]:
    """Flags anywhere; but behind `exec POD COMMAND` they are the command's."""
    flags, words, rest = {}, [], iter(args)
    for arg in rest:
        if not arg.startswith("-") or (words[:1] == ["exec"] and len(words) > 2):
            words.append(arg)
            continue
        name, given, value = arg.lstrip("-").partition("=")
        if not arg.startswith("--") and name[:1] in ("n", "o", "c") and len(name) > 1 and not given:
            name, value, given = name[0], name[1:], "="
        if name in _VALUED:
            if not given:
                value = next(rest, None)
            if value is None:
                raise Failure(1, f"Error: flag needs an argument: {arg}\n")
            flags[_VALUED[name]] = value
        elif name in _PLAIN:
            flags[_PLAIN[name]] = value or "true"
        else:
            kind = "flag: " if arg.startswith("--") else f"shorthand flag: '{name[0]}' in "
            usage = " ".join(["kubectl", *words[:1], "--help"])
            raise Failure(1, f"Error: unknown {kind}{arg.partition('=')[0]}\nSee '{usage}' for usage.\n")
    return flags, words


def _get(ctx: Context, cluster, flags: dict[str, str], kind: str, names: list[str]) -> Result:
    if "/" in kind:
        kind, _, name = kind.partition("/")
        names = [name, *names]
    form = flags.get("output", "wide")
    if form != "wide":
        raise Failure(1, f'error: unable to match a printer suitable for the output format "{form}", allowed formats are: wide\n')
    if kind in _PODS:
        pods = cluster.pods if "all" in flags else _own(cluster, flags)
        return _table(_named("pods", pods, names), _pod_row, _pod_heads, ctx, flags)
    if kind in _NODES:
        return _table(_named("nodes", cluster.nodes.values(), names), _node_row, _node_heads, ctx, flags)
    raise Failure(1, f'error: the server doesn\'t have a resource type "{kind}"\nThe lab\'s cluster has: pods, nodes.\n')


def _own(cluster, flags: dict[str, str]) -> list:
    return [pod for pod in cluster.pods if pod.namespace == flags.get("namespace", "default")]


def _named(kind: str, found, names: list[str]) -> list:
    """Those asked for by name, else all in the order of their names."""
    by_name = {one.name: one for one in sorted(found, key=lambda one: one.name)}
    for name in names:
        if name not in by_name:
            raise Failure(1, f'Error from server (NotFound): {kind} "{name}" not found\n')
    return [by_name[name] for name in names] if names else list(by_name.values())


def _table(rows: list, row, heads, ctx: Context, flags: dict[str, str]) -> Result:
    wide, everywhere = "output" in flags, "all" in flags
    if not rows:
        where = "" if everywhere else f" in {flags.get('namespace', 'default')} namespace"
        return Result(0, "", f"No resources found{where}{'' if everywhere else '.'}\n")
    cells = [heads(wide, everywhere)] if "no-headers" not in flags else []
    cells += [row(one, ctx.lab.now, wide, everywhere) for one in rows]
    # Go's tabwriter: at least ten wide, three blanks between; the last column as it is.
    widths = [max(10, *(len(line[i]) + 3 for line in cells)) for i in range(len(cells[0]) - 1)]
    return Result(0, "".join("".join(f"{c:<{w}}" for c, w in zip(line, [*widths, 0], strict=True)) + "\n" for line in cells))


def _pod_heads(wide: bool, everywhere: bool) -> list[str]:
    return [*["NAMESPACE"] * everywhere, "NAME", "READY", "STATUS", "RESTARTS", "AGE", *["IP", "NODE"] * wide]


def _pod_row(pod, now: float, wide: bool, everywhere: bool) -> list[str]:
    ready = f"{pod.ready}/{len(pod.containers)}"
    status = "Running" if pod.ready == len(pod.containers) else "Error"
    row = [pod.name, ready, status, str(pod.restarts), age(now - pod.since), *[pod.ip, pod.node.name] * wide]
    return [*[pod.namespace] * everywhere, *row]


def _node_heads(wide: bool, everywhere: bool) -> list[str]:
    return ["NAME", "STATUS", "AGE", *["INTERNAL-IP"] * wide]


def _node_row(node, now: float, wide: bool, everywhere: bool) -> list[str]:
    return [node.name, "Ready" if node.kubelet.ready else "NotReady", age(now - node.since), *[node.address] * wide]


def age(seconds: float) -> str:
    """How kubectl of that time writes an age: its largest unit alone."""
    for unit, size in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(seconds, 0))}s"


def _exec(ctx: Context, cluster, flags: dict[str, str], name: str, command: list[str]) -> Result:
    """Run words in the pod's namespace."""
    namespace = flags.get("namespace", "default")
    pod = cluster.find(namespace, name.removeprefix("pod/"))
    if pod is None:
        raise Failure(1, f'Error from server (NotFound): pods "{name}" not found\n')
    if not command:
        raise Failure(1, "error: you must specify at least one command for the container\n")
    if not pod.ready:
        raise Failure(1, f"error: cannot exec into a container in a completed pod; the containers of {name} do not run\n")
    if find(ctx.lab, command[0].rpartition("/")[2]) is None:
        lost = f'exec: "{command[0]}": executable file not found in $PATH: unknown'
        ends = "command terminated with exit code 126\n"
        raise Failure(126, f"OCI runtime exec failed: exec failed: unable to start container process: {lost}\n{ends}")
    result = run_argv(Context(ctx.lab, pod.containers[0].namespace, ctx.stdin, budget=ctx.budget), command)
    ends = f"command terminated with exit code {result.returncode}\n" if result.returncode else ""
    return Result(result.returncode, result.stdout, result.stderr + ends)
