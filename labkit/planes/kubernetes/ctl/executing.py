"""`kubectl exec` and `kubectl logs`: the kubelet of the pod's node is asked (kubectl: pkg/cmd/exec, pkg/cmd/logs)."""

from uuid import NAMESPACE_DNS, uuid5

from ....commands.result import Context, Failure, Result
from ....commands.shell import find, run_argv
from ..refusal import quoted
from .printing import dig
from .resources import one_of, pods_of

EXEC = "container,c: stdin,i tty,t quiet,q filename,f! pod-running-timeout:"
LOGS = "container,c: previous,p follow,f tail# since: timestamps all-containers selector,l! prefix! limit-bytes# since-time!"
_NO_TTY = "Unable to use a TTY - input is not a terminal or the right kind of file\n"


def exec_(ctx, api, flags) -> Result:
    words, dash = flags.words[1:], flags.at_dash
    helps = "See 'kubectl exec -h' for help and examples\n"
    if not words or dash == 1:
        raise Failure(1, f"error: pod, type/name or --filename must be specified\n{helps}" if not words else
                      "error: pod, type/name or --filename must be specified\n")  # fmt: skip
    if dash is None and len(words) > 1:
        raise Failure(1, f"error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n{helps}")
    if dash is not None and dash > 2:
        raise Failure(1, f"error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\n{helps}")
    if len(words) < 2:
        raise Failure(1, "error: you must specify at least one command for the container\n")
    pod = _pod(api, words[0], flags.one("namespace", "default"))
    name = pod["metadata"]["name"]
    phase = dig(pod, "status", "phase")
    if phase in ("Succeeded", "Failed"):
        raise Failure(1, f"error: cannot exec into a container in a completed pod; current phase is {phase}\n")
    container, defaulted = chosen(pod, flags.one("container"))
    said = defaulted * (not flags.on("quiet"))
    if container not in _containers(pod):
        raise Failure(1, f"{said}Error from server (BadRequest): container {container} is not valid for pod {name}\n")
    if not dig(pod, "spec", "nodeName"):
        raise Failure(1, f"{said}Error from server (BadRequest): pod {name} does not have a host assigned\n")
    runtime, tty = _runtime(api, pod, said), _NO_TTY * flags.on("tty")
    lost = f"{said}error: Internal error occurred: unable to upgrade connection: container not found ({quoted(container)})\n"
    if runtime is None:
        raise Failure(1, lost)
    said += tty
    try:
        with runtime.inside(pod, container) as namespace:
            if namespace is None:
                raise Failure(1, lost)
            result = _run(ctx, namespace, words[1:], runtime.variables(pod, container), ctx.stdin if flags.on("stdin") else "")
    except LookupError as error:
        number = uuid5(NAMESPACE_DNS, f"{name} {container} {words[1:]}").hex * 2
        again = (
            "error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: "
        )
        start = f"failed to start exec {quoted(number)}: OCI runtime exec failed: exec failed: unable to start container process: "
        raise Failure(1, f"{said}{again}{start}{error}\n") from None
    ends = f"command terminated with exit code {result.returncode}\n" if result.returncode else ""
    return Result(result.returncode, result.stdout, said + result.stderr + ends)


def _pod(api, word: str, namespace: str) -> dict:
    kind, one = one_of(api, word, namespace)
    pods = pods_of(api, kind, one)
    if not pods:
        raise Failure(1, "error: timed out waiting for the condition\n")
    return pods[0]


def _run(ctx, namespace, argv: list[str], variables: dict[str, str], stdin: str) -> Result:
    if argv == ["env"]:
        return Result(0, "".join(f"{name}={value}\n" for name, value in variables.items()))
    if find(ctx.lab, argv[0].rpartition("/")[2]) is None:
        raise LookupError(f"exec: {quoted(argv[0])}: executable file not found in $PATH: unknown")
    return run_argv(Context(ctx.lab, namespace, stdin, variables, ctx.budget), argv)


def _runtime(api, pod: dict, said: str):
    """The kubelet of its node; Failure when that does not run."""
    runtime = api.runtimes.get(pod["spec"]["nodeName"])
    if runtime is not None and not runtime.running:
        where = dig(pod, "status", "hostIP") or pod["spec"]["nodeName"]
        refused = f"error dialing backend: dial tcp {where}:10250: connect: connection refused"
        raise Failure(1, f"{said}Error from server: {refused}\n")
    return runtime


def _containers(pod: dict) -> list[str]:
    spec = pod["spec"]
    return [one["name"] for one in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))]


def chosen(pod: dict, asked: str) -> tuple[str, str]:
    """The container, and the line that says so when there was a choice and nobody made it (podcmd.go)."""
    if asked:
        return asked, ""
    names = _containers(pod)
    annotated = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container", "")
    if annotated in names:
        return annotated, ""
    spec = pod["spec"]
    first = [one["name"] for one in spec.get("containers") or ()]
    shown = first + [f"{one['name']} (init)" for one in spec.get("initContainers") or ()]
    return first[0], f"Defaulted container {quoted(first[0])} out of: {', '.join(shown)}\n" if len(names) > 1 else ""


def logs(ctx, api, flags) -> Result:
    words, namespace = flags.words[1:], flags.one("namespace", "default")
    if not words:
        usage = "'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"
        raise Failure(1, f"error: expected {usage}\nSee 'kubectl logs -h' for help and examples\n")
    if "/" not in words[0] and api.get("Pod", words[0], namespace) is None:
        raise Failure(1, f"error: error from server (NotFound): pods {quoted(words[0])} not found in namespace {quoted(namespace)}\n")
    pod = _pod(api, words[0], namespace)
    several = flags.on("all-containers")
    container, defaulted = chosen(pod, flags.one("container") or "".join(words[1:2]))
    names = [one["name"] for one in pod["spec"]["containers"]] if several else [container]
    text, said = "", "" if several else defaulted
    for name in names:
        text += _said(api, pod, name, said, flags.on("previous"))
    if flags.one("tail"):
        text = "".join(text.splitlines(keepends=True)[-flags.number("tail") :] if flags.number("tail") else ())
    return Result(0, text, said)


def _said(api, pod: dict, container: str, said: str, previous: bool) -> str:
    name = pod["metadata"]["name"]
    if container not in _containers(pod):
        raise Failure(1, f"{said}Error from server (BadRequest): container {container} is not valid for pod {name}\n")
    if not pod["spec"].get("nodeName"):
        return ""
    known = next((one for one in dig(pod, "status", "containerStatuses") or () if one["name"] == container), {})
    waiting = dig(known, "state", "waiting")
    if waiting is not None and not known.get("lastState"):
        says = f"container {quoted(container)} in pod {quoted(name)} is waiting to start: {waiting.get('reason', '')}"
        raise Failure(1, f"{said}Error from server (BadRequest): {says}\n")
    if previous and not known.get("lastState"):
        says = f"previous terminated container {quoted(container)} in pod {quoted(name)} not found"
        raise Failure(1, f"{said}Error from server (BadRequest): {says}\n")
    runtime = _runtime(api, pod, said)
    return runtime.said(pod, container) if runtime is not None else ""
