"""The `docker` command: which part of it a line means, and whether there is an engine to talk to."""

from ...commands.result import Context, Failure, Result
from . import lifecycle, listing, network_cli, run

_COMMANDS = {
    "run": run.run, "create": run.create, "exec": run.exec_, "ps": listing.ps, "inspect": listing.inspect,
    "start": lifecycle.start, "stop": lifecycle.stop, "restart": lifecycle.restart, "kill": lifecycle.kill, "rm": lifecycle.rm,
}  # fmt: skip
_CONTAINER = _COMMANDS | {"ls": listing.ps, "list": listing.ps}
_NETWORK = {
    "ls": network_cli.ls, "list": network_cli.ls, "inspect": network_cli.inspect, "create": network_cli.create,
    "rm": network_cli.rm, "remove": network_cli.rm, "connect": network_cli.connect, "disconnect": network_cli.disconnect,
}  # fmt: skip
_GROUPS = {"container": _CONTAINER, "network": _NETWORK}

_NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"


def docker(ctx: Context, args: list[str]) -> Result:
    """Run one `docker` line; `args` are the words after `docker`."""
    if args[:1] in (["--version"], ["-v"]):
        return Result(0, "Docker version 20.10.24, build lab\n")
    if not args:
        return Result(0, _usage("docker", [*_COMMANDS, *_GROUPS]))
    word, *rest = args
    if word in _GROUPS:
        return _group(ctx, word, rest)
    if word.startswith("-"):
        raise Failure(125, f"unknown flag: {word}\nSee 'docker --help'.\n" if word.startswith("--") else
                      f"unknown shorthand flag: '{word[1:2]}' in {word}\nSee 'docker --help'.\n")  # fmt: skip
    if word not in _COMMANDS:
        known = ", ".join([*_COMMANDS, *_GROUPS])
        raise Failure(1, f"docker: '{word}' is not a docker command.\nSee 'docker --help'\nThe lab's docker knows {known}.\n")
    return _COMMANDS[word](_engine(ctx, word), ctx, rest)


def _group(ctx: Context, group: str, args: list[str]) -> Result:
    commands = _GROUPS[group]
    if not args or args[0] not in commands:
        raise Failure(0 if not args else 1, "", _usage(f"docker {group}", commands))
    name = "run" if args[0] == "run" and group == "container" else ""
    return commands[args[0]](_engine(ctx, name), ctx, args[1:])


def _engine(ctx: Context, command: str):
    """The engine of this machine. Its socket is a file, so it is not to be seen from inside a container."""
    engine = ctx.lab.daemons.get(("docker", ctx.ns.machine))
    if engine is None or not engine.running or ctx.ns.role in ("container", "pod"):
        if command in ("run", "create"):
            code, who = (125, "docker: ") if command == "run" else (1, "")
            raise Failure(code, f"{who}{_NO_DAEMON}.\nSee 'docker {command} --help'.\n")
        raise Failure(1, f"{_NO_DAEMON}\n")
    return engine


def _usage(command: str, known) -> str:
    return f"\nUsage:  {command} COMMAND\n\nThe lab's docker knows: {', '.join(known)}.\n"
