"""`kubectl get pods|nodes` and `kubectl exec`, with the columns of the source notes (kubectl 1.2 to 1.6).

kubectl: pkg/printers (columns), util/duration (ages), pkg/kubectl/cmd/exec.go. It talks to the API server on its
own machine; elsewhere nobody listens.
"""

from ...commands.result import Context, Failure, Result
from .. import go
from ..docker.run import run_inside
from ..pflag import Flags

_FLAGS = "namespace,n: output,o: container,c: all-namespaces,A no-headers stdin,i tty,t"
_KINDS = {**dict.fromkeys(("pods", "pod", "po"), "pods"), **dict.fromkeys(("nodes", "node", "no"), "nodes")}
_HEADS = {"pods": ("NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"), "nodes": ("NAME", "STATUS", "AGE", "INTERNAL-IP")}
#: How many of the columns there are without -o wide.
_NARROW = {"pods": 5, "nodes": 3}


def kubectl(ctx: Context, args: list[str]) -> Result:
    """kubectl [flags] get|exec …; behind `exec POD COMMAND` flags are the command's."""
    cluster = ctx.lab.services["kubernetes"]
    if ctx.ns.name != cluster.machine or not cluster.running:
        raise Failure(1, "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n")
    flags = Flags(_FLAGS, args, _wrong, lambda words: words[:1] == ["exec"] and len(words) > 2)
    match flags.words:
        case ["get"]:
            asked = "You must specify the type of resource to get: pods or nodes.\n"
            raise Failure(1, f"{asked}error: Required resource not specified\n")
        case ["get", kind, *names]:
            return _get(ctx, cluster, flags, kind, names)
        case ["exec", *name] if not name or flags.at_dash == 1:
            raise Failure(1, "error: pod or type/name must be specified\n")
        case ["exec", name, *command]:
            return _exec(ctx, cluster, flags, name, command)
        case [other, *_]:
            raise Failure(1, f'error: unknown command "{other}" for "kubectl"\nThe lab\'s kubectl understands: get, exec.\n')
    return Result(0, "The lab's kubectl understands: get pods, get nodes, exec.\n")


def _wrong(complaint: str, words: list[str]) -> Failure:
    return Failure(1, f"Error: {complaint}\nSee '{' '.join(['kubectl', *words[:1], '--help'])}' for usage.\n")


def _get(ctx: Context, cluster, flags: Flags, kind: str, names: list[str]) -> Result:
    kind, slash, name = kind.partition("/")
    names = [name, *names] if slash else names
    form, namespace, everywhere = flags.one("output", "wide"), flags.one("namespace", "default"), flags.on("all-namespaces")
    if form != "wide":
        raise Failure(1, f'error: unable to match a printer suitable for the output format "{form}", allowed formats are: wide\n')
    if kind not in _KINDS:
        raise Failure(1, f'error: the server doesn\'t have a resource type "{kind}"\nThe lab\'s cluster has: pods, nodes.\n')
    kind = _KINDS[kind]
    found = cluster.nodes.values() if kind == "nodes" else [p for p in cluster.pods if everywhere or p.namespace == namespace]
    by_name = {one.name: one for one in sorted(found, key=lambda one: one.name)}
    missing = next((name for name in names if name not in by_name), None)
    if missing is not None:
        raise Failure(1, f'Error from server (NotFound): {kind} "{missing}" not found\n')
    chosen = [by_name[name] for name in names] if names else list(by_name.values())
    if not chosen:
        return Result(0, "", "No resources found\n" if everywhere else f"No resources found in {namespace} namespace.\n")
    cells = [list(_HEADS[kind])] if not flags.on("no-headers") else []
    cells += [(_node_row if kind == "nodes" else _pod_row)(one, ctx.lab.now) for one in chosen]
    cells = [row if "output" in flags.given else row[: _NARROW[kind]] for row in cells]
    if everywhere and kind == "pods":
        spaces = [pod.namespace for pod in chosen]
        cells = [[space, *row] for space, row in zip(spaces if flags.on("no-headers") else ["NAMESPACE", *spaces], cells, strict=True)]
    return Result(0, go.columns(cells))


def _pod_row(pod, now: float) -> list[str]:
    status = "Running" if pod.ready == len(pod.containers) else "Error"
    return [pod.name, f"{pod.ready}/{len(pod.containers)}", status, str(pod.restarts), age(now - pod.since), pod.ip, pod.node.name]


def _node_row(node, now: float) -> list[str]:
    return [node.name, "Ready" if node.kubelet.ready else "NotReady", age(now - node.since), node.address]


def age(seconds: float) -> str:
    """How kubectl of that time writes an age: its largest unit alone."""
    for unit, size in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(seconds, 0))}s"


def _exec(ctx: Context, cluster, flags: Flags, name: str, command: list[str]) -> Result:
    pod = cluster.find(flags.one("namespace", "default"), name.removeprefix("pod/"))
    if pod is None:
        raise Failure(1, f'Error from server (NotFound): pods "{name}" not found\n')
    if not command:
        raise Failure(1, "error: you must specify at least one command for the container\n")
    if not pod.ready:
        raise Failure(1, f"error: cannot exec into a container in a completed pod; the containers of {name} do not run\n")
    try:
        result = run_inside(ctx, pod.containers[0].namespace, command)
    except LookupError as error:
        ends = "command terminated with exit code 126\n"
        raise Failure(126, f"OCI runtime exec failed: exec failed: unable to start container process: {error}\n{ends}") from None
    ends = f"command terminated with exit code {result.returncode}\n" if result.returncode else ""
    return Result(result.returncode, result.stdout, result.stderr + ends)
