"""Experiments on what routers teach a namespace: a network, something learned, something changed, and what `ip` then shows.

The answers are in recorded/learned.txt; see experiments.py.
"""

#: Four hosts on one switch: b's gateway gw knows a nearer router, gw2.
LAN = (
    "ip link add sw type bridge", "ip link set sw up",
    *(line for name, last in (("b", 20), ("gw", 1), ("gw2", 2), ("gw3", 3)) for line in (
        f"ip netns add {name}", f"ip link add s{name} type veth peer name eth0 netns {name}", f"ip link set s{name} master sw up",
        f"ip -n {name} link set lo up", f"ip -n {name} addr add 192.168.2.{last}/24 dev eth0", f"ip -n {name} link set eth0 up")),
    "ip -n gw2 addr add 10.50.0.2/32 dev lo", "ip -n gw3 addr add 10.50.0.2/32 dev lo",
    "ip -n b route add default via 192.168.2.1", "ip -n gw route add 10.50.0.0/24 via 192.168.2.2",
    "ip netns exec gw sysctl -qw net.ipv4.ip_forward=1",
)  # fmt: skip
REDIRECT = "ip netns exec b ping -c 3 -i 0.2 -W 1 10.50.0.2"

#: b, a router r, and c behind a link with MTU 1400.
PATH = (
    "ip netns add b", "ip netns add r", "ip netns add c",
    "ip link add e netns b type veth peer name w netns r", "ip link add e netns r type veth peer name w netns c",
    *(f"ip -n {ns} link set {dev} up" for ns, dev in (("b", "lo"), ("b", "e"), ("r", "w"), ("r", "e"), ("c", "w"))),
    "ip -n b addr add 10.1.0.1/24 dev e", "ip -n r addr add 10.1.0.2/24 dev w",
    "ip -n r addr add 10.2.0.1/24 dev e", "ip -n c addr add 10.2.0.2/24 dev w",
    "ip -n b route add default via 10.1.0.2", "ip -n c route add default via 10.2.0.1",
    "ip netns exec r sysctl -qw net.ipv4.ip_forward=1", "ip -n r link set e mtu 1400",
)  # fmt: skip
TOO_BIG = "ip netns exec b ping -c 1 -W 1 -M do -s 1472 10.2.0.2"
SILENT = ("ip -n r link set w down", "ip -n r link set w up", "ip -n r addr flush dev w", "ip -n b neigh flush dev e",
          "ip netns exec b ping -c 1 -W 4 10.2.0.2")

#: More of the network for the router's own experiments: c forwards to d behind a link with MTU 1300.
FURTHER = (
    "ip netns add d", "ip link add e netns c type veth peer name w netns d", "ip -n c link set e up", "ip -n d link set w up",
    "ip -n c addr add 10.3.0.1/24 dev e", "ip -n d addr add 10.3.0.2/24 dev w", "ip -n d route add default via 10.3.0.1",
    "ip netns exec c sysctl -qw net.ipv4.ip_forward=1", "ip -n c link set e mtu 1300", "ip -n r link set e mtu 1500",
    "ip -n r route add 10.3.0.0/24 via 10.2.0.2",
)  # fmt: skip

#: x is a vxlan between s and t, wider than what is below it; a sends through s.
TUNNEL = (
    "ip netns add a", "ip netns add s", "ip netns add t",
    "ip link add e netns a type veth peer name w netns s", "ip link add u netns s type veth peer name u netns t",
    *(f"ip -n {ns} link set {dev} up" for ns, dev in (("a", "e"), ("s", "w"), ("s", "u"), ("t", "u"))),
    "ip -n a addr add 10.3.0.2/24 dev e", "ip -n s addr add 10.3.0.1/24 dev w", "ip -n a route add default via 10.3.0.1",
    *(line for ns, last, far in (("s", 1, 2), ("t", 2, 1)) for line in (
        f"ip -n {ns} addr add 10.1.0.{last}/24 dev u",
        f"ip -n {ns} link add x type vxlan id 7 dstport 8472 local 10.1.0.{last} remote 10.1.0.{far} dev u nolearning",
        f"ip -n {ns} link set x up", f"ip -n {ns} addr add 10.9.0.{last}/24 dev x")),
    "ip -n t route add 10.3.0.0/24 via 10.9.0.1", "ip netns exec s sysctl -qw net.ipv4.ip_forward=1", "ip -n s link set u mtu 1400",
    "ip -n s link set x mtu 1300", "ip -n s link set u mtu 1200",
)  # fmt: skip

GET, CACHE, WAY = "?ip -n b route get 10.50.0.2", "?ip -n b route show cache", "?ip -n b route get 10.2.0.2"


def on_b(*settings: str) -> tuple[str, ...]:
    return tuple(f"ip netns exec b sysctl -qw net.ipv4.{setting}" for setting in settings)


EXPERIMENTS: dict[str, tuple[str, ...]] = {
    # how it is shown
    "a redirect is shown by get and by show cache": (*LAN, REDIRECT, CACHE, GET, *(f"?ip -n b {line}" for line in (
        "-j -p route show cache", "-s route show cache", "-d route show cache", "-d route show cache table all", "-o route show cache",
        "-4 route show cache", "-6 route show cache", "route show table cache", "route show cloned", "route show cache table all",
        "route show cache table 254", "route show cache table 100", "route show cache table local", "route list cache 10.50.0.2",
        "route show cache 10.50.0.0/24", "route show cache root 10.50.0.0/24", "route show cache match 10.50.0.0/24",
        "route show cache dev eth0", "route show cache via 192.168.2.2", "route show cache via 192.168.2.1", "route show cache dev lo",
        "route show cache proto boot", "route show cache scope global", "route show cache type unicast",
        "-j route show cache dev eth0", "-j -s route show cache", "-d route get 10.50.0.2", "-j route get 10.50.0.2",
        "route get 10.50.0.2 oif eth0", "route get 10.50.0.2 mark 5", "route get 10.50.0.2 tos 0x10", "route get 10.50.0.3",
        "-s route get 10.50.0.2", "-s route get 192.168.2.2", "-s route get 192.168.2.20"))),
    "a path MTU is shown by get, and by show cache once it was looked up": (
        *PATH, "?" + TOO_BIG, CACHE, WAY, CACHE, "?ip -n b -j route get 10.2.0.2", "?ip -n b -j route show cache",
        "?ip -n b -d route show cache", "?" + TOO_BIG),
    "a redirect that was not used yet is not listed": (
        *LAN, "ip -n b neigh add 192.168.2.2 lladdr 02:00:00:00:00:99 dev eth0", "ip netns exec b ping -c 1 -W 1 10.50.0.2", CACHE,
        GET, CACHE),
    "a redirect and a path MTU make one exception": (
        *LAN, "ip -n gw2 addr del 10.50.0.2/32 dev lo", "ip -n gw2 link add x type veth peer name x netns gw3",
        "ip -n gw2 link set x up mtu 1400",
        "ip -n gw3 link set x up mtu 1400", "ip -n gw2 addr add 10.9.9.1/24 dev x", "ip -n gw3 addr add 10.9.9.2/24 dev x",
        "ip -n gw2 route add 10.50.0.2 via 10.9.9.2", "ip netns exec gw2 sysctl -qw net.ipv4.ip_forward=1", REDIRECT, GET,
        "ip netns exec b ping -c 1 -W 1 -M do -s 1472 10.50.0.2", GET, CACHE, "ip -n b route flush cache", GET),
    # what flushes it
    "ip route flush cache forgets": (*LAN, REDIRECT, GET, "ip -n b route flush cache", CACHE, GET, CACHE),
    "ip -s route flush cache says so": (*PATH, TOO_BIG, WAY, "?ip -n b -s route flush cache", WAY, CACHE, "?ip -n b -6 route flush cache"),
    "ip -6 route flush cache keeps what IPv4 learned": (*PATH, TOO_BIG, "ip -n b -6 route flush cache", WAY),
    "the sysctl route.flush forgets": (
        *LAN, REDIRECT, "?ip netns exec b sysctl -w net.ipv4.route.flush=1", GET, "?ip netns exec b sysctl net.ipv4.route.flush",
        "?ip netns exec b sysctl net.ipv4.route", "?ip netns exec b sysctl -w net.ipv4.route.flush=",
        "?ip netns exec b sysctl -w net.ipv4.route.min_pmtu=67"),
    "a path MTU expires": (*PATH, *on_b("route.mtu_expires=2"), TOO_BIG, WAY, "ip netns exec b sleep 3", CACHE, WAY, CACHE),
    # changes of the routes
    "an unrelated route changes nothing": (*LAN, REDIRECT, "ip -n b route add 10.60.0.0/24 via 192.168.2.3", GET),
    "a longer prefix by the same gateway shares its next hop": (
        *LAN, REDIRECT, "ip -n b route add 10.50.0.0/24 via 192.168.2.1", GET, CACHE, "ip -n b route del 10.50.0.0/24", GET),
    "a longer prefix of another protocol has a next hop of its own": (
        *LAN, REDIRECT, "ip -n b route add 10.50.0.0/24 via 192.168.2.1 proto static", GET, CACHE, "ip -n b route del 10.50.0.0/24", GET),
    "a longer prefix of another metric has a next hop of its own": (
        *LAN, REDIRECT, "ip -n b route add 10.50.0.0/24 via 192.168.2.1 metric 5", GET, CACHE),
    "a longer prefix with a source has a next hop of its own": (
        *LAN, REDIRECT, "ip -n b route add 10.50.0.0/24 via 192.168.2.1 src 192.168.2.20", GET),
    "a longer prefix by another gateway": (
        *LAN, REDIRECT, "ip -n b route add 10.50.0.0/24 via 192.168.2.3", GET, CACHE, "ip -n b route del 10.50.0.0/24", GET),
    "replaced by itself a route keeps it": (*LAN, REDIRECT, "ip -n b route replace default via 192.168.2.1", GET),
    "replaced with an mtu a route loses it": (*LAN, REDIRECT, "ip -n b route replace default via 192.168.2.1 mtu 1300", GET),
    "replaced by another gateway and back": (
        *LAN, REDIRECT, "ip -n b route replace default via 192.168.2.3", GET, "ip -n b route replace default via 192.168.2.1", GET),
    "changed and back": (*LAN, REDIRECT, "ip -n b route change default via 192.168.2.3",
        "ip -n b route change default via 192.168.2.1", GET),
    "deleted and added again": (*LAN, REDIRECT, "ip -n b route del default", "ip -n b route add default via 192.168.2.1", GET),
    "deleted and added again while another route keeps the next hop": (
        *LAN, REDIRECT, "ip -n b route add 10.99.0.0/24 via 192.168.2.1", "ip -n b route del default", CACHE, GET,
        "ip -n b route add default via 192.168.2.1", GET, CACHE),
    "the table flushed": (*LAN, REDIRECT, "ip -n b route flush table main", CACHE),
    "routes appended and prepended": (
        *LAN, REDIRECT, "ip -n b route append default via 192.168.2.3", GET,
        "ip -n b route prepend default via 192.168.2.3 proto static", GET),
    "the better of two default routes deleted": (
        *LAN, "ip -n b route add default via 192.168.2.1 metric 7", REDIRECT, "ip -n b route del default", GET, CACHE),
    "a rule for another source": (*LAN, REDIRECT, "ip -n b rule add from 1.2.3.4 table 100", GET, CACHE),
    "another table with the same gateway": (
        *LAN, REDIRECT, "ip -n b route add default via 192.168.2.1 table 100", "ip -n b rule add to 10.50.0.0/16 table 100", GET, CACHE,
        "?ip -n b route show cache table all", "?ip -n b route show cache table 100"),
    "learned by another table": (
        *LAN, "ip -n b route add default via 192.168.2.1 table 100", "ip -n b rule add to 10.50.0.0/16 table 100", REDIRECT, GET, CACHE,
        "?ip -n b route show cache table all", "?ip -n b route show cache table 100", "ip -n b rule del to 10.50.0.0/16 table 100", GET),
    "learned by a socket that is bound to the other interface": (
        *PATH, "ip link add f netns b type veth peer name v netns r", "ip -n b link set f up", "ip -n r link set v up",
        "ip -n b addr add 10.4.0.1/24 dev f", "ip -n r addr add 10.4.0.2/24 dev v", "ip -n b route add default via 10.4.0.2 metric 9",
        "?ip netns exec b ping -c 1 -W 1 -I f -M do -s 1472 10.2.0.2", WAY, "?ip -n b route get 10.2.0.2 oif f", CACHE),
    "all next hops of a multipath route learn a path MTU": (
        *PATH, "ip -n r addr add 10.1.0.3/24 dev w", "ip -n b route replace default nexthop via 10.1.0.2 nexthop via 10.1.0.3", TOO_BIG,
        "ip -n b route replace default nexthop via 10.1.0.3", WAY),
    # changes of the links, the addresses, the neighbours
    "the interface down and up": (
        *LAN, REDIRECT, "ip -n b link set eth0 down", CACHE, "ip -n b link set eth0 up", "ip -n b route add default via 192.168.2.1", GET),
    "carrier lost and back": (*LAN, REDIRECT, "ip link set sb down", GET, CACHE, "ip link set sb up", GET),
    "the interface renamed": (*LAN, REDIRECT, "ip -n b link set eth0 name lan0", GET, CACHE),
    "addresses added and deleted": (
        *LAN, "ip -n b addr add 10.81.0.1/24 dev eth0", REDIRECT, "ip -n b addr add 10.80.0.1/24 dev eth0", GET,
        "ip -n b addr del 10.81.0.1/24 dev eth0", GET),
    "the new gateway's neighbour entry deleted": (*LAN, REDIRECT, "ip -n b neigh del 192.168.2.2 dev eth0", GET),
    "the new gateway silent: the redirect stays": (
        *LAN, REDIRECT, "ip -n gw2 link set eth0 down", "ip -n b neigh flush dev eth0", "ip netns exec b ping -c 1 -W 4 10.50.0.2",
        GET, CACHE),
    "the gateway silent: the path MTU is not believed until a route is added": (
        *PATH, TOO_BIG, *SILENT, WAY, CACHE, "ip -n b route add 10.66.0.0/24 via 10.1.0.9", WAY, CACHE),
    "the gateway silent: an address added": (*PATH, TOO_BIG, *SILENT, WAY, "ip -n b addr add 10.77.0.1/24 dev e", WAY),
    "the gateway silent: a rule added, after what changes nothing": (
        *PATH, TOO_BIG, *SILENT, "ip -n b neigh replace 10.1.0.2 lladdr 02:00:00:00:00:77 dev e", *on_b("conf.all.rp_filter=2"), WAY,
        "ip -n b rule add from 1.1.1.1 table 9", WAY),
    "the gateway silent: forwarding switched on": (*PATH, TOO_BIG, *SILENT, WAY, *on_b("ip_forward=1"), WAY),
    "the interface's MTU below the path MTU, and up again": (
        *PATH, TOO_BIG, "ip -n b link set e mtu 1300", WAY, "ip -n b link set e mtu 1500", WAY),
    "the interface's MTU above the path MTU": (*PATH, TOO_BIG, "ip -n b link set e mtu 1450", WAY, "ip -n b link set e mtu 1500", WAY),
    "the interface's MTU was the path MTU": (
        *PATH, TOO_BIG, "ip -n b link set e mtu 1400", WAY, "ip -n b link set e mtu 1500", WAY),
    "settings changed afterwards": (
        *LAN, REDIRECT, *on_b("ip_forward=1"), GET, *on_b("ip_forward=0", "conf.eth0.accept_redirects=0",
        "conf.all.accept_redirects=0"), GET,
        *on_b("conf.all.rp_filter=1", "conf.eth0.send_redirects=0", "conf.all.accept_local=1"), GET),
    # whose redirects are taken
    "accept_redirects is 0 for the interface alone": (*LAN, *on_b("conf.eth0.accept_redirects=0"), REDIRECT, GET),
    "accept_redirects is 0 for all alone": (*LAN, *on_b("conf.all.accept_redirects=0"), REDIRECT, GET),
    "accept_redirects is 0 for both": (*LAN, *on_b("conf.all.accept_redirects=0", "conf.eth0.accept_redirects=0"), REDIRECT, GET),
    "a router takes no redirects": (*LAN, *on_b("ip_forward=1"), REDIRECT, GET),
    "a router that is told to takes redirects": (*LAN, *on_b("ip_forward=1", "conf.all.accept_redirects=1"), REDIRECT, GET),
    "secure redirects: no gateway of ours": (*LAN, *on_b("conf.all.shared_media=0", "conf.eth0.shared_media=0"), REDIRECT, GET),
    "secure redirects: a gateway of ours": (
        *LAN, "ip -n b route add default via 192.168.2.2 metric 9", *on_b("conf.all.shared_media=0", "conf.eth0.shared_media=0"),
        REDIRECT, GET),
    "no secure redirects": (*LAN, *on_b("conf.all.shared_media=0", "conf.eth0.shared_media=0", "conf.all.secure_redirects=0",
                                        "conf.eth0.secure_redirects=0"), REDIRECT, GET),
    "one redirect after the other": (
        *LAN, "ip -n gw2 addr del 10.50.0.2/32 dev lo", "ip -n gw2 route add 10.50.0.0/24 via 192.168.2.3",
        "ip netns exec gw2 sysctl -qw net.ipv4.ip_forward=1", "?ip netns exec b ping -c 5 -i 0.3 -W 1 10.50.0.2", GET, CACHE),
    "a redirect from another address than the gateway's": (
        *LAN, "ip -n gw addr del 192.168.2.1/24 dev eth0", "ip -n gw addr add 192.168.2.9/24 dev eth0",
        "ip -n gw addr add 192.168.2.1/24 dev eth0", "ip -n gw route add 10.50.0.0/24 via 192.168.2.2", "?" + REDIRECT, GET),
    "a redirect to a router in another subnet": (
        *LAN, "ip -n gw2 addr add 172.16.0.9/32 dev eth0", "ip -n gw route replace 10.50.0.0/24 via 172.16.0.9 dev eth0 onlink",
        "?" + REDIRECT, GET, CACHE, "?ip netns exec b ping -c 1 -W 1 10.50.0.2"),
    "a redirect to a router in another subnet, which is believed on one link only": (
        *LAN, "ip -n gw2 addr add 172.16.0.9/32 dev eth0", "ip -n gw route replace 10.50.0.0/24 via 172.16.0.9 dev eth0 onlink",
        *on_b("conf.all.shared_media=0", "conf.eth0.shared_media=0", "conf.all.secure_redirects=0", "conf.eth0.secure_redirects=0"),
        "?" + REDIRECT, GET),
    "a router that does not share its media": (
        *LAN, *(f"ip netns exec gw sysctl -qw net.ipv4.conf.{dev}.shared_media=0" for dev in ("all", "eth0")), "?" + REDIRECT,
        "ip -n gw2 addr add 172.16.0.9/32 dev eth0", "ip -n gw route replace 10.50.0.0/24 via 172.16.0.9 dev eth0 onlink",
        "ip -n b route flush cache", "?" + REDIRECT, "?ip -n gw route get 10.50.0.2 from 192.168.2.20 iif eth0"),
    "redirects of TCP and UDP": (
        *LAN, "?ip netns exec b nc -zv -w 1 10.50.0.2 80", "?ip netns exec b nc -zv -w 1 10.50.0.2 80", GET),
    "the interface moved to another namespace and back": (
        *LAN, REDIRECT, "ip -n b link set eth0 netns gw3 name back", CACHE, "ip -n gw3 link set back netns b name eth0",
        "ip -n b addr add 192.168.2.20/24 dev eth0", "ip -n b link set eth0 up", "ip -n b route add default via 192.168.2.1", GET, CACHE),
    "written with route and ifconfig": (
        *LAN, REDIRECT, "ip netns exec b route add -net 10.60.0.0 netmask 255.255.0.0 gw 192.168.2.3", GET,
        "ip netns exec b route add -net 10.50.0.0 netmask 255.255.255.0 gw 192.168.2.1", GET, "ip netns exec b route del default", GET,
        "ip netns exec b route del -net 10.50.0.0 netmask 255.255.255.0", CACHE,
        "ip netns exec b route add default gw 192.168.2.1", GET),
    "an address changed with ifconfig": (
        *LAN, REDIRECT, "ip netns exec b ifconfig eth0 192.168.2.21 netmask 255.255.255.0", CACHE,
        "ip netns exec b route add default gw 192.168.2.1", GET),
    "a router forwards by what it learned": (
        *LAN, REDIRECT, *on_b("ip_forward=1"), "?ip -n b route get 10.50.0.2 from 192.168.2.3 iif eth0",
        "ip -n gw3 addr del 10.50.0.2/32 dev lo", "ip -n gw3 route add 10.50.0.0/24 via 192.168.2.20",
        "?ip netns exec gw3 ping -c 2 -i 0.2 -W 1 10.50.0.2", "?ip -n gw3 route get 10.50.0.2"),
    # which path MTUs are believed
    "less than min_pmtu locks": (
        *PATH, "ip -n r link set e mtu 300", TOO_BIG, WAY, "?ip -n b -j route get 10.2.0.2", CACHE, "ip -n b link set e mtu 500", WAY,
        "ip -n b link set e mtu 1500", WAY),
    "an mtu lock of the route stands": (
        *PATH, "ip -n b route replace default via 10.1.0.2 mtu lock 1450", "?ip netns exec b ping -c 1 -W 1 -M do -s 1422 10.2.0.2", WAY),
    "an mtu of the route gives way": (
        *PATH, "ip -n b route replace default via 10.1.0.2 mtu 1450 advmss 900", "?ip netns exec b ping -c 1 -W 1 -M do -s 1422 10.2.0.2",
        WAY, CACHE),
    "an mtu of the route below the path's": (
        *PATH, "ip -n b route replace default via 10.1.0.2 mtu 1300", "?ip netns exec b ping -c 1 -W 1 -M do -s 1400 10.2.0.2", WAY, CACHE),
    "ip_no_pmtu_disc 1 takes any such error for the least MTU": (*PATH, *on_b("ip_no_pmtu_disc=1"), "?" + TOO_BIG, WAY),
    "ip_no_pmtu_disc 2 believes nobody": (*PATH, *on_b("ip_no_pmtu_disc=2"), "?" + TOO_BIG, WAY),
    "ip_no_pmtu_disc 3 believes no errors about pings": (*PATH, *on_b("ip_no_pmtu_disc=3"), "?" + TOO_BIG, WAY),
    "a router's own path MTU is not for what it forwards": (
        *PATH, *FURTHER, "?ip netns exec r ping -c 1 -W 1 -M do -s 1472 10.3.0.2", "?ip -n r route get 10.3.0.2",
        "?ip -n r route get 10.3.0.2 from 10.1.0.1 iif w", "?ip netns exec b ping -c 1 -W 1 -M do -s 1472 10.3.0.2",
        "ip -n b route flush cache", "ip netns exec r sysctl -qw net.ipv4.ip_forward_use_pmtu=1",
        "?ip netns exec b ping -c 1 -W 1 -M do -s 1472 10.3.0.2"),
    "a router's locked path MTU is for all": (
        *PATH, *FURTHER, "ip -n c link set e mtu 300", "ip netns exec r ping -c 1 -W 1 -M do -s 1472 10.3.0.2",
        "?ip -n r route get 10.3.0.2",
        "?ip netns exec b ping -c 1 -W 1 -M do -s 1472 10.3.0.2", "?ip -n b route get 10.3.0.2"),
    "a tunnel tells its own machine": (
        *TUNNEL, "?ip netns exec s ping -c 1 -W 1 -s 1200 10.9.0.2", "?ip -n s route get 10.9.0.2", "?ip -n s route show cache"),
    "a tunnel tells about what is routed into it": (
        *TUNNEL, "?ip netns exec a ping -c 1 -W 1 -s 1200 10.9.0.2", "?ip -n s route get 10.9.0.2", "?ip -n s route show cache"),
    "a destination on the link, by a router's proxy ARP": (
        *PATH, "ip -n b route add 10.2.0.0/24 dev e", "ip netns exec r sysctl -qw net.ipv4.conf.w.proxy_arp=1", TOO_BIG, WAY, CACHE),
}  # fmt: skip
