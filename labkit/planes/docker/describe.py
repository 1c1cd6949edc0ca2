"""Containers and networks as the JSON of `docker inspect`, in Docker 20.10's order of keys.

What the lab has nothing behind (images, mounts, times, IPv6) is left out or empty.
"""

from .container import Container, Endpoint
from .ids import long_id
from .network import Network

#: When everything in the lab was made; Docker shows such a time, the lab's clock has no date.
CREATED = "2026-01-01T00:00:00.000000000Z"


def container(engine, c: Container) -> dict:
    """`docker inspect CONTAINER`."""
    request, command = c.request, list(c.request.command)
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
            "Links": [f"/{target}:/{c.name}/{alias}" for target, alias in map(_link, request.links)] or None,
            "PublishAllPorts": request.publish_all,
        },
        "Config": {
            "Hostname": _hostname(engine, c),
            "ExposedPorts": {key: {} for key in exposed_keys(c)},
            "Cmd": command,
            "Image": request.image,
        },
        "NetworkSettings": _network_settings(engine, c),
    }  # fmt: skip


def _link(spec: str) -> tuple[str, str]:
    target, _, alias = spec.partition(":")
    return target, alias or target


def _hostname(engine, c: Container) -> str:
    if c.request.hostname:
        return c.request.hostname
    if c.request.shares:
        return ""
    return engine.machine if c.request.network == "host" else c.id[:12]


def _network_mode(engine, c: Container) -> str:
    """In container mode Docker remembers the other one's id."""
    shares = c.request.shares
    if not shares:
        return c.request.network
    found = next((o.id for o in engine.containers if shares in (o.name, o.id)), shares)
    return f"container:{found}"


def exposed_keys(c: Container) -> list[str]:
    return list(dict.fromkeys([*c.request.exposed, *(b.key for b in c.request.bindings)]))


def _asked_bindings(c: Container) -> dict:
    asked: dict[str, list] = {}
    for b in c.request.bindings:
        wanted = "" if b.host_ports.stop - b.host_ports.start > 1 else str(b.host_ports[0])
        asked.setdefault(b.key, []).append({"HostIp": str(b.host_ip or ""), "HostPort": wanted})
    return asked


def _ports(c: Container) -> dict:
    """NetworkSettings.Ports: what is published, and what is only exposed as null."""
    if not c.bindings and (not c.running or not any(e.address for e in c.endpoints.values())):
        return {}
    shown: dict[str, list | None] = {key: None for key in exposed_keys(c)}
    for b in c.bindings:
        shown[b.key] = [*(shown.get(b.key) or []), {"HostIp": str(b.host_ip), "HostPort": str(b.host_port)}]
    return shown


def _network_settings(engine, c: Container) -> dict:
    """The older fields tell of the default bridge only."""
    sandbox = long_id("sandbox", c.id) if c.running and not c.request.shares else ""
    bridge = _endpoint(engine, c.endpoints.get("bridge") or Endpoint("bridge"))
    return {
        "Bridge": "",
        "SandboxID": sandbox,
        "HairpinMode": False,
        "Ports": _ports(c),
        "SandboxKey": _sandbox_key(c, sandbox),
        "EndpointID": bridge["EndpointID"],
        "Gateway": bridge["Gateway"],
        "IPAddress": bridge["IPAddress"],
        "IPPrefixLen": bridge["IPPrefixLen"],
        "MacAddress": bridge["MacAddress"],
        "Networks": {name: _endpoint(engine, endpoint, c) for name, endpoint in sorted(c.endpoints.items())},
    }


def _sandbox_key(c: Container, sandbox: str) -> str:
    if not sandbox:
        return ""
    return f"/var/run/docker/netns/{'default' if c.request.network == 'host' else sandbox[:12]}"


def _endpoint(engine, endpoint: Endpoint, c: Container | None = None) -> dict:
    network = engine.networks.get(endpoint.network)
    address = endpoint.address
    asked = endpoint.asked or (c.request.ip if c and endpoint.network == c.request.network else None)
    user_defined = network is not None and not network.predefined
    return {
        "IPAMConfig": {"IPv4Address": str(asked)} if asked else None,
        "Links": None,
        "Aliases": [c.id[:12]] if c and user_defined else None,
        "NetworkID": network.id if network and c and c.running else "",
        "EndpointID": endpoint.id if c and c.running or address else "",
        "Gateway": str(network.gateway) if address and not network.internal else "",
        "IPAddress": str(address) if address else "",
        "IPPrefixLen": network.subnet.prefixlen if address else 0,
        "MacAddress": endpoint.mac if address else "",
        "DriverOpts": None,
    }


def network(engine, n: Network) -> dict:
    """`docker network inspect NETWORK`."""
    members = sorted(engine.attached(n), key=lambda c: c.id)
    config = n.asked or ({"Subnet": str(n.subnet), "Gateway": str(n.gateway)} if n.subnet else None)
    return {
        "Name": n.name,
        "Id": n.id,
        "Created": CREATED,
        "Scope": "local",
        "Driver": n.driver,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None if n.predefined else {}, "Config": [config] if config else []},
        "Internal": n.internal,
        "Attachable": n.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {c.id: _member(n, c) for c in members},
        "Options": n.options,
        "Labels": n.labels,
    }


def _member(n: Network, c: Container) -> dict:
    endpoint = c.endpoints[n.name]
    return {
        "Name": c.name,
        "EndpointID": endpoint.id,
        "MacAddress": endpoint.mac,
        "IPv4Address": str(n.pool.interface(endpoint.address)) if endpoint.address else "",
        "IPv6Address": "",
    }
