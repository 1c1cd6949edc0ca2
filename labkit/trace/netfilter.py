"""The five places at which the kernel asks its packet filter about a packet.

kernel: include/uapi/linux/netfilter.h NF_INET_*; net/ipv4/ip_input.c, ip_forward.c, ip_output.c; for bridged packets
net/bridge/br_netfilter_hooks.c. PREROUTING is asked before the route is looked up, OUTPUT after it, POSTROUTING before a
packet is fragmented. On lo a packet passes OUTPUT, POSTROUTING, PREROUTING and INPUT.
"""

from ..lab.namespace import Namespace
from ..lab.packet import Packet
from .engine import Net
from .fragments import gather


def hook(net: Net, ns: Namespace, place: str, packet: Packet, *, iif: str | None = None, oif: str | None = None) -> Packet | None:
    """The packet as the namespace's filter leaves it, or None where it goes no further.

    `place` is PREROUTING, INPUT, FORWARD, OUTPUT or POSTROUTING; `iif` and `oif` name the interfaces known by then.
    Where connections are tracked fragments are put together first (kernel: nf_defrag_ipv4, at PREROUTING and OUTPUT).
    """
    netfilter = ns.netfilter
    if netfilter is None:
        return packet
    if netfilter.tracks and packet.is_fragment and place in ("PREROUTING", "OUTPUT"):
        packet = gather(net, ns, iif or oif, packet)
        if packet is None:
            return None
    return netfilter.filter(net, place, packet, iif, oif)
