"""`docker ps`, `docker network ls` and `inspect`: what the engine has, as columns, through a template, or as JSON.

The JSON has the keys and the order of the engine's version; what the lab has nothing behind (images, mounts, times, IPv6) is left out or
empty. The lab's clock has no date, so everything was made "2 hours ago", and what runs is "Up 2 hours".
"""

import json
import re

from ...commands.regex import Pattern
from ...commands.result import Context, Failure, Result
from ...errors import BadInput
from .. import go, pflag
from . import images, published
from .container import Container, Endpoint
from .naming import known_as
from .network import Network, Refused, long_id
from .release import said
from .template import NoAddress, render

#: When everything was made; Docker shows such a time.
CREATED, AGO = "2026-01-01T00:00:00.000000000Z", "2 hours"
_CONTAINERS = {
    "ID": "CONTAINER ID", "Image": "IMAGE", "Command": "COMMAND", "RunningFor": "CREATED", "Status": "STATUS", "Ports": "PORTS",
    "Names": "NAMES", "CreatedAt": "CREATED AT", "State": "STATE", "Networks": "NETWORKS",
}  # fmt: skip
_IMAGES = {"Repository": "REPOSITORY", "Tag": "TAG", "ID": "IMAGE ID", "CreatedSince": "CREATED", "Size": "SIZE"}
_NETWORKS = {"ID": "NETWORK ID", "Name": "NAME", "Driver": "DRIVER", "Scope": "SCOPE"}


def ps(engine, ctx: Context, flags: pflag.Flags) -> Result:
    """The newest first, as Docker lists them."""
    filters = _filters(engine, flags, "name status network")
    everything = flags.on("all") or any(key == "status" for key, _ in filters)
    chosen = [c for c in engine.containers[::-1] if (everything or c.running) and all(_container_is(c, *each) for each in filters)]
    return _listed(flags, _CONTAINERS, 7, [_container_row(engine, c, flags.on("no-trunc")) for c in chosen])


def network_ls(engine, ctx: Context, flags: pflag.Flags) -> Result:
    filters = _filters(engine, flags, "name driver")
    chosen = [n for n in sorted(engine.networks, key=lambda n: n.name)
              if all(value in n.name if key == "name" else value == n.driver for key, value in filters)]  # fmt: skip
    end = None if flags.on("no-trunc") else 12
    return _listed(flags, _NETWORKS, 4, [{"ID": n.id[:end], "Name": n.name, "Driver": n.driver, "Scope": "local"} for n in chosen])


def _filters(engine, flags: pflag.Flags, known: str) -> list[tuple[str, object]]:
    """Each --filter KEY=VALUE, a name of containers as a pattern and a network with its id."""
    found = []
    for text in flags.all("filter"):
        key, sign, value = text.partition("=")
        if not sign:
            raise Failure(1, "bad format of filter (expected name=value)\n")
        if key not in known.split():
            raise Failure(1, f"The lab's docker filters here by {', '.join(known.split())}, and not by {key!r}.\n")
        if "status" in known and key == "name":
            try:
                if re.search(r"\{[0-9,]*(?!1000\b)[0-9]{4}", value):
                    raise BadInput("invalid repeat count")  # of Go's regexp: above 1000
                value = Pattern(value)
            except BadInput:
                raise Failure(1, f"Error response from daemon: Invalid filter 'name={value}'\n") from None
        elif key == "network":
            value = {n.name for n in engine.networks if value == n.name or n.id.startswith(value)} | {value}
        found.append((key, value))
    return found


def _container_is(c: Container, key: str, value) -> bool:
    if key == "network":
        return not value.isdisjoint(c.endpoints)
    return c.status == value if key == "status" else bool(value.search(c.name) or value.search(f"/{c.name}"))


def _container_row(engine, c: Container, whole: bool) -> dict[str, str]:
    command = " ".join(c.request.shown_command)
    if not whole and len(command) > 20:
        command = command[:19] + "…"
    return {
        "ID": c.id if whole else c.id[:12],
        "Image": c.image,
        "Command": f'"{command}"',
        "RunningFor": f"{AGO} ago",
        "Status": {"running": f"Up {AGO}", "exited": f"Exited ({c.exit_code}) {AGO} ago", "created": "Created"}[c.status],
        "Ports": published.shown(c.bindings, c.exposed, _six(engine)) if c.ip else "",
        "Names": c.name,
        "CreatedAt": CREATED,
        "State": c.status,
        "Networks": ",".join(sorted(c.endpoints)),
    }


def _six(engine) -> str:
    """How [::] is written in a list."""
    return "::" if engine.version == "20.10" else "[::]"


def port(engine, ctx: Context, flags: pflag.Flags) -> Result:
    """The published ports of a container, or where one of them is (docker/cli: container/port.go)."""
    word, *wanted = flags.words
    try:
        c = engine.find(word)
    except Refused as error:
        raise Failure(1, f"{'Error: ' if engine.version == '20.10' else 'Error response from daemon: '}{error}\n") from None
    rows: dict[str, list[str]] = {}
    for b in c.bindings:
        rows.setdefault(b.key, []).extend(f"{ip if ip != '::' else _six(engine)}:{at}" for ip, at in b.ends)
    if not wanted:
        return Result(0, "".join(f"{key} -> {at}\n" for key in sorted(rows) for at in rows[key]))
    key = wanted[0] if "/" in wanted[0] else f"{wanted[0]}/tcp"
    if key not in rows:
        raise Failure(1, said(engine.version, "not published", port=wanted[0] if engine.version == "20.10" else key, name=word) + "\n")
    return Result(0, "".join(f"{at}\n" for at in rows[key]))


def image_list(engine, ctx: Context, flags: pflag.Flags) -> Result:
    """The images in the lab that run something, and those of the containers."""
    names = [*images.IMAGES, *(c.image for c in engine.containers)]
    split = dict.fromkeys(
        (images.repository(name), name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else "latest") for name in names
    )
    chosen = [(name, tag) for name, tag in split if not flags.words or flags.words[0] in (name, f"{name}:{tag}")]
    rows = [{"Repository": name, "Tag": tag, "ID": long_id("image", name, tag)[: None if flags.on("no-trunc") else 12],
             "CreatedSince": f"{AGO} ago", "Size": "8MB"} for name, tag in chosen]  # fmt: skip
    return _listed(flags, _IMAGES, 5, rows)


def _listed(flags: pflag.Flags, headers: dict[str, str], shown: int, rows: list[dict]) -> Result:
    """The ids alone, each row through a template (docker/cli: cli/command/formatter), or the first columns."""
    template = flags.one("format")
    if flags.on("quiet"):
        return Result(0, "".join(f"{row['ID']}\n" for row in rows))
    if template and not template.startswith("table "):
        return Result(0, "".join(f"{line}\n" for line in _filled(template, rows)))
    if template:
        cells = [line.split("\t") for line in _filled(template.removeprefix("table "), [headers, *rows])]
        most = max(map(len, cells))
        cells = [row + [""] * (most - len(row)) for row in cells]
    else:
        cells = [[row[key] for key in list(headers)[:shown]] for row in [headers, *rows]]
    return Result(0, go.columns(cells))


def _filled(template: str, things: list[dict]) -> list[str]:
    try:
        return [render(template, thing) for thing in things]
    except BadInput as error:
        raise Failure(1, f"Template parsing error: {error}\n") from None


def inspect(engine, ctx: Context, flags: pflag.Flags, kind: str = "") -> Result:
    """Each word looked at; what is there is printed even when others are not (docker/cli: inspect.go)."""
    kind, found, complaints = kind or flags.one("type"), [], ""
    kinds = {"container": (engine.find, _container), "network": (engine.networks.find, _network)}
    if kind not in ("", *kinds):
        raise Failure(1, f"The lab's docker inspects containers and networks, and no {kind}.\n")
    old = engine.version == "20.10"
    for word in flags.words:
        why = Refused(f"No such {kind or 'object'}: {word}")
        for find, described in (each for name, each in kinds.items() if kind in ("", name)):
            try:
                found.append(described(engine, find(word)))
                break
            except Refused as error:
                why = error if kind == "container" or kind and not old else why
        else:
            daemon = f"{'Error: ' if old else 'Error response from daemon: '}{why}"
            complaints += f"{daemon if kind else said(engine.version, 'no object', name=word)}\n"
    text = json.dumps(found, indent=4) + "\n"
    if flags.one("format"):
        try:
            text = "".join([f"{render(flags.one('format'), thing)}\n" for thing in found]) or "\n"
        except BadInput as error:
            raise Failure(1, f"{'T' if old else 't'}emplate parsing error: {error}\n", "\n") from None
    return Result(1 if complaints else 0, text, complaints)


def _container(engine, c: Container) -> dict:
    request, command = c.request, list(c.request.shown_command)
    return {
        "Id": c.id,
        "Created": CREATED,
        "Path": command[0],
        "Args": command[1:],
        "State": {
            "Status": c.status, "Running": c.running, "Paused": False, "Restarting": False, "OOMKilled": False,
            "Dead": False, "Pid": c.pid if c.running else 0, "ExitCode": c.exit_code, "Error": "",
        },
        "Name": f"/{c.name}",
        "Driver": "overlay2",
        "Platform": "linux",
        "HostConfig": {
            "NetworkMode": _network_mode(engine, c),
            "PortBindings": _asked_bindings(c),
            "AutoRemove": request.auto_remove,
            "Dns": list(request.dns),
            "ExtraHosts": list(request.extra_hosts) or None,
            "Links": [f"/{to}:/{c.name}/{alias or to}" for to, _, alias in (link.partition(":") for link in request.links)] or None,
            "PublishAllPorts": request.publish_all,
        },
        "Config": {
            "Hostname": _hostname(engine, c),
            "ExposedPorts": {key: {} for key in c.exposed},
            "Env": list(request.environment),
            "Cmd": command,
            "Image": request.image,
        },
        "NetworkSettings": _network_settings(engine, c),
    }  # fmt: skip


def _hostname(engine, c: Container) -> str:
    """In container mode, once it has run, the other one's."""
    met = [c]
    while c.request.shares and c.starts and (c := next((o for o in engine.containers if _is(o, c.request.shares)), c)) not in met:
        met.append(c)
    if c.request.hostname or c.request.shares:
        return c.request.hostname
    return engine.machine if c.request.network == "host" else c.id[:12]


def _is(c: Container, word: str) -> bool:
    return word in (c.name, c.id)


def _network_mode(engine, c: Container) -> str:
    """In container mode Docker remembers the other one's id; where nothing was asked 29 says which network it took."""
    shares = c.request.shares
    if not shares:
        return c.request.network if engine.version == "20.10" else c.request.first_network
    return f"container:{next((o.id for o in engine.containers if _is(o, shares)), shares)}"


def _asked_bindings(c: Container) -> dict:
    asked: dict[str, list] = {}
    for b in c.request.bindings:
        wanted = str(b.host_ports[0]) if len(b.host_ports) == 1 else ""
        asked.setdefault(b.key, []).append({"HostIp": str(b.host_ip or ""), "HostPort": wanted})
    return asked


def _ports(c: Container) -> dict:
    """NetworkSettings.Ports: what is published, and what is only exposed as null."""
    if not c.bindings and not (c.running and c.ip):
        return {}
    shown: dict[str, list | None] = {key: None for key in c.exposed}
    for b in c.bindings:
        shown[b.key] = [*(shown.get(b.key) or []), *({"HostIp": ip, "HostPort": port} for ip, port in b.ends)]
    return shown


def _network_settings(engine, c: Container) -> dict:
    """The older fields of 20.10 tell of the default bridge only."""
    sandbox = long_id("sandbox", c.id) if c.running and not c.request.shares else ""
    key = sandbox and f"/var/run/docker/netns/{'default' if c.request.network == 'host' else sandbox[:12]}"
    networks = {name: _endpoint(engine, endpoint, c) for name, endpoint in sorted(c.endpoints.items())}
    if engine.version != "20.10":
        return {"SandboxID": sandbox, "SandboxKey": key, "Ports": _ports(c), "Networks": networks}
    bridge = _endpoint(engine, c.endpoints.get("bridge") or Endpoint("bridge"))
    return {
        "Bridge": "",
        "SandboxID": sandbox,
        "HairpinMode": False,
        "Ports": _ports(c),
        "SandboxKey": key,
        **{key: bridge[key] for key in ("EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress")},
        "Networks": networks,
    }


def _endpoint(engine, endpoint: Endpoint, c: Container | None = None) -> dict:
    network = engine.networks.get(endpoint.network)
    address, asked = endpoint.address, endpoint.asked
    ip = asked.ip if asked and (c is None or c.request.pinned is None) else None
    aliases = list(asked.aliases) if asked else []
    user_defined = network is not None and not network.predefined
    gateway = address and not (network.internal and engine.version != "20.10") and network.gateway
    old = engine.version == "20.10"
    none = "" if old else NoAddress()
    addresses = {"Gateway": str(gateway) if gateway else none, "IPAddress": str(address) if address else none}
    mac, length = endpoint.mac if address else "", network.subnet.prefixlen if address else 0
    first = {"IPAMConfig": {"IPv4Address": str(ip)} if ip else None, "Links": None}
    ids = {"NetworkID": network.id if network and c and c.running else "", "EndpointID": endpoint.id if c and c.running or address else ""}
    if old:
        known = [*aliases, c.id[:12]] if c and user_defined else None
        return first | {"Aliases": known} | ids | addresses | {"IPPrefixLen": length, "MacAddress": mac, "DriverOpts": None}
    six = {"IPPrefixLen": length, "IPv6Gateway": none, "GlobalIPv6Address": none, "GlobalIPv6PrefixLen": 0}
    own = {"Aliases": aliases or None, "DriverOpts": None, "GwPriority": asked.priority if asked else 0}
    return first | own | ids | addresses | {"MacAddress": mac} | six | {"DNSNames": known_as(c, endpoint) if c and user_defined else None}


def _network(engine, n: Network) -> dict:
    old = engine.version == "20.10"
    config = n.asked or ({"Subnet": str(n.subnet), "Gateway": str(n.gateway)} if n.subnet else None)
    if not old and config and "Gateway" not in config:
        config = config | {"Gateway": str(n.gateway)}
    members = {}
    for c in sorted(engine.attached(n), key=lambda c: c.id):
        end = c.endpoints[n.name]
        address = str(n.pool.interface(end.address)) if end.address else ""
        members[c.id] = {"Name": c.name, "EndpointID": end.id, "MacAddress": end.mac, "IPv4Address": address, "IPv6Address": ""}
    containers, rest = {"Containers": members}, {"Options": n.options, "Labels": n.labels}
    used = {str(n.subnet): {"IPsInUse": len(n.pool.given), "DynamicIPsAvailable": _free(n)}} if n.subnet else None
    status = {"Status": {"IPAM": {"Subnets": used} if used else {}}}
    return {
        "Name": n.name,
        "Id": n.id,
        "Created": CREATED,
        "Scope": "local",
        "Driver": n.driver,
        **({} if old else {"EnableIPv4": True}),
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None if n.predefined else {}, "Config": [config] if config else [] if old else None},
        "Internal": n.internal,
        "Attachable": n.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        **(containers | rest if old else rest | containers | status),
    }


def _free(n: Network) -> int:
    """How many addresses can still be handed out unasked."""
    within = n.pool.within or n.subnet
    return within.num_addresses - sum(address in within for address in n.pool.given)
