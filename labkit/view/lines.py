"""What can be edited in a namespace, as the lines that would write it, and what changing one takes.

Each line is a command of the lab's shell. To change one is to take the old line back and give the new
one; the kernel may drop more than was asked for (routes through an interface without an address), and
what it dropped is put back where it still can be.
"""

from collections.abc import Callable

from ..commands.result import Result
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..tables.route import Route
from ..tables.table import one_line

#: The settings a learner is likely to look for.
_SETTINGS = ("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter", "net.ipv4.icmp_echo_ignore_all")

Run = Callable[[str], Result]


def editable(ns: Namespace) -> list[str]:
    """The lines of a namespace: links, addresses, routes, settings."""
    lines = []
    for interface in ns.by_index():
        lines.append(f"ip link set {interface.name} {'up' if interface.up else 'down'}")
        if interface.kind != "loopback":
            lines.append(f"ip link set {interface.name} mtu {interface.mtu}")
    for interface in ns.by_index():
        if interface.kind != "loopback":
            lines += [f"ip addr add {address_words(address)} dev {interface.name}" for address in interface.addresses]
    lines += [f"ip route add {one_line(route)}" for route in ns.main if _ours(route)]
    return lines + [f"sysctl -w {key}={ns.sysctls[key]}" for key in _SETTINGS]


def address_words(address) -> str:
    """`10.0.0.1/24`, or `10.0.0.1 peer 10.0.0.2/32`, as `ip addr add` takes it."""
    return f"{address.ip} peer {address.peer}" if address.peer is not None else str(address.interface)


def opposite(line: str) -> str | None:
    """The command that takes a line back, or None when there is none (a setting is simply set anew)."""
    words = line.split()
    for place, word in enumerate(words):
        if word == "add":
            return " ".join([*words[:place], "del", *words[place + 1 :]])
    return None


def change(lab: Lab, ns: Namespace, old: str, new: str, run: Run) -> tuple[list[str], str]:
    """Put `new` in the place of `old` (nothing, if it is empty): the commands given, and a complaint.

    The lab is a copy of the caller's, who throws it away when there is a complaint.
    """
    given: list[str] = []
    before = [route for route in ns.main if _ours(route)]
    for line in [opposite(old) if old else None, new or None]:
        if line is None:
            continue
        result = run(line)
        if result.returncode:
            return [], result.stderr.strip() or f"`{line}` failed with exit status {result.returncode}"
        given.append(line)
    return given + (_put_back(ns, before, given, run) if ns.name in lab.namespaces else []), ""


def _put_back(ns: Namespace, before: list[Route], given: list[str], run: Run) -> list[str]:
    """Give the routes anew that went with an address or a link, where the kernel takes them."""
    back = []
    for route in before:
        words = one_line(route)
        asked_for = any(line.startswith("ip route") and f" {words}" in line for line in given)
        if route in list(ns.main) or asked_for or any(line.startswith("ip route") for line in given):
            continue
        if not run(f"ip route add {words}").returncode:
            back.append(f"ip route add {words}")
    return back


def _ours(route: Route) -> bool:
    """A line somebody wrote; the kernel writes its own by itself."""
    return route.proto != "kernel"
