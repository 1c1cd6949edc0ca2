"""`docker network ls|inspect|create|rm|connect|disconnect`."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from ...commands.result import Context, Failure, Result
from ...errors import BadInput
from . import describe
from .columns import columns, formatted
from .flags import Flags
from .listing import inspected
from .refused import Refused

_CREATE = {
    "attachable": "", "driver": "d:", "gateway": ":", "internal": "", "ip-range": ":", "ipam-driver": ":", "label": ":",
    "opt": "o:", "scope": ":", "subnet": ":",
}  # fmt: skip
_HEADERS = {"ID": "NETWORK ID", "Name": "NAME", "Driver": "DRIVER", "Scope": "SCOPE"}


def ls(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network ls", {"filter": "f:", "format": ":", "no-trunc": "", "quiet": "q"}, args)
    flags.need(0, 0)
    whole = flags.on("no-trunc")
    rows = [
        {"ID": n.id if whole else n.id[:12], "Name": n.name, "Driver": n.driver, "Scope": "local"}
        for n in sorted(engine.networks, key=lambda n: n.name)
        if all(_fits(n, text) for text in flags.all("filter"))
    ]
    if flags.on("quiet"):
        return Result(0, "".join(f"{row['ID']}\n" for row in rows))
    if flags.one("format"):
        return Result(0, formatted(flags.one("format"), _HEADERS, rows))
    return Result(0, columns([tuple(row[key] for key in _HEADERS) for row in [_HEADERS, *rows]]))


def _fits(network, text: str) -> bool:
    key, sign, value = text.partition("=")
    if not sign:
        raise Failure(1, "bad format of filter (expected name=value)\n")
    tests = {
        "name": value in network.name,
        "driver": value == network.driver,
        "id": network.id.startswith(value),
        "type": value == ("builtin" if network.predefined else "custom"),
    }
    if key not in tests:
        raise Failure(1, f"Error response from daemon: Invalid filter '{key}'\n")
    return tests[key]


def inspect(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network inspect", {"format": "f:", "verbose": "v"}, args)
    flags.need(1)

    def look(word: str) -> dict:
        try:
            return describe.network(engine, engine.networks.find(word))
        except Refused:
            raise Refused(f"No such network: {word}") from None

    return inspected(flags, look)


def create(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network create", _CREATE, args)
    flags.need(1, 1)
    name = flags.words[0]
    driver = flags.one("driver", "bridge")
    try:
        asked = _ipam(flags)
        if driver in ("host", "null"):
            raise BadInput(f"Error response from daemon: only one instance of \"{driver}\" network is allowed")
        if driver != "bridge":
            raise BadInput(f"Error response from daemon: plugin \"{driver}\" not found (the lab has the driver bridge)")
        pairs = [dict(text.partition("=")[::2] for text in flags.all(key)) for key in ("opt", "label")]
        made = engine.networks.add(name, asked, *pairs, internal=flags.on("internal"), attachable=flags.on("attachable"))
    except BadInput as error:
        raise Failure(1, f"{error}\n") from None
    except Refused as error:
        raise Failure(1, f"Error response from daemon: {error}\n") from None
    return Result(0, f"{made.id}\n")


def _ipam(flags: Flags) -> dict[str, str]:
    """--subnet, --gateway and --ip-range in inspect's words (docker/cli: network/create.go)."""
    asked = {}
    if "subnet" in flags.given:
        asked["Subnet"] = str(_cidr(flags.one("subnet")))
    if "ip-range" in flags.given:
        asked["IPRange"] = str(_inside("ip-range", _cidr(flags.one("ip-range")), asked))
    if "gateway" in flags.given:
        try:
            asked["Gateway"] = str(_inside("gateway", IPv4Network(IPv4Address(flags.one("gateway"))), asked).network_address)
        except AddressValueError:
            raise BadInput(f"invalid gateway address: {flags.one('gateway')}") from None
    return asked


def _cidr(text: str) -> IPv4Network:
    try:
        if "/" in text:
            return IPv4Network(text, strict=False)
    except ValueError:
        pass
    raise BadInput(f"invalid CIDR address: {text}")


def _inside(what: str, network: IPv4Network, asked: dict[str, str]) -> IPv4Network:
    """Both --gateway and --ip-range need a --subnet they lie in."""
    if "Subnet" not in asked:
        raise BadInput("every ip-range or gateway must have a corresponding subnet")
    if not network.subnet_of(IPv4Network(asked["Subnet"])):
        text = network.network_address if what == "gateway" else network
        raise BadInput(f"no matching subnet for {what} {text}")
    return network


def rm(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network rm", {}, args)
    flags.need(1)
    out, err = "", ""
    for word in flags.words:
        try:
            engine.remove_network(engine.networks.find(word))
            out += f"{word}\n"
        except Refused as error:
            missing = str(error) == f"network {word} not found"
            err += f"Error: No such network: {word}\n" if missing else f"Error response from daemon: {error}\n"
    return Result(1 if err else 0, out, err)


def connect(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network connect", {"alias": ":", "driver-opt": ":", "ip": ":", "ip6": ":", "link": ":"}, args)
    flags.need(2, 2)
    try:
        ip = IPv4Address(flags.one("ip")) if flags.one("ip") else None
    except AddressValueError:
        raise Failure(1, f"Error response from daemon: invalid IPv4 address: {flags.one('ip')}\n") from None
    return _done(lambda network, container: engine.connect(network, container, ip), engine, flags)


def disconnect(engine, ctx: Context, args: list[str]) -> Result:
    flags = Flags("network disconnect", {"force": "f"}, args)
    flags.need(2, 2)
    return _done(engine.disconnect, engine, flags)


def _done(do, engine, flags: Flags) -> Result:
    """Success says nothing."""
    try:
        do(engine.networks.find(flags.words[0]), engine.find(flags.words[1]))
    except Refused as error:
        raise Failure(1, f"Error response from daemon: {error}\n") from None
    return Result()
