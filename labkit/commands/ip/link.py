"""`ip link`: add, set and delete. What stands behind `type KIND` is read by kinds.py.

Order and refusals as in iproute2 ip/iplink.c iplink_parse. Several changes on one line are made in the kernel's order
(net/core/rtnetlink.c do_setlink), and as there, those before a refused one stay.
"""

from dataclasses import dataclass
from errno import EEXIST, EINVAL, ENOTCONN, EOPNOTSUPP, ERANGE, ESRCH

from ...errors import KernelError
from ...lab import bridges, links
from ...lab.interface import Interface
from ...lab.namespace import LONGEST, Namespace
from .. import grammar
from ..grammar import STOP, Words, device, duplicate, existing, find_device, garbage, known, lladdr, matches, once, read, unsupported, wrong
from ..records import Options
from ..result import Context, Failure, Result
from ..usage import usage
from .addr import show
from .kinds import change_kind, new_vxlan, read_kind

#: What is on or off, and a field of the same name.
SWITCHES = ("multicast", "allmulticast", "promisc", "arp")
_UNSUPPORTED = unsupported(
    'The lab keeps no "{}" of an interface: it knows up, down, name, mtu, address, txqueuelen, master, nomaster, netns, alias, type, '
    f"{', '.join(SWITCHES)}."
)


@dataclass(slots=True)
class LinkRequest:
    """What one `ip link` line asks for up to `type KIND`. None is "not mentioned"; `master` "" is `nomaster`."""

    dev: str | None = None
    name: str | None = None
    up: bool | None = None
    mac: str | None = None
    mtu: int | None = None
    txqueuelen: int | None = None
    netns: Namespace | None = None
    master: str | None = None
    alias: str | None = None
    lower: str | None = None
    multicast: bool | None = None
    allmulticast: bool | None = None
    promisc: bool | None = None
    arp: bool | None = None
    kind: str | None = None


def _name(word: str, words: Words) -> dict:
    if "name" in words.said:
        raise duplicate("name", word)
    name = grammar.ifname('"name" not a valid ifname')(word, words)
    return {"name": name, "dev": words.said.get("dev", name)}


def _dev(word: str, words: Words) -> str:
    """The interface itself; how long its name may be is the kernel's to say."""
    if matches(word, "help"):
        raise Failure(255, usage("ip-link"))
    word = words.value() if word == "dev" else word
    if words.said.get("dev") != words.said.get("name"):
        raise garbage("dev", word)
    return known(lambda name: name if name.split() == [name] and "/" not in name else None, '"dev" not a valid ifname')(word, words)


def _netns(word: str, words: Words) -> Namespace:
    """A namespace by name, or by the number of a process in it: 1 means the machine's own."""
    lab, machine = words.ctx.lab, words.ctx.ns.machine
    found, pid = lab.on_machine(machine, word), grammar.integer(word)
    if found is None and pid is None:
        raise wrong(word, 'Invalid "netns" value\n')
    found = found or lab.of_process(machine, pid)
    if found is None:
        raise grammar.refused(KernelError(ESRCH))
    return found


def _on_off(key: str):
    def reader(word: str, words: Words) -> bool:
        if word not in ("on", "off"):
            raise Failure(1, f'Error: argument of "{key}" must be "on" or "off", not "{word}"\n')
        return word == "on"

    return reader


def _number(key: str):
    return once(key, grammar.number(f'Invalid "{key}" value\n', -(2**31), 2**31 - 1))


_LINK = (
    ("up", "up", True),
    ("down", "up", False),
    ("name", "", _name),
    ("link~", "lower", grammar.text),
    ("address~", "mac", lladdr),
    ("txqueuelen~ txqlen~ qlen", "txqueuelen", _number("txqueuelen")),
    ("mtu", "mtu", _number("mtu")),
    ("netns", "netns", once("netns", _netns)),
    *((switch, switch, _on_off(switch)) for switch in SWITCHES),
    ("master~", "master", existing("Device does not exist\n")),
    ("vrf", "", known(lambda word: None, "Not a valid VRF name\n")),
    ("nomaster~", "master", ""),
    ("type~", "", STOP),
    ("alias~", "alias", known(lambda word: word if len(word.encode()) < 256 else None, "alias too long\n")),
    ("index broadcast~ brd group carrier trailers dynamic~ vf xdp xdpgeneric xdpdrv xdpoffload mode state protodown protodown_reason"
     " gso_max_size gso_max_segs gro_max_size parentdev numtxqueues~ numrxqueues~ addrgenmode~", "", _UNSUPPORTED),
    ("*", "dev", _dev),
)  # fmt: skip


def _read(words: Words, *, creating: bool) -> LinkRequest:
    """The words up to the end or behind `type KIND`, and what iproute2 checks then."""
    ns = words.ctx.ns
    request = LinkRequest(**read(_LINK, words))
    request.name = request.name or request.dev
    request.kind = words.value() if words and words.take() else None
    if request.dev and request.mac and not creating:
        found, given = find_device(ns, request.dev), request.mac.count(":") + 1
        if found is not None and found.mac and given != 6:
            raise Failure(1, f"Invalid address length {given} - must be 6 bytes\n")
    if not creating and request.dev is None:
        raise Failure(255, 'Not enough information: "dev" argument is required.\n')
    if creating and request.name != request.dev:
        raise Failure(255, 'both "name" and "dev" cannot be used when creating devices.\n')
    if creating and request.lower is not None:
        device(ns, request.lower)
    return request


def _peer(words: Words) -> LinkRequest | None:
    """What stands behind `type veth` of a new pair: the far end's own words."""
    if not words:
        return None
    if words.take() != "peer":
        raise Failure(1, "", usage("ip-link-veth"))
    peer = _read(words, creating=True)
    if peer.kind is not None:
        raise duplicate("type", peer.kind)
    return peer


def _add(ctx: Context, options: Options, words: Words) -> Result:
    request = _read(words, creating=True)
    kind = request.kind
    if kind is None:
        raise Failure(1, 'Not enough information: "type" argument is required\n')
    peer = _peer(words) if kind == "veth" else None
    said = read_kind(kind, words, creating=True)
    ns, far = request.netns or ctx.ns, peer or LinkRequest()
    _check_new(ctx, ns, request, far)
    interface = links.create(
        ctx.lab, ns, request.name, kind, mac=request.mac, mtu=request.mtu, txqlen=request.txqueuelen,
        peer_name=far.name, peer_ns=far.netns or ctx.ns, peer_mac=far.mac, vxlan=new_vxlan(said) if kind == "vxlan" else None,
    )  # fmt: skip
    try:
        if kind == "veth":
            _finish_peer(ctx, peer, interface)
        if kind == "bridge":
            change_kind(interface, kind, said)
        _set_flags(ctx, ns, interface, request)
        if request.master:
            _set_master(ctx, ns, interface, request)
    except KernelError:
        links.delete(ctx.lab, ns, interface)
        raise
    return Result()


def _check_new(ctx: Context, ns: Namespace, request: LinkRequest, far: LinkRequest) -> None:
    """What the kernel refuses before it makes anything, in its order (net/core/rtnetlink.c rtnl_newlink)."""
    for end in (request, far):
        if end.name and len(end.name.encode()) > LONGEST:
            raise KernelError(ERANGE, "Attribute failed policy validation")
    known = request.kind in ("veth", "bridge", "vxlan")
    for end in (request, far) if known else ():
        _validate(request.kind, end)
    if request.name and ns.find(request.name) is not None:
        raise KernelError(EEXIST)
    if not known:
        raise KernelError(EOPNOTSUPP, "Unknown device type")
    if far.up:
        # The kernel registers the peer, finds it cannot be up without its other end, and takes it back.
        there = far.netns or ctx.ns
        links.delete(ctx.lab, there, links.create(ctx.lab, there, far.name, "dummy"))
        raise KernelError(ENOTCONN)


def _validate(kind: str, end: LinkRequest) -> None:
    """An end's address and MTU, as its driver checks them (kernel: veth_validate, br_validate, vxlan_validate)."""
    if end.mac is not None:
        if end.mac.count(":") != 5:
            raise KernelError(EINVAL)
        links.check_mac(end.mac)
    if kind != "bridge" and end.mtu is not None and not links.MTU_ETHERNET[0] <= end.mtu <= links.MTU_ETHERNET[1]:
        raise KernelError(EINVAL, "MTU must be between 68 and 65535" if kind == "vxlan" else None)


def _finish_peer(ctx: Context, peer: LinkRequest | None, interface: Interface) -> None:
    """Without `peer` the far end takes MTU and queue length of the near one; with it, its own."""
    far = ctx.lab.peer(interface)
    if peer is None:
        far.txqlen = interface.txqlen
        return
    ns = ctx.lab[far.namespace]
    links.set_mtu(ctx.lab, ns, far, 1500 if peer.mtu is None else peer.mtu)
    far.txqlen = far.txqlen if peer.txqueuelen is None else peer.txqueuelen
    _set_flags(ctx, ns, far, peer)


def _set(ctx: Context, options: Options, words: Words) -> Result:
    request = _read(words, creating=False)
    interface = device(ctx.ns, request.dev)
    if request.kind is not None:
        change_kind(interface, request.kind, read_kind(request.kind, words, creating=False))
    _apply(ctx, interface, request)
    return Result()


def _apply(ctx: Context, interface: Interface, request: LinkRequest) -> None:
    """What `ip link set` asks for, in the kernel's order."""
    lab, ns = ctx.lab, ctx.ns
    new_name = None if request.name == request.dev else request.name
    if request.netns is not None:
        links.move(lab, ns, interface, request.netns, new_name)
        ns = request.netns
    if request.mac is not None:
        links.set_mac(lab, ns, interface, request.mac)
    if request.mtu is not None:
        links.set_mtu(lab, ns, interface, request.mtu)
    if new_name is not None:
        links.rename(lab, ns, interface, new_name)
    if request.alias is not None:
        interface.alias = request.alias
    if request.master is not None:
        _set_master(ctx, ns, interface, request)
    _set_flags(ctx, ns, interface, request)
    if request.txqueuelen is not None:
        interface.txqlen = request.txqueuelen


def _set_master(ctx: Context, ns: Namespace, interface: Interface, request: LinkRequest) -> None:
    """The kernel is told the master's index here, which counts in the namespace the interface is in."""
    master = ns.interfaces.get(ctx.ns.find(request.master).index) if request.master else None
    if request.master and master is None:
        raise KernelError(EINVAL)
    bridges.set_master(ctx.lab, ns, interface, master.name if master else None)


def _set_flags(ctx: Context, ns: Namespace, interface: Interface, request: LinkRequest) -> None:
    """`arp`, `multicast`, `promisc` and `allmulticast` are flags as `up` is."""
    if request.arp is not None:
        links.set_arp(ns, interface, request.arp)
    for switch in ("multicast", "allmulticast", "promisc"):
        if getattr(request, switch) is not None:
            setattr(interface, switch, getattr(request, switch))
    if request.up is not None:
        links.set_up(ctx.lab, ns, interface, request.up)


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    request = _read(words, creating=False)
    interface = device(ctx.ns, request.dev)
    if words:
        read_kind(request.kind, words, creating=False)
    links.delete(ctx.lab, ctx.ns, interface)
    return Result()


def _show(ctx: Context, options: Options, words: Words) -> Result:
    return show(ctx, options, Words(words.rest(), ctx, "link"), "ip-link")


_NO_COMMAND = unsupported("The lab's ip link knows show, add, set, change and delete, not {}.")
COMMANDS = {
    "add~": _add, "set~ change~": _set, "replace~": _NO_COMMAND, "delete~": _delete, "show~ lst~ list~": _show,
    "xstats~ afstats~ property~": _NO_COMMAND,
}  # fmt: skip
