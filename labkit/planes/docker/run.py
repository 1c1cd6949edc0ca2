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
from .container import Attachment, Container, Request
from .network import Refused
from .release import footer, said

#: Those with something behind them in the lab, then Docker's that change nothing the lab models: processes, files, limits, names.
FLAGS = """
    add-host: detach,d dns: expose: hostname,h: interactive,i ip: link: mac-address: name: net: network: publish,p: publish-all,P
    restart: rm tty,t
    attach,a: cap-add: cap-drop: cidfile: cpus: cpu-shares,c: cpuset-cpus: device: detach-keys: dns-option: dns-opt: dns-search:
    domainname: entrypoint: env,e: env-file: gpus: group-add: health-cmd: health-interval: init ip6: ipc: label,l: label-file:
    log-driver: log-opt: memory,m: memory-swap: mount: net-alias: network-alias: no-healthcheck oom-kill-disable pid: pids-limit:
    platform: privileged pull: read-only runtime: security-opt: shm-size: sig-proxy stop-signal: stop-timeout: sysctl: tmpfs: ulimit:
    user,u: userns: uts: volume,v: volumes-from: workdir,w:"""

#: Of one container: exposed, all of TCP's and a few; published, each two rules and two sockets.
MOST_EXPOSED, MOST_PUBLISHED = 66_000, 1_000
#: Of a container's log the end is kept, in characters.
LONGEST_LOG = 10_000
_LINKS = ("WARNING: Links on the default bridge network are deprecated and will be removed in a future release. "
          "Use a custom network instead.\n")  # fmt: skip
_UNDEFINED = "can't be used with links. This would result in undefined behavior"

_IMAGE = re.compile(r"[a-z0-9]+([._/:@-][A-Za-z0-9_./:@-]*[A-Za-z0-9_.-])?")
_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def run(engine, ctx: Context, flags: Flags) -> Result:
    """Create and start; the id, or what the command said."""
    detached = flags.on("detach")
    if not detached and len(flags.words) == 1:
        raise failure(engine.version, "run", "The lab opens no shell in a container: add -d and use `docker exec`, or give a command")
    container, warnings = _create(engine, flags, "run")
    shown = f"{container.id}\n" if detached else ""
    try:
        engine.start_container(container)
    except Refused as error:
        if container.request.auto_remove:
            engine.remove(container)
        end = footer(engine.version, "run", f"docker: Error response from daemon: {error}", helps=False)
        raise Failure(125, warnings + end, shown) from None
    return Result(0, shown, warnings) if detached else _to_its_end(engine, ctx, container, warnings)


def create(engine, ctx: Context, flags: Flags) -> Result:
    """As run, but nothing starts."""
    container, warnings = _create(engine, flags, "create")
    return Result(0, f"{container.id}\n", warnings)


def _create(engine, flags: Flags, command: str) -> tuple[Container, str]:
    """The container, and what the daemon accepts and does not do."""
    name, version = flags.one("name"), engine.version
    try:
        request = _request(flags, version)
    except BadInput as error:
        raise failure(version, command, str(error)) from None
    if name and not _NAME.fullmatch(name):
        rule = "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        raise failure(version, command, f"Error response from daemon: Invalid container name ({name}), {rule}")
    try:
        container = engine.create(name.removeprefix("/"), request)
    except Refused as error:
        raise failure(version, command, f"Error response from daemon: {error}") from None
    discarded = bool(request.network == "host" and request.bindings)
    warnings = "WARNING: Published ports are discarded when using host network mode\n" * discarded
    return container, warnings + _LINKS * bool(version != "20.10" and request.links and request.network in ("default", "bridge"))


def failure(version: str, command: str, message: str) -> Failure:
    """How the client ends when there is no container (docker/cli: reportError, withHelp)."""
    who = "docker: " if command == "run" or version != "20.10" else ""
    return Failure(125 if command == "run" else 1, footer(version, command, who + message))


def _request(flags: Flags, version: str) -> Request:
    """The flags as a request; BadInput for what the client itself refuses."""
    image, *words = flags.words
    first, *others = [_attachment(text, version) for text in flags.all("network") + flags.all("net")] or [Attachment("default")]
    bindings = tuple(islice((b for spec in flags.all("publish") for b in published.parse(spec, version)), MOST_PUBLISHED + 1))
    exposed = tuple(islice((key for spec in flags.all("expose") for key in published.exposed(spec, version)), MOST_EXPOSED + 1))
    if max(len(bindings), len(exposed) if flags.on("publish-all") else 0) > MOST_PUBLISHED or len(exposed) > MOST_EXPOSED:
        raise BadInput(f"The lab's containers publish up to {MOST_PUBLISHED:,} ports and expose up to {MOST_EXPOSED:,}")
    request = Request(
        image, tuple(words), first.network,
        ip=asked_ip(flags, version) or first.ip,
        mac=_mac(flags.one("mac-address")) or first.mac,
        aliases=flags.all("network-alias") + flags.all("net-alias") + first.aliases,
        priority=first.priority,
        others=tuple(others),
        environment=flags.all("env"),
        hostname=flags.one("hostname"),
        bindings=bindings,
        publish_all=flags.on("publish-all"),
        exposed=exposed,
        links=flags.all("link"),
        dns=flags.all("dns"),
        dns_search=flags.all("dns-search"),
        extra_hosts=flags.all("add-host"),
        auto_remove=flags.on("rm"),
        restart=_restart(flags.one("restart", "no"), version),
    )  # fmt: skip
    if request.links and version == "20.10" and (request.network in ("host", "none") or request.network.startswith("container:")):
        raise BadInput("links are only supported for user-defined networks")
    if request.links and request.network == "host":
        raise BadInput(f"Error response from daemon: conflicting options: host type networking {_UNDEFINED}")
    for text in request.extra_hosts:
        if not re.fullmatch(r"[^:=]+[:=].+", text):
            raise BadInput(f'invalid argument "{text}" for "--add-host" flag: bad format for add-host: "{text}"')
    if not _IMAGE.fullmatch(image):
        lower = ": repository name must be lowercase" if _IMAGE.fullmatch(image.lower()) else ""
        raise BadInput(f"invalid reference format{lower}")
    return request


def _attachment(text: str, version: str) -> Attachment:
    """What stands behind --network: a network, or `name=net1,ip=…,alias=…,gw-priority=…` (docker/cli: opts/network.go)."""
    if "=" not in text:
        return Attachment(text)
    asked: dict[str, list[str]] = {}
    for pair in text.split(","):
        key, sign, value = pair.partition("=")
        if not sign or key not in ("name", "ip", "mac-address", "alias", "gw-priority") or key == "gw-priority" and version == "20.10":
            raise BadInput(f'invalid argument "{text}" for "--network" flag: invalid field key {key}')
        asked.setdefault(key, []).append(value)
    one = {key: values[-1] for key, values in asked.items()}
    if not one.get("name"):
        raise BadInput(f'invalid argument "{text}" for "--network" flag: network name/id is not specified')
    return Attachment(one["name"], address(one.get("ip", "")), _mac(one.get("mac-address", "")), tuple(asked.get("alias", ())),
                      priority(one.get("gw-priority", "0")))  # fmt: skip


def priority(text: str) -> int:
    """What stands behind --gw-priority."""
    try:
        return go.integer(text)
    except ValueError:
        raise BadInput(f'invalid argument "{text}" for "--gw-priority" flag: strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _mac(text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}", text):
        raise BadInput(f"{text} is not a valid mac address")
    return text.lower()


def asked_ip(flags: Flags, version: str) -> IPv4Address | None:
    """What stands behind --ip; 29's client refuses by itself what is no address."""
    text = flags.one("ip")
    try:
        return address(text)
    except BadInput:
        if version == "20.10":
            raise
        raise flags.wrong(f'invalid argument "{text}" for "--ip" flag: failed to parse IP: "{text}"') from None


def address(text: str) -> IPv4Address | None:
    """What stands behind an `ip=`, or nothing."""
    try:
        return IPv4Address(text) if text else None
    except AddressValueError:
        raise BadInput(f"Error response from daemon: invalid IPv4 address: {text}") from None


def _restart(text: str, version: str) -> str:
    """no, always, unless-stopped, or on-failure with the most times behind it, of which the lab counts none."""
    policy, colon, most = text.partition(":")
    try:
        go.unsigned(most if colon else "0")
    except ValueError:
        raise BadInput(said(version, "retries")) from None
    if policy not in ("no", "always", "unless-stopped", "on-failure"):
        raise BadInput(said(version, "policy", text=policy))
    if colon and policy != "on-failure":
        raise BadInput(said(version, "no retries", text=policy))
    return policy


def _to_its_end(engine, ctx: Context, container: Container, warnings: str) -> Result:
    """Run the container's command; with its end the container ends."""
    try:
        result = run_inside(ctx, container.namespace, list(container.request.command))
    except LookupError as error:
        engine.stop_container(container, 127)
        start = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process"
        end = footer(engine.version, "run", f"docker: Error response from daemon: {start}: {error}", helps=False)
        raise Failure(127, warnings + end) from None
    container.log = (container.log + result.stdout + result.stderr)[-LONGEST_LOG:]
    engine.stop_container(container, result.returncode)
    return Result(result.returncode, result.stdout, warnings + result.stderr)


def exec_(engine, ctx: Context, flags: Flags) -> Result:
    """A command in a running container's namespace."""
    try:
        container = engine.find(flags.words[0])
    except Refused as error:
        raise Failure(1, f"{'Error: ' if engine.version == '20.10' else 'Error response from daemon: '}{error}\n") from None
    if not container.running:
        raise Refused(said(engine.version, "no process", id=container.id))
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
