"""What kubectl tells of the cluster and of itself: version, cluster-info, config, api-resources, explain, port-forward."""

from ....commands.result import Failure, Result
from ..object_kinds import KINDS
from . import command
from .printing import text_table

FLAGS = "client output,o:"
RESOURCES = "api-group: namespaced: no-headers output,o: sort-by! verbs!"
_CLIENT, _KUSTOMIZE, SERVER = "v1.32.3", "v5.5.0", "v1.32.13"


def version(ctx, api, flags) -> Result:
    """Its own is told also when no server answers."""
    if flags.one("output"):
        raise Failure(1, "The lab's kubectl tells its version as text: leave out -o.\n")
    client = f"Client Version: {_CLIENT}\nKustomize Version: {_KUSTOMIZE}\n"
    if flags.on("client"):
        return Result(0, client)
    try:
        command.server(ctx)
    except Failure as failure:
        raise Failure(1, failure.result.stderr, client) from None
    return Result(0, f"{client}Server Version: {SERVER}\n")


def cluster_info(ctx, api, flags) -> Result:
    hint = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n"
    try:
        where = f"https://{command.address(ctx.lab, command.server(ctx))}:6443"
    except Failure as failure:
        raise Failure(1, failure.result.stderr, hint) from None
    return Result(0, f"Kubernetes control plane is running at {where}\n{hint}")


def config(ctx, api, flags) -> Result:
    match flags.words[1:]:
        case ["current-context"]:
            return Result(0, "kubernetes-admin@kubernetes\n")
        case ["get-contexts"]:
            rows = [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"],
                    ["*", "kubernetes-admin@kubernetes", "kubernetes", "kubernetes-admin", ""]]  # fmt: skip
            return Result(0, text_table(rows))
    raise Failure(1, "The lab's kubectl config knows current-context and get-contexts.\n")


def api_resources(ctx, api, flags) -> Result:
    chosen = [kind for kind in KINDS.values() if "api-group" not in flags.given or kind.group == flags.one("api-group")]
    if flags.one("namespaced"):
        chosen = [kind for kind in chosen if str(kind.namespaced).lower() == flags.one("namespaced")]
    rows = [["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]] * (not flags.on("no-headers"))
    rows += [[kind.plural, kind.short, kind.version, str(kind.namespaced).lower(), kind.name] for kind in chosen]
    return Result(0, text_table(rows))


def explain(ctx, api, flags) -> Result:
    raise Failure(1, "The lab's kubectl explains no fields; `kubectl api-resources` lists the kinds.\n")


def port_forward(ctx, api, flags) -> Result:
    if len(flags.words) < 3:
        helps = "See 'kubectl port-forward -h' for help and examples"
        raise Failure(1, f"error: TYPE/NAME and list of ports are required for port-forward\n{helps}\n")
    raise Failure(1, "The lab's kubectl forwards no ports: send the request from a pod (kubectl exec) or a node.\n")
