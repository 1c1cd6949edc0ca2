"""`ip link`: show, add, set, delete.

Several changes on one line are made in the kernel's order (net/core/rtnetlink.c do_setlink), and as
there, those before a refused one stay.
"""

from errno import EEXIST, EINVAL, ENODEV, ENOTCONN, EOPNOTSUPP, EPERM, ERANGE

from ...errors import KernelError
from ...lab import bridges, links
from ...lab.interface import Interface, Vxlan
from ...lab.namespace import LONGEST, Namespace
from ..grammar import Words, device, matches, refused
from ..result import Context, Failure, Result
from ..usage import usage
from .addr import show
from .kindrecord import BRIDGE_DEFAULTS
from .linkkinds import KindOptions, check_kind, read_kind
from .linkwords import LinkRequest, read_link_words, refuse_unknown
from .options import Options

#: Linux kinds that the lab can make; `tun` and `tap` come from `ip tuntap`.
_KINDS = ("veth", "bridge", "vxlan")


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """One `ip link` line; commands may be shortened, compared in iproute2's order."""
    words = Words(args)
    if not words:
        return show(ctx, options, Words((), ctx, "link"), "ip-link")
    word = words.take()
    try:
        if matches(word, "add"):
            return add(ctx, words)
        if matches(word, "set", "change"):
            return change(ctx, words)
        if matches(word, "replace"):
            return add(ctx, words, replacing=True)
        if matches(word, "delete"):
            return delete(ctx, words)
    except KernelError as error:
        raise refused(error) from None
    if matches(word, "show", "lst", "list"):
        return show(ctx, options, Words(words.rest(), ctx, "link"), "ip-link")
    if matches(word, "help"):
        raise Failure(255, usage("ip-link"))
    if matches(word, "xstats") and not words:
        raise Failure(1, "xstats: missing argument\n")
    if matches(word, "xstats", "afstats", "property"):
        raise Failure(1, f"The lab's ip link knows show, add, set, change, replace and delete, not {word}.\n")
    raise Failure(255, f'Command "{word}" is unknown, try "ip link help".\n')


def add(ctx: Context, words: Words, *, replacing: bool = False) -> Result:
    """`ip link add`; `replace` differs only where the name is taken."""
    request = read_link_words(ctx, words, creating=True)
    if request.type is None:
        raise Failure(1, 'Not enough information: "type" argument is required\n')
    options = read_kind(ctx, request.type, words, creating=True)
    refuse_unknown(request)
    try:
        check_kind(request.type, options, creating=True)
        _create(ctx, request, options, replacing)
    except KernelError as error:
        failure = refused(error).result
        raise Failure(failure.returncode, options.notes + failure.stderr) from None
    return Result(0, stderr=options.notes)


def _create(ctx: Context, request: LinkRequest, options: KindOptions, replacing: bool) -> None:
    ns = request.netns or ctx.ns
    peer = options.peer or LinkRequest(switches={})
    _check_length(request)
    _check_length(peer)
    # The kernel looks for the index if there is one, and only otherwise for the name.
    taken = ns.interfaces.get(request.index) if request.index else ns.find(request.name) if request.name else None
    if taken is not None:
        raise KernelError(EOPNOTSUPP if replacing else EEXIST)
    if request.type not in _KINDS:
        raise KernelError(EOPNOTSUPP, "Unknown device type")
    _check_mac(request.mac)
    _check_mac(peer.mac)
    if peer.up:
        _refuse_peer_up(ctx, peer)
    interface = links.create(
        ctx.lab, ns, request.name, request.type, mac=request.mac, mtu=request.mtu, txqlen=request.txqlen, index=request.index,
        peer_name=peer.name, peer_ns=peer.netns or ctx.ns, peer_mac=peer.mac, peer_index=peer.index if request.index else None,
        vxlan=Vxlan(**_vxlan_fields(options)) if request.type == "vxlan" else None,
    )  # fmt: skip
    try:
        if request.type == "veth":
            _finish_peer(ctx, request, options.peer, interface)
        if request.type == "bridge":
            _set_bridge(interface, options)
        _set_flags(ctx, ns, interface, request)
        interface.group = request.group or "default"
        interface.broadcast = request.broadcast or interface.broadcast
        if request.master:
            _set_master(ctx, ns, interface, request, ctx.ns)
    except (KernelError, Failure):
        links.delete(ctx.lab, ns, interface)
        raise


def _vxlan_fields(options: KindOptions) -> dict:
    """dstport 0 asks for the kernel's own 8472."""
    return {**options.vxlan, "port": options.vxlan.get("port") or 8472}


def _finish_peer(ctx: Context, request: LinkRequest, peer: LinkRequest | None, interface: Interface) -> None:
    """Without `peer` the far end takes MTU and queue length of the near one; with it, its own."""
    far = ctx.lab.peer(interface)
    if peer is None:
        far.txqlen = interface.txqlen
        return
    far_ns = ctx.lab[far.namespace]
    links.set_mtu(ctx.lab, far_ns, far, 1500 if peer.mtu is None else peer.mtu)
    far.txqlen = far.txqlen if peer.txqlen is None else peer.txqlen
    far.group = peer.group or "default"
    _set_flags(ctx, far_ns, far, peer)


def _refuse_peer_up(ctx: Context, peer: LinkRequest) -> None:
    """The kernel registers the peer, finds it cannot be up without its other end, and takes it back."""
    ns = peer.netns or ctx.ns
    links.delete(ctx.lab, ns, links.create(ctx.lab, ns, peer.name, "dummy"))
    raise KernelError(ENOTCONN)


def _check_length(request: LinkRequest) -> None:
    """A name for a new interface longer than 15 bytes does not fit into the netlink attribute."""
    if request.name and len(request.name.encode()) > LONGEST:
        raise KernelError(ERANGE, "Attribute failed policy validation")


def _check_mac(mac: str | None) -> None:
    if mac is None:
        return
    if mac.count(":") != 5:
        raise KernelError(EINVAL)
    links.check_mac(mac)


def change(ctx: Context, words: Words) -> Result:
    """`ip link set`, for one interface or for a whole group."""
    request = read_link_words(ctx, words, creating=False)
    if request.dev is None:
        for interface in [i for i in ctx.ns.by_index() if i.group == request.group]:
            request.dev = request.name = interface.name
            request.group = None
            _apply(ctx, interface, request)
        return Result()
    interface = device(ctx.ns, request.dev)
    refuse_unknown(request)
    if request.type is not None:
        options = read_kind(ctx, request.type, words, creating=False)
        check_kind(request.type, options, creating=False)
        if options.given:
            _change_kind(ctx, interface, request.type, options)
    _apply(ctx, interface, request)
    return Result()


def _apply(ctx: Context, interface: Interface, request: LinkRequest) -> None:
    """What `ip link set` asks for, in the kernel's order."""
    lab, ns = ctx.lab, ctx.ns
    if request.netns is not None:
        links.move(lab, ns, interface, request.netns, request.new_name)
        ns = request.netns
    if request.mac is not None:
        links.set_mac(lab, ns, interface, request.mac)
    if request.mtu is not None:
        links.set_mtu(lab, ns, interface, request.mtu)
    if request.group is not None:
        interface.group = request.group
    if request.new_name is not None:
        links.rename(lab, ns, interface, request.new_name)
    if request.alias is not None:
        interface.alias = request.alias
    if request.broadcast is not None:
        interface.broadcast = request.broadcast
    if request.master is not None:
        _set_master(ctx, ns, interface, request, ctx.ns)
    _set_flags(ctx, ns, interface, request)
    if request.carrier is not None:
        raise KernelError(EOPNOTSUPP)
    if request.txqlen is not None:
        interface.txqlen = request.txqlen


def _set_master(ctx: Context, ns: Namespace, interface: Interface, request: LinkRequest, named_in: Namespace) -> None:
    """The kernel is told the master's index, which counts in the namespace the interface is in."""
    if request.master == "":
        bridges.set_master(ctx.lab, ns, interface, None)
        return
    master = ns.interfaces.get(named_in.find(request.master).index)
    if master is None:
        raise KernelError(EINVAL)
    bridges.set_master(ctx.lab, ns, interface, master.name)


def _set_flags(ctx: Context, ns: Namespace, interface: Interface, request: LinkRequest) -> None:
    """`arp`, `multicast`, `promisc` and `allmulticast` are flags as `up` is."""
    for name, value in request.switches.items():
        if name == "arp":
            links.set_arp(ns, interface, value)
        else:
            setattr(interface, name, value)
    if request.up is not None:
        links.set_up(ctx.lab, ns, interface, request.up)


def _change_kind(ctx: Context, interface: Interface, kind: str, options: KindOptions) -> None:
    if kind == "bridge_slave":
        if interface.port is None:
            raise KernelError(EOPNOTSUPP)
        for name, value in options.port.items():
            setattr(interface.port, name, value)
        if options.flush:
            bridge = ctx.ns.find(interface.master).bridge
            bridge.fdb.discard(lambda entry: entry.dev == interface.name and entry.state == "")
    elif kind == interface.kind == "bridge":
        _set_bridge(interface, options)
    elif kind == interface.kind == "vxlan":
        _set_vxlan(interface, options)
    else:
        raise KernelError(EOPNOTSUPP)


#: Bridge times that the kernel holds within bounds, in hundredths of a second (net/bridge/br_stp.c).
_BOUNDS = {"hello_time": (100, 1000), "max_age": (600, 4000)}


def _set_bridge(interface: Interface, options: KindOptions) -> None:
    """Options one by one in the kernel's order, which is that of the table."""
    bridge = interface.bridge
    for name in BRIDGE_DEFAULTS:
        if name not in options.bridge:
            continue
        value = options.bridge[name]
        least, most = _BOUNDS.get(name, (value, value))
        if not least <= value <= most:
            raise KernelError(ERANGE)
        if name == "vlan_filtering" and value:
            raise KernelError(EOPNOTSUPP)
        if name == "stp_state" and value:
            raise Failure(1, f"The lab's bridges have no spanning tree: stp_state stays 0, not {value}.\n")
        bridge.options[name] = value
        if name == "ageing_time":
            bridge.ageing = value / 100
    if options.flush:
        bridge.fdb.discard(lambda entry: entry.state == "")


def _set_vxlan(interface: Interface, options: KindOptions) -> None:
    found = options.vxlan
    if found.get("vni", interface.vxlan.vni) != interface.vxlan.vni:
        raise KernelError(EOPNOTSUPP, "Cannot change VNI")
    if found.get("port", interface.vxlan.port) != interface.vxlan.port:
        raise KernelError(EOPNOTSUPP, "Cannot change port")
    interface.vxlan.options |= found.pop("options", {})
    for name, value in found.items():
        setattr(interface.vxlan, name, value)


def delete(ctx: Context, words: Words) -> Result:
    """`ip link delete`, one interface or a whole group."""
    request = read_link_words(ctx, words, creating=False)
    if request.dev is None:
        _delete_group(ctx, request.group)
        return Result()
    interface = device(ctx.ns, request.dev)
    if request.type is not None:
        read_kind(ctx, request.type, words, creating=False)
    links.delete(ctx.lab, ctx.ns, interface)
    return Result()


def _delete_group(ctx: Context, group: str) -> None:
    if group == "default":
        raise KernelError(EPERM)
    doomed = [interface for interface in ctx.ns.by_index() if interface.group == group]
    if not doomed:
        raise KernelError(ENODEV)
    for interface in doomed:
        if interface.index in ctx.ns.interfaces:
            links.delete(ctx.lab, ctx.ns, interface)
