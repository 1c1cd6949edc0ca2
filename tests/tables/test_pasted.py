"""Tables as people paste them: with prompts, colours and greetings, of every network plug-in; what is no table is called by its name."""

from ipaddress import IPv4Address

import pytest

from labkit.errors import BadInput
from labkit.tables.table import RouteTable

TABLE = "default via 10.20.30.1 dev eth0 proto dhcp metric 100\n10.42.0.0/24 via 10.42.0.0 dev flannel.1 onlink"
PROMPTS = [
    "[root@node-1a centos]# ip route",
    "[root@node ~]# sudo ip r",
    "root@node:~# ip route show table main",
    "user@host:/etc/cni$ ip r",
    "$ ip route",
    "# ip route",
    "PS C:\\Users\\me> ip route",
    "/ # ip route",
    "~ $ ip r",
    "bash-5.1# ip route",
    "sh-4.4$ /sbin/ip route",
    "(venv) me@host:~$ ip r",
    "me@mac ~ % ip route",
    "➜  ~ ip route",
    "❯ ip route",
    "host% ip route",
    "ip route",
    "sudo ip route show",
    "kubectl exec -it web -- ip route",
    "root@a1b2c3d4:/# ip -d route",
    "[vagrant@k8s ~]$ vagrant ssh -c 'ip route'",
    "node# docker exec web ip route",
    "admin@sw:~$",
]
AROUND = [
    "```\n{}\n```",
    "```console\n{}\n```",
    "~~~\n{}\n~~~",
    "\ufeff{}",
    "{}\n(END)",
    "\n\n   {}\n\n",
    "{}\n[root@node ~]#",
    "{}\nroot@node:~# ^C",
    "{}\r\n",
    'Defaulted container "web" out of: web, istio-proxy\n{}',
    "Last login: Thu Nov 26 01:02:03 2026 from 10.0.0.1\n{}",
    "Warning: Permanently added '10.0.0.1' (ED25519) to the list of known hosts.\n{}\nConnection to 10.0.0.1 closed.",
    "kubectl exec [POD] [COMMAND] is DEPRECATED and will be removed\n{}",
    "Unable to use a TTY - input is not a terminal\n{}",
    "If you don't see a command prompt, try pressing enter.\n{}",
    "# my table\n{}",
    "\x1b[0m{}\x1b[0m",
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_and_its_command_are_no_route(prompt):
    assert str(RouteTable.parse(f"{prompt}\n{TABLE}\n")) == TABLE


@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_a_table_is_left_out(around):
    assert str(RouteTable.parse(around.format(TABLE))) == TABLE


@pytest.mark.parametrize(
    "bent",
    [
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.replace(" ", "\xa0"),
        TABLE.replace(" ", "\t"),
        TABLE.replace(" ", "\u200b "),
        TABLE.replace("via", "\x1b[32mvia\x1b[m"),
        TABLE.replace("10.42.0.0/24", "\x1b[34;1m10.42.0.0/24\x1b[0m"),
        TABLE.replace("\n", "\u2028"),
        "> " + TABLE.replace("\n", "\n> "),
        TABLE.replace("\n", " \n\n"),
        TABLE.replace("proto", "\n    proto"),
        TABLE.replace("via 10.20", "via\n10.20"),
        TABLE.replace(" ", "\u3000"),
        "\x1b]0;root@node:~\x07" + TABLE,
    ],
)
def test_characters_that_a_screen_or_a_web_page_adds_change_nothing(bent):
    assert str(RouteTable.parse(bent)) == TABLE


def test_lines_keep_their_numbers():
    with pytest.raises(BadInput, match="line 4: '10.1.0.0/33'"):
        RouteTable.parse("[root@node ~]# ip route\n```\ndefault via 10.0.0.1 dev eth0\n10.1.0.0/33 dev eth0\n")


PLUGINS = {
    "calico": "blackhole 10.244.1.0/26 proto 80\n10.244.1.5 dev cali1234abcd\n10.244.2.0/26 via 10.0.0.2 dev tunl0 proto bird onlink",
    "cilium": "10.0.0.0/24 via 10.0.0.114 dev cilium_host proto kernel src 10.0.0.114\n10.0.1.0/24 via 10.0.0.114 dev cilium_host mtu 1450",
    "tailscale": "100.64.0.1 dev tailscale0 table 52\nthrow 127.0.0.0/8 table 52",
    "kube-ovn": "10.16.0.0/16 via 100.64.0.1 dev ovn0 src 100.64.0.3",
    "a switch": "10.5.0.0/16 via 10.0.0.2 dev swp1 proto zebra metric 20 offload rt_offload\n10.6.0.0/16 dev swp2 trap rt_trap linkdown",
    "a metric that is locked": "10.7.0.0/16 dev eth0 mtu lock 1400",
}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_tables_of_network_plugins_are_read(plugin):
    assert {*map(str, RouteTable.parse(PLUGINS[plugin]))} == {*PLUGINS[plugin].splitlines()}


@pytest.mark.parametrize(
    "text",
    [
        "4.5.6.7 nhid 1 via 10.0.2.9 dev eth0 proto zebra metric 20\n",
        '[{"dst":"4.5.6.7","nhid":1,"gateway":"10.0.2.9","dev":"eth0","protocol":"zebra","metric":20,"flags":[]}]',
        '[root@frr ~]# ip -j -p route\n[ {\n  "dst": "4.5.6.7", "nhid": 1, "gateway": "10.0.2.9", "dev": "eth0",\n'
        '  "protocol": "zebra", "metric": 20, "flags": [ ] } ]',
    ],
)
def test_a_nexthop_object_stands_beside_what_it_says(text):
    assert str(RouteTable.parse(text)) == "4.5.6.7 via 10.0.2.9 dev eth0 proto zebra metric 20"


def test_one_line_for_each_route_and_its_legs():
    (route,) = RouteTable.parse(
        "10.5.0.0/16 proto bgp \\    nexthop via 10.1.0.2 dev va weight 2 \\\tnexthop via inet 10.1.0.3 dev va weight 1"
    )
    assert [leg.gateway for leg in route.nexthops] == [IPv4Address("10.1.0.2"), IPv4Address("10.1.0.3")]


TRANSLATED = [
    "Kernel-IP-Routentabelle\nZiel            Router          Genmask         Flags Metric Ref    Use Iface\n",
    "Table de routage IP du noyau\nDestination     Passerelle      Genmask         Indic Metric Ref    Use Iface\n",
    "内核 IP 路由表\n目标            网关            子网掩码        标志  跃点   引用  使用 接口\n",
    "",
]


@pytest.mark.parametrize("headings", TRANSLATED)
def test_headings_in_another_language_are_headings(headings):
    row = "0.0.0.0         10.0.2.2        0.0.0.0         UG    100    0        0 eth0\n"
    assert str(RouteTable.parse(f"$ route -n\n{headings}{row}")) == "default via 10.0.2.2 dev eth0 metric 100"


def test_translated_headings_of_netstat_have_no_metric():
    text = "Kernel-IP-Routentabelle\nZiel            Router          Genmask         Flags   MSS Fenster irtt Iface\n"
    assert str(RouteTable.parse(text + "10.0.0.0        0.0.0.0         255.0.0.0       U       104 0          0 eth0")).endswith(
        "link advmss 64"
    )


OTHER = {
    "`ip rule`": "0:\tfrom all lookup local \n32766:\tfrom all lookup main \n",
    "`ip addr` or `ip link`": "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN\n    link/loopback 00:00",
    "`ip -br addr` or `ip -br link`": "lo               UNKNOWN        127.0.0.1/8 \neth0  UP 10.0.0.1/24",
    "`ip neigh`": "10.0.2.2 dev eth0 lladdr 52:55:0a:00:02:02 REACHABLE \n",
    "`ip route get` (one lookup)": "10.0.0.1 via 10.0.2.2 dev eth0 src 10.0.2.15 uid 0 \n    cache \n",
    "`bridge fdb`": "33:33:00:00:00:01 dev eth0 self permanent\n",
    "`ifconfig`": "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n",
    "`arp`": "Address                  HWtype  HWaddress           Flags Mask            Iface\n",
    "the file /proc/net/route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n",
    "a list of sockets (`ss` or `netstat`)": "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n",
    "`iptables`": "# Generated by iptables-save v1.8.9 on Thu Nov 26\n*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j X\n",
    "`nft list ruleset`": "table ip nat {\n\tchain POSTROUTING {\n",
    "`show ip route` of FRR, Quagga or Cisco": "Codes: K - kernel route, C - connected\nK>* 0.0.0.0/0 [0/100] via 10.0.2.2, eth0\n",
    "`show route` of BIRD": "BIRD 2.0.7 ready.\nTable master4:\n0.0.0.0/0            unicast [kernel1 2024-01-01] * (10)\n",
    "`netstat -rn` of macOS": "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n"
    "default            192.168.1.1        UGScg                 en0\n",
    "Windows": "=====\nIPv4 Route Table\n=====\nActive Routes:\nNetwork Destination        Netmask          Gateway\n",
    "a tool that failed": "RTNETLINK answers: Network is unreachable\n",
    "a list of `kubectl` or `docker`": "NAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          5m\n",
}


@pytest.mark.parametrize("what", OTHER)
def test_what_is_no_route_table_is_called_by_its_name(what):
    for text in (OTHER[what], f"[root@node ~]# something\n{OTHER[what]}", f"{TABLE}\n{OTHER[what]}"):
        with pytest.raises(BadInput) as refusal:
            RouteTable.parse(text)
        assert what in str(refusal.value) and "line " in str(refusal.value) and "JSON" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{TABLE}\n...\n10.0.0.0/8 dev eth0", "line 3: '...' says that lines were left out"),
        (f"{TABLE}\n[snip]\n", "line 3: '[snip]' says that lines were left out"),
        (f"{TABLE}\n…", "left out"),
        ("$ ip route add 10.0.0.0/8 via 10.0.0.1", "changes a table and is no line of one"),
        (
            "100.64.0.0/10 proto bgp metric 20\n\tnexthop via inet6 fe80::1 dev eth1 weight 1",
            "line 2: 'via inet6 fe80::1': the lab has IPv4 only",
        ),
        ("100.64.0.0/10 via inet6 fe80::1 dev eth1", "IPv4 only"),
        ("fd00::/64 dev eth0 proto kernel metric 256 pref medium", "IPv6 routes"),
        ("default proto ra metric 1024\n\tnexthop via fe80::1 dev eth0 weight 1", "IPv6 routes"),
        ("10.0.0.0/8 dev eth0 table mgmt", "`ip -N route`"),
        ("10.0.0.0/8 encap mpls 100 via 10.0.0.1 dev eth0", "'encap' is not a field of `ip route` that the lab's routes have"),
        ("[root@node ~]# ip route\nhello", "line 2: 'hello'"),
        ("[something else]", "line 1: '[something'"),
        ('[{"dst":"10.5.4.0/24","via":{"family":"inet6","host":"fe80::1"},"dev":"eth1","flags":[]}]', "IPv4 only, not IPv6"),
        ('[{"dst":"10.5.4.0/24","nexthops":[{"via":{"family":"inet6","host":"fe80::1"},"dev":"eth1"}]}]', "IPv4 only, not IPv6"),
        ('[{"ifindex":1,"ifname":"lo","flags":[]}]', "`ip -j addr`"),
        ('[{"priority":0,"src":"all","table":"local"}]', "`ip -j rule`"),
        ('{"apiVersion":"v1","kind":"Pod"}', "kubectl"),
        ('[{"dst":"fd00::/64","dev":"eth0","flags":[]}]', "IPv6 routes"),
    ],
)
def test_the_strange_thing_is_named_with_its_line(text, said):
    with pytest.raises(BadInput) as refusal:
        RouteTable.parse(text)
    assert said in str(refusal.value)
    assert ("JSON" in str(refusal.value)) <= text.startswith(("[{", "{"))


@pytest.mark.parametrize("given", [None, b"default via 10.0.0.1 dev eth0", 5, ["default"]])
def test_a_table_is_read_from_text_only(given):
    with pytest.raises(BadInput, match=type(given).__name__):
        RouteTable.parse(given)


def test_a_prompt_with_nothing_below_is_an_empty_table():
    assert list(RouteTable.parse("[root@node ~]# ip route show table 77\n")) == []
