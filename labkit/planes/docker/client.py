"""The `docker` command: which part of it a line means, whether there is an engine to talk to, and all that is not run or show.

Commands that take several containers go on after a refusal, each name echoed when done, as the client does.
"""

from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from ...commands.result import Context, Failure, Result
from ...errors import BadInput
from .. import go, pflag
from . import run, show
from .container import Attachment, Container
from .network import Refused
from .release import RELEASES, said

_NO_DAEMON = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
_DAEMON = "Error response from daemon: "


def docker(ctx: Context, args: list[str]) -> Result:
    """Run one `docker` line; `args` are the words after `docker`."""
    engine = ctx.lab.daemons.get(("docker", ctx.ns.machine))
    version = engine.version if engine is not None else "29"
    if args[:1] in (["--version"], ["-v"]):
        return Result(0, f"Docker version {RELEASES[version]}, build lab\n")
    known = {name.removeprefix("container "): name for name in _COMMANDS if not name.startswith("network ")}
    heads = [name for name in known if name not in ("ls", "list")] + ["container", "network"]
    if not args or args[0] in ("--help", "-h", "help"):
        return Result(0, _usage("docker", heads))
    word, *rest = args
    if word in ("container", "network"):
        group = known if word == "container" else {name.removeprefix("network "): name for name in _COMMANDS if name.startswith("network ")}
        if not rest or rest[0] not in group:
            raise Failure(1 if rest else 0, "", _usage(f"docker {word}", group))
        return _command(ctx, engine, version, group[rest[0]], rest[1:])
    if word.startswith("-"):
        flag = f"flag: {word}" if word.startswith("--") else f"shorthand flag: '{word[1:2]}' in {word}"
        raise Failure(125, f"unknown {flag}\nSee 'docker --help'.\n")
    if word not in heads:
        raise Failure(1, said(version, "no command", word=word) + f"The lab's docker knows {', '.join(heads)}.\n")
    return _command(ctx, engine, version, word, rest)


def _usage(command: str, known) -> str:
    return f"\nUsage:  {command} COMMAND\n\nThe lab's docker knows: {', '.join(known)}.\n"


def _command(ctx: Context, engine, version: str, name: str, args: list[str]) -> Result:
    """The engine of this machine does it. Its socket is a file, so it is not to be seen from inside a container."""
    do, operands, known = _COMMANDS[name]
    name = _ALIASES.get(name, name)
    usage = f"docker {name} {'[OPTIONS] ' if known else ''}{operands}".rstrip()
    if args[:1] == ["--help"]:
        return Result(0, f"\nUsage:  {usage}\n\nOptions that the lab's docker reads: {', '.join(pflag.table(known)) or 'none'}.\n")
    if engine is None or not engine.running or ctx.ns.role in ("container", "pod"):
        if name in ("run", "create"):
            raise run.failure(version, name, _NO_DAEMON)
        raise Failure(1, f"{_NO_DAEMON}\n")

    def wrong(complaint: str, words: list[str], code: int = 125) -> Failure:
        """What the client says of a line it does not understand."""
        return Failure(code, said(version, "usage", complaint=complaint, name=name, usage=usage))

    ended = bool if name in ("run", "create", "exec") else lambda words: False
    flags = pflag.Flags(known, args, wrong, ended)
    count, least = len(flags.words), len([word for word in operands.split() if word[0] != "["])
    most = None if operands.endswith("...]") else len(operands.split())
    if least <= count and (most is None or count <= most):
        try:
            return do(engine, ctx, flags)
        except Refused as error:
            raise Failure(1, f"{_DAEMON}{error}\n") from None
        except BadInput as error:
            raise Failure(1, f"{error}\n") from None
    # docker/cli: cli/required.go.
    rule = ("accepts no" if most == 0 else f"requires at least {least}" if most is None else
            f"requires at least {least} and at most {most}" if most != least else said(version, "exactly", least=least))  # fmt: skip
    plural = "s" if (most if most is not None else least) != 1 else ""
    raise wrong(said(version, "arguments", name=name, rule=rule, plural=plural), flags.words, 1)


def _each(engine, ctx: Context, flags: pflag.Flags, do: Callable, missing: str = _DAEMON) -> Result:
    """A command over containers; `missing` stands before "No such container" in 20.10."""
    done, err = [], ""
    for word in flags.words:
        before = missing if engine.version == "20.10" else _DAEMON
        try:
            container = engine.find(word)
            before = _DAEMON
            do(engine, container, flags)
            done.append(word)
        except Refused as error:
            err += f"{before}{error}\n"
    if err and do is _start:
        left = ", ".join(word for word in flags.words if word not in done)
        err += f"{'Error: ' if engine.version == '20.10' else ''}failed to start containers: {left}\n"
    return Result(1 if err else 0, "".join(f"{word}\n" for word in done), err)


def _start(engine, container: Container, flags: pflag.Flags) -> None:
    engine.start_container(container)


def _stop(engine, container: Container, flags: pflag.Flags) -> None:
    engine.stop_container(container)


def _restart(engine, container: Container, flags: pflag.Flags) -> None:
    engine.stop_container(container)
    engine.start_container(container)


def _kill(engine, container: Container, flags: pflag.Flags) -> None:
    if not container.running:
        raise Refused(said(engine.version, "cannot kill", name=container.name, id=container.id))
    engine.stop_container(container)


def _rm(engine, container: Container, flags: pflag.Flags) -> None:
    if container.running and not flags.on("force"):
        raise Refused(said(engine.version, "running", name=container.name, id=container.id))
    engine.stop_container(container)
    engine.remove(container)


def _network_create(engine, ctx: Context, flags: pflag.Flags) -> Result:
    driver, asked = flags.one("driver", "bridge"), _ipam(flags)
    given = flags.one("subnet")
    if engine.version != "20.10" and given.partition("/")[0] != asked.get("Subnet", given).partition("/")[0]:
        raise Refused(f"invalid network config:\ninvalid subnet {given}: it should be {asked['Subnet']}")
    if driver in ("host", "null"):
        raise Refused(f'only one instance of "{driver}" network is allowed')
    if driver != "bridge":
        raise Refused(f'plugin "{driver}" not found (the lab has the driver bridge)')
    pairs = [dict(text.partition("=")[::2] for text in flags.all(key)) for key in ("opt", "label")]
    made = engine.networks.add(flags.words[0], asked, *pairs, internal=flags.on("internal"), attachable=flags.on("attachable"))
    return Result(0, f"{made.id}\n")


def _ipam(flags: pflag.Flags) -> dict[str, str]:
    """--subnet, --ip-range and --gateway in inspect's words (docker/cli: network/create.go)."""
    asked, subnet = {}, None
    for key, what in (("Subnet", "subnet"), ("IPRange", "ip-range"), ("Gateway", "gateway")):
        if what not in flags.given:
            continue
        text = flags.one(what)
        try:
            network = go.cidr(text) if what != "gateway" else IPv4Network(IPv4Address(text))
        except ValueError:
            raise BadInput(f"invalid {'gateway' if what == 'gateway' else 'CIDR'} address: {text}") from None
        asked[key] = shown = str(network if what != "gateway" else network.network_address)
        if what == "subnet":
            subnet = network
        elif subnet is None:
            raise BadInput("every ip-range or gateway must have a corresponding subnet")
        elif not network.subnet_of(subnet):
            raise BadInput(f"no matching subnet for {what} {shown}")
    return asked


def _network_rm(engine, ctx: Context, flags: pflag.Flags) -> Result:
    out, err = "", ""
    for word in flags.words:
        try:
            engine.remove_network(engine.networks.find(word))
            out += f"{word}\n"
        except Refused as error:
            unknown = str(error) == f"network {word} not found"
            err += said(engine.version, "no network", name=word) + "\n" if unknown else f"{_DAEMON}{error}\n"
    if err and engine.version != "20.10":
        err += "exit status 1\n"
    return Result(1 if err else 0, out, err)


def _connect(engine, ctx: Context, flags: pflag.Flags) -> Result:
    network, container = flags.words
    if "gw-priority" in flags.given and engine.version == "20.10":
        raise flags.wrong("unknown flag: --gw-priority")
    network = engine.networks.find(network)
    asked = Attachment(network.name, run.asked_ip(flags, engine.version), "", flags.all("alias"),
                       run.priority(flags.one("gw-priority", "0")))  # fmt: skip
    engine.connect(network, engine.find(container), asked)
    return Result()


def _disconnect(engine, ctx: Context, flags: pflag.Flags) -> Result:
    network, container = flags.words
    engine.disconnect(engine.networks.find(network), engine.find(container))
    return Result()


def _logs(engine, ctx: Context, flags: pflag.Flags) -> Result:
    """What a container's program printed."""
    try:
        return Result(0, engine.find(flags.words[0]).log)
    except Refused as error:
        raise Failure(1, f"{'Error: ' if engine.version == '20.10' else _DAEMON}{error}\n") from None


_CONTAINERS = "CONTAINER [CONTAINER...]"
_PS = (show.ps, "", "all,a filter,f: format: no-trunc quiet,q last,n! latest,l! size,s!")
_LS = (show.network_ls, "", "filter,f: format: no-trunc quiet,q")
_NETWORK_RM = (_network_rm, "NETWORK [NETWORK...]", "")
#: What does it, the words it takes, and its flags.
_COMMANDS = {
    "run": (run.run, "IMAGE [COMMAND] [ARG...]", run.FLAGS),
    "create": (run.create, "IMAGE [COMMAND] [ARG...]", run.FLAGS),
    "exec": (run.exec_, "CONTAINER COMMAND [ARG...]",
             "detach,d detach-keys: env,e: env-file: interactive,i privileged tty,t user,u: workdir,w:"),
    "ps": _PS,
    "inspect": (show.inspect, "NAME|ID [NAME|ID...]", "format,f: size,s type:"),
    "port": (show.port, "CONTAINER [PRIVATE_PORT[/PROTO]]", ""),
    "logs": (_logs, "CONTAINER", "details follow,f! since! tail,n! timestamps,t! until!"),
    "images": (show.image_list, "[REPOSITORY[:TAG]]", "all,a digests! filter,f! format: no-trunc quiet,q"),
    "start": (partial(_each, do=_start), _CONTAINERS, "attach,a interactive,i"),
    "stop": (partial(_each, do=_stop), _CONTAINERS, "time,t:"),
    "restart": (partial(_each, do=_restart), _CONTAINERS, "time,t:"),
    "kill": (partial(_each, do=_kill), _CONTAINERS, "signal,s:"),
    "rm": (partial(_each, do=_rm, missing="Error: "), _CONTAINERS, "force,f link,l volumes,v"),
    "container ls": _PS,
    "container list": _PS,
    "network ls": _LS,
    "network list": _LS,
    "network inspect": (partial(show.inspect, kind="network"), "NETWORK [NETWORK...]", "format,f: verbose,v"),
    "network create": (_network_create, "NETWORK",
                       "attachable driver,d: gateway: internal ip-range: ipam-driver: label: opt,o: scope: subnet:"),
    "network rm": _NETWORK_RM,
    "network remove": _NETWORK_RM,
    "network connect": (_connect, "NETWORK CONTAINER", "alias: driver-opt: gw-priority: ip: ip6: link:"),
    "network disconnect": (_disconnect, "NETWORK CONTAINER", "force,f"),
}  # fmt: skip
_ALIASES = {"container ls": "ps", "container list": "ps", "network list": "network ls", "network remove": "network rm"}
