"""The lab's shell: one line in, what the real tools answer out.

A command is a function `(Context, args) -> Result`, found by name in `COMMANDS` (loaded when first
used) or among those a control plane added to the lab (`docker`, `kubectl`, `etcdctl`).
"""

from importlib import import_module

from ..errors import BadInput
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..tables.origin import Origin
from .language import Pipeline, Simple, parse
from .result import Context, Failure, Result

#: command -> (module, function)
COMMANDS = {
    "ip": ("ip", "ip"),
    "bridge": ("bridge", "bridge"),
    "ping": ("ping", "ping"),
    "traceroute": ("traceroute", "traceroute"),
    "tracepath": ("tracepath", "tracepath"),
    "ifconfig": ("ifconfig", "ifconfig"),
    "route": ("route", "route"),
    "netstat": ("netstat", "netstat"),
    "arp": ("arp", "arp"),
    "sysctl": ("sysctl", "sysctl"),
    "tcpdump": ("tcpdump", "tcpdump"),
    "nc": ("nc", "nc"),
    "curl": ("curl", "curl"),
    "sh": ("shell", "subshell"),
    "bash": ("shell", "subshell"),
    "cat": ("filters", "cat"),
    "echo": ("filters", "echo"),
    "grep": ("filters", "grep"),
    "awk": ("filters", "awk"),
    "head": ("filters", "head"),
    "tail": ("filters", "tail"),
    "wc": ("filters", "wc"),
    "sleep": ("filters", "sleep"),
    "true": ("filters", "true"),
}


def sh(lab: Lab, line: str, on: str | None = None) -> Result:
    """Run one line in a namespace (by default the lab's first machine)."""
    namespace = lab[on if on is not None else lab.home]
    try:
        pipelines = parse(line, lambda inner: sh(lab, inner, namespace.name).stdout)
    except BadInput as error:
        return Result(2, stderr=f"{error}\n")
    result, out, err = Result(), "", ""
    with lab.line():
        for pipeline in pipelines:
            if (pipeline.operator == "&&" and result.returncode) or (pipeline.operator == "||" and not result.returncode):
                continue
            result = _run_pipeline(lab, namespace, pipeline, line)
            out, err = out + result.stdout, err + result.stderr
    return Result(result.returncode, out, err)


def _run_pipeline(lab: Lab, namespace: Namespace, pipeline: Pipeline, line: str) -> Result:
    """Commands one after the other, each reading what the one before printed."""
    result, err = Result(), ""
    for simple in pipeline.commands:
        result = _run_simple(Context(lab, namespace, result.stdout), simple, line)
        err += result.stderr
    return Result(result.returncode, result.stdout, err)


def _run_simple(ctx: Context, simple: Simple, line: str) -> Result:
    origin = ctx.lab.origin
    if not origin.command:
        ctx.lab.origin = Origin(origin.who, line.strip())
    try:
        result = run_argv(ctx, simple.words)
    finally:
        ctx.lab.origin = origin
    return _redirect(ctx, simple, result)


def _redirect(ctx: Context, simple: Simple, result: Result) -> Result:
    out, err = result.stdout, result.stderr
    if simple.stderr_to == "&1":
        out, err = out + err, ""
    elif simple.stderr_to:
        err = ""
    if simple.stdout_to.startswith("/proc/sys/"):
        key = simple.stdout_to.removeprefix("/proc/sys/")
        written = run_argv(ctx, ["sysctl", "-q", "-w", f"{key.replace('.', '%').replace('/', '.').replace('%', '/')}={out.strip()}"])
        return Result(written.returncode, "", err + written.stderr)
    if simple.stdout_to not in ("", "/dev/null"):
        return Result(1, "", f"bash: {simple.stdout_to}: the lab has no files but those under /proc/sys\n")
    return Result(result.returncode, "" if simple.stdout_to else out, err)


def run_argv(ctx: Context, argv: list[str]) -> Result:
    """Run one command given as words, as `ip netns exec` and `docker exec` do."""
    if argv and argv[0] == "sudo":
        argv = argv[1:]
    if not argv:
        return Result()
    command = find(ctx.lab, argv[0].rpartition("/")[2])
    if command is None:
        return Result(127, stderr=f"bash: {argv[0]}: command not found\nThe lab understands: {', '.join(known(ctx.lab))}.\n")
    try:
        return command(ctx, list(argv[1:]))
    except Failure as failure:
        return failure.result


def subshell(ctx: Context, args: list[str]) -> Result:
    """`sh -c LINE` and `bash -c LINE`: the line in the same namespace, as `docker exec` and `ip netns exec` need it."""
    if args[:1] != ["-c"]:
        raise Failure(2, "The lab's sh runs one line, given as sh -c LINE.\n")
    if len(args) == 1:
        raise Failure(2, "sh: 0: -c requires an argument\n")
    return sh(ctx.lab, args[1], ctx.ns.name)


def find(lab: Lab, name: str):
    """The function behind a command's name, or None."""
    if name in COMMANDS:
        module, function = COMMANDS[name]
        return getattr(import_module(f".{module}", __package__), function)
    return lab.commands.get(name)


def known(lab: Lab) -> list[str]:
    return sorted({*COMMANDS, *lab.commands})
