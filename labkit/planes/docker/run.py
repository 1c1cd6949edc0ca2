"""`docker run`, `docker create` and `docker exec`: containers made, and commands run in them.

A container started with -d stays until it is stopped, whatever its command; without -d the command
runs to its end and its answer is shown. Every image is there already and holds the lab's commands.
"""

import re
from ipaddress import AddressValueError, IPv4Address
from itertools import islice

from ...commands.result import Context, Failure, Result
from ...commands.shell import find, run_argv
from ...errors import BadInput
from .. import go
from . import modes, ports
from .container import IDLE, Container, Request
from .flags import Flags
from .refused import Refused

#: The flags with something behind them in the lab.
_KNOWN = {
    "add-host": ":", "detach": "d", "dns": ":", "expose": ":", "hostname": "h:", "interactive": "i", "ip": ":", "link": ":",
    "mac-address": ":", "name": ":", "net": ":", "network": ":", "publish": "p:", "publish-all": "P", "restart": ":", "rm": "", "tty": "t",
}  # fmt: skip

#: Flags of Docker that change nothing the lab models: processes, files, limits, names.
_ACCEPTED = {
    "attach": "a:", "cap-add": ":", "cap-drop": ":", "cidfile": ":", "cpus": ":", "cpu-shares": "c:", "cpuset-cpus": ":",
    "device": ":", "detach-keys": ":", "dns-option": ":", "dns-opt": ":", "dns-search": ":", "domainname": ":",
    "entrypoint": ":", "env": "e:", "env-file": ":", "gpus": ":", "group-add": ":", "health-cmd": ":",
    "health-interval": ":", "init": "", "ip6": ":", "ipc": ":", "label": "l:", "label-file": ":", "log-driver": ":",
    "log-opt": ":", "memory": "m:", "memory-swap": ":", "mount": ":", "net-alias": ":", "network-alias": ":",
    "no-healthcheck": "", "oom-kill-disable": "", "pid": ":", "pids-limit": ":", "platform": ":", "privileged": "",
    "pull": ":", "read-only": "", "runtime": ":", "security-opt": ":", "shm-size": ":", "sig-proxy": "",
    "stop-signal": ":", "stop-timeout": ":", "sysctl": ":", "tmpfs": ":", "ulimit": ":", "user": "u:", "userns": ":",
    "uts": ":", "volume": "v:", "volumes-from": ":", "workdir": "w:",
}  # fmt: skip

_EXEC = {
    "detach": "d", "detach-keys": ":", "env": "e:", "env-file": ":", "interactive": "i", "privileged": "", "tty": "t",
    "user": "u:", "workdir": "w:",
}  # fmt: skip

#: Of one container: all of TCP's and a few.
MOST_PORTS = 66_000

_IMAGE = re.compile(r"[a-z0-9]+([._/:@-][A-Za-z0-9_./:@-]*[A-Za-z0-9_.-])?")
_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def run(engine, ctx: Context, args: list[str]) -> Result:
    """Create and start; the id, or what the command said."""
    flags = Flags("run", _KNOWN | _ACCEPTED, args, interspersed=False)
    flags.need(1)
    detached = flags.on("detach")
    if not detached and len(flags.words) == 1:
        raise _failure("run", "the lab opens no shell in a container: add -d and use `docker exec`, or give a command")
    container, warnings = _create(engine, flags)
    shown = f"{container.id}\n" if detached else ""
    try:
        engine.start_container(container)
    except Refused as error:
        if container.request.auto_remove:
            engine.remove(container)
        raise Failure(125, f"{warnings}docker: Error response from daemon: {error}.\n", shown) from None
    if detached:
        return Result(0, shown, warnings)
    return _to_its_end(engine, ctx, container, warnings)


def create(engine, ctx: Context, args: list[str]) -> Result:
    """`docker create`: as run, but nothing starts."""
    flags = Flags("create", _KNOWN | _ACCEPTED, args, interspersed=False)
    flags.need(1)
    container, warnings = _create(engine, flags)
    return Result(0, f"{container.id}\n", warnings)


def _create(engine, flags: Flags) -> tuple[Container, str]:
    """The container, and the daemon's warnings."""
    command = flags.command
    image, *words = flags.words
    name = flags.one("name")
    try:
        request = _request(flags, image, tuple(words))
    except BadInput as error:
        raise _failure(command, str(error)) from None
    if name and not _NAME.fullmatch(name):
        rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise _failure(command, f"Error response from daemon: Invalid container name ({name}), {rule}")
    try:
        container = engine.create(name.removeprefix("/"), request)
    except Refused as error:
        raise _failure(command, f"Error response from daemon: {error}") from None
    return container, "".join(f"WARNING: {words}\n" for words in modes.warnings(request))


def _failure(command: str, message: str) -> Failure:
    """The client ends each message with one full stop (docker/cli: reportError, withHelp)."""
    who = "docker: " if command == "run" else ""
    return Failure(125 if command == "run" else 1, f"{who}{message.removesuffix('.')}.\nSee 'docker {command} --help'.\n")


def _request(flags: Flags, image: str, words: tuple[str, ...]) -> Request:
    """The flags as a request; BadInput for what the client itself refuses."""
    network = (flags.all("network") + flags.all("net") or ("default",))[-1]
    bindings = tuple(islice((b for spec in flags.all("publish") for b in ports.parse(spec)), MOST_PORTS + 1))
    exposed = tuple(islice((key for spec in flags.all("expose") for key in ports.exposed(spec)), MOST_PORTS + 1))
    if max(len(bindings), len(exposed)) > MOST_PORTS:
        raise BadInput(f"The lab's containers publish up to {MOST_PORTS:,} ports")
    request = Request(
        image, words or IDLE, network,
        ip=_ip(flags.one("ip")),
        mac=_mac(flags.one("mac-address")),
        hostname=flags.one("hostname"),
        bindings=bindings,
        publish_all=flags.on("publish-all"),
        exposed=exposed,
        links=flags.all("link"),
        dns=flags.all("dns"),
        extra_hosts=flags.all("add-host"),
        auto_remove=flags.on("rm"),
        restart=_restart(flags.one("restart", "no")),
    )  # fmt: skip
    if request.links and not modes.takes_links(request):
        raise BadInput("links are only supported for user-defined networks")
    if not _IMAGE.fullmatch(image):
        lower = ": repository name must be lowercase" if _IMAGE.fullmatch(image.lower()) else ""
        raise BadInput(f"invalid reference format{lower}")
    return request


def _restart(text: str) -> str:
    """no, always, unless-stopped, or on-failure with the most times behind it, of which the lab counts none."""
    policy, colon, most = text.partition(":")
    try:
        go.unsigned(most if colon else "0")
    except ValueError:
        raise BadInput("maximum retry count must be an integer") from None
    if policy not in ("no", "always", "unless-stopped", "on-failure"):
        raise BadInput(f"Error response from daemon: invalid restart policy '{policy}'")
    if colon and policy != "on-failure":
        raise BadInput(f"Error response from daemon: maximum retry count cannot be used with restart policy '{policy}'")
    return policy


def _ip(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text) if text else None
    except AddressValueError:
        raise BadInput(f"Error response from daemon: invalid IPv4 address: {text}") from None


def _mac(text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", text):
        raise BadInput(f"{text} is not a valid mac address")
    return text.lower()


def _to_its_end(engine, ctx: Context, container: Container, warnings: str) -> Result:
    """Run the container's command; with its end the container ends."""
    try:
        result = _inside(engine, ctx, container, list(container.request.command))
    except LookupError as error:
        engine.stop_container(container, 127)
        start = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process"
        raise Failure(127, f"{warnings}docker: Error response from daemon: {start}: {error}.\n") from None
    engine.stop_container(container, result.returncode)
    return Result(result.returncode, result.stdout, warnings + result.stderr)


def exec_(engine, ctx: Context, args: list[str]) -> Result:
    """`docker exec`: a command in a running container's namespace."""
    flags = Flags("exec", _EXEC, args, interspersed=False)
    flags.need(2)
    try:
        container = engine.find(flags.words[0])
    except Refused as error:
        raise Failure(1, f"Error: {error}\n") from None
    if not container.running:
        raise Failure(1, f"Error response from daemon: Container {container.id} is not running\n")
    try:
        result = _inside(engine, ctx, container, flags.words[1:])
    except LookupError as error:
        raise Failure(126, f"OCI runtime exec failed: exec failed: unable to start container process: {error}\n") from None
    return Result() if flags.on("detach") else result


def _inside(engine, ctx: Context, container: Container, argv: list[str]) -> Result:
    """Run words in the container; LookupError, in runc's words, when there is no such command."""
    there = Context(ctx.lab, container.namespace, ctx.stdin, budget=ctx.budget)
    if find(ctx.lab, argv[0].rpartition("/")[2]) is None:
        raise LookupError(f'exec: "{argv[0]}": executable file not found in $PATH: unknown')
    return run_argv(there, argv)

