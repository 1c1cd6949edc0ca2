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
from ...lab.namespace import Namespace
from .. import go
from ..pflag import Flags
from . import published
from .container import IDLE, Container, Request
from .network import Refused

#: Those with something behind them in the lab, then Docker's that change nothing the lab models: processes, files, limits, names.
FLAGS = """
    add-host: detach,d dns: expose: hostname,h: interactive,i ip: link: mac-address: name: net: network: publish,p: publish-all,P
    restart: rm tty,t
    attach,a: cap-add: cap-drop: cidfile: cpus: cpu-shares,c: cpuset-cpus: device: detach-keys: dns-option: dns-opt: dns-search:
    domainname: entrypoint: env,e: env-file: gpus: group-add: health-cmd: health-interval: init ip6: ipc: label,l: label-file:
    log-driver: log-opt: memory,m: memory-swap: mount: net-alias: network-alias: no-healthcheck oom-kill-disable pid: pids-limit:
    platform: privileged pull: read-only runtime: security-opt: shm-size: sig-proxy stop-signal: stop-timeout: sysctl: tmpfs: ulimit:
    user,u: userns: uts: volume,v: volumes-from: workdir,w:"""

#: Of one container: all of TCP's and a few.
MOST_PORTS = 66_000

_IMAGE = re.compile(r"[a-z0-9]+([._/:@-][A-Za-z0-9_./:@-]*[A-Za-z0-9_.-])?")
_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def run(engine, ctx: Context, flags: Flags) -> Result:
    """Create and start; the id, or what the command said."""
    detached = flags.on("detach")
    if not detached and len(flags.words) == 1:
        raise failure("run", "The lab opens no shell in a container: add -d and use `docker exec`, or give a command")
    container, warnings = _create(engine, flags, "run")
    shown = f"{container.id}\n" if detached else ""
    try:
        engine.start_container(container)
    except Refused as error:
        if container.request.auto_remove:
            engine.remove(container)
        raise Failure(125, f"{warnings}docker: Error response from daemon: {error}.\n", shown) from None
    return Result(0, shown, warnings) if detached else _to_its_end(engine, ctx, container, warnings)


def create(engine, ctx: Context, flags: Flags) -> Result:
    """As run, but nothing starts."""
    container, warnings = _create(engine, flags, "create")
    return Result(0, f"{container.id}\n", warnings)


def _create(engine, flags: Flags, command: str) -> tuple[Container, str]:
    """The container, and what the daemon accepts and does not do."""
    name = flags.one("name")
    try:
        request = _request(flags)
    except BadInput as error:
        raise failure(command, str(error)) from None
    if name and not _NAME.fullmatch(name):
        rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise failure(command, f"Error response from daemon: Invalid container name ({name}), {rule}")
    try:
        container = engine.create(name.removeprefix("/"), request)
    except Refused as error:
        raise failure(command, f"Error response from daemon: {error}") from None
    discarded = request.network == "host" and request.bindings
    return container, "WARNING: Published ports are discarded when using host network mode\n" if discarded else ""


def failure(command: str, message: str) -> Failure:
    """The client ends each message with one full stop (docker/cli: reportError, withHelp)."""
    who = "docker: " if command == "run" else ""
    return Failure(125 if command == "run" else 1, f"{who}{message.removesuffix('.')}.\nSee 'docker {command} --help'.\n")


def _request(flags: Flags) -> Request:
    """The flags as a request; BadInput for what the client itself refuses."""
    image, *words = flags.words
    network = (flags.all("network") + flags.all("net") or ("default",))[-1]
    bindings = tuple(islice((b for spec in flags.all("publish") for b in published.parse(spec)), MOST_PORTS + 1))
    exposed = tuple(islice((key for spec in flags.all("expose") for key in published.exposed(spec)), MOST_PORTS + 1))
    if max(len(bindings), len(exposed)) > MOST_PORTS:
        raise BadInput(f"The lab's containers publish up to {MOST_PORTS:,} ports")
    mac = flags.one("mac-address")
    if mac and not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", mac):
        raise BadInput(f"{mac} is not a valid mac address")
    request = Request(
        image, tuple(words) or IDLE, network,
        ip=address(flags.one("ip")),
        mac=mac.lower(),
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
    if request.links and (request.network in ("host", "none") or request.network.startswith("container:")):
        raise BadInput("links are only supported for user-defined networks")
    if not _IMAGE.fullmatch(image):
        lower = ": repository name must be lowercase" if _IMAGE.fullmatch(image.lower()) else ""
        raise BadInput(f"invalid reference format{lower}")
    return request


def address(text: str) -> IPv4Address | None:
    """What stands behind --ip."""
    try:
        return IPv4Address(text) if text else None
    except AddressValueError:
        raise BadInput(f"Error response from daemon: invalid IPv4 address: {text}") from None


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


def _to_its_end(engine, ctx: Context, container: Container, warnings: str) -> Result:
    """Run the container's command; with its end the container ends."""
    try:
        result = run_inside(ctx, container.namespace, list(container.request.command))
    except LookupError as error:
        engine.stop_container(container, 127)
        start = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process"
        raise Failure(127, f"{warnings}docker: Error response from daemon: {start}: {error}.\n") from None
    engine.stop_container(container, result.returncode)
    return Result(result.returncode, result.stdout, warnings + result.stderr)


def exec_(engine, ctx: Context, flags: Flags) -> Result:
    """A command in a running container's namespace."""
    try:
        container = engine.find(flags.words[0])
    except Refused as error:
        raise Failure(1, f"Error: {error}\n") from None
    if not container.running:
        raise Refused(f"Container {container.id} is not running")
    try:
        result = run_inside(ctx, container.namespace, flags.words[1:])
    except LookupError as error:
        raise Failure(126, f"OCI runtime exec failed: exec failed: unable to start container process: {error}\n") from None
    return Result() if flags.on("detach") else result


def run_inside(ctx: Context, namespace: Namespace, argv: list[str]) -> Result:
    """Run words in a container's namespace; LookupError, in runc's words, when there is no such command."""
    if find(ctx.lab, argv[0].rpartition("/")[2]) is None:
        raise LookupError(f'exec: "{argv[0]}": executable file not found in $PATH: unknown')
    return run_argv(Context(ctx.lab, namespace, ctx.stdin, budget=ctx.budget), argv)
