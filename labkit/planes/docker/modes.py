"""Which wishes of `docker run` go with which network mode (moby: runconfig/hostconfig*.go).

The modes are bridge (or a network of one's own), host, container:X and none.
"""

from .container import Request


def conflict(request: Request) -> str | None:
    """Why the engine will not even create such a container, in its order of asking."""
    if request.network.partition(":")[0] != "container":
        both = request.mac and request.network == "host"
        return "conflicting options: mac-address and the network mode" if both else None
    if not request.shares:
        return "Invalid network mode: invalid container format container:<name|id>"
    wishes = (
        (request.hostname, "hostname and the network mode"),
        (request.dns, "dns and the network mode"),
        (request.extra_hosts, "custom host-to-IP mapping and the network mode"),
        (request.mac, "mac-address and the network mode"),
        (request.bindings or request.publish_all, "port publishing and the container type network mode"),
        (request.exposed, "port exposing and the container type network mode"),
    )
    return next((f"conflicting options: {words}" for wished, words in wishes if wished), None)


def warnings(request: Request) -> list[str]:
    """What the engine accepts and does not do."""
    if request.network == "host" and request.bindings:
        return ["Published ports are discarded when using host network mode"]
    return []


def takes_links(request: Request) -> bool:
    """The client refuses --link in the host's, another container's and no network (docker/cli opts)."""
    return request.network not in ("host", "none") and not request.network.startswith("container:")


def ip_refusal(request: Request, user_subnet: bool) -> str | None:
    """Why a container with --ip does not start; without --network Docker 20.10 ignores --ip."""
    if request.ip is None or request.shares or request.network == "default":
        return None
    if request.network in ("bridge", "host", "none"):
        return "user specified IP address is supported on user defined networks only"
    if not user_subnet:
        return "user specified IP address is supported only when connecting to networks with user configured subnets"
    return None
