"""Docker's address pools, port words, flags, templates and networks, one by one; none takes bad input silently."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labkit
from labkit.errors import BadInput
from labkit.planes.docker import published
from labkit.planes.docker.network import AddressPool, Refused, candidates, choose_subnet
from labkit.planes.docker.template import render

from .docker_host import BRIDGE, host, typed

NET = IPv4Network


def pools(text: str, size: int):
    return [(NET(pool), size) for pool in text.split()]


# The vectors of moby's address_space_test.go TestDynamicPoolAllocation: pools, taken, result.
VECTORS = [
    (pools("192.168.0.0/16", 24), "192.168.255.0/24", "192.168.0.0/24"),
    (pools("10.20.0.0/16 192.168.0.0/16", 24), "10.0.0.0/8 192.168.0.0/24 192.168.128.0/24", "192.168.1.0/24"),
    (pools("192.168.0.0/16", 24), "192.168.0.0/24 192.168.1.0/24 192.168.2.0/23 192.168.4.0/30", "192.168.5.0/24"),
    (pools("192.168.0.0/16", 24),
     "192.168.0.0/24 192.168.1.0/24 192.168.2.0/30 192.168.2.4/30 192.168.3.0/30 192.168.4.0/23", "192.168.6.0/24"),
    (pools("10.0.0.0/8 192.168.0.0/16", 24), "10.0.0.0/24 192.168.0.0/24", "10.0.1.0/24"),
    (pools("172.16.0.0/15", 16), "172.16.0.0/16", "172.17.0.0/16"),
    (pools("172.16.0.0/15", 16) + pools("192.168.0.0/16", 24), "172.16.0.0/16 172.17.0.0/17", "192.168.0.0/24"),
    (pools("10.20.0.0/22 192.168.0.0/16", 24), "10.20.0.0/22 192.168.128.0/24", "192.168.0.0/24"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "taken", "chosen"), VECTORS)
def test_a_network_gets_the_first_pool_that_overlaps_nothing(where, taken, chosen):
    assert choose_subnet(map(NET, taken.split()), where) == NET(chosen)


def test_when_every_pool_overlaps_something_docker_says_so():
    with pytest.raises(Refused, match="could not find an available, non-overlapping IPv4 address pool"):
        choose_subnet([NET("172.16.0.0/16"), NET("172.17.0.0/17")], pools("172.16.0.0/15", 16))


def test_the_default_pools_give_31_networks_and_172_16_is_not_among_them():
    subnets = list(candidates())
    assert len(subnets) == 31 and NET("172.16.0.0/16") not in subnets
    assert [str(s) for s in (subnets[0], subnets[14], subnets[15], subnets[16])] == [
        "172.17.0.0/16", "172.31.0.0/16", "192.168.0.0/20", "192.168.16.0/20"]  # fmt: skip


@pytest.mark.parametrize(("subnet", "number", "address"), [
    ("192.168.59.0/24", 254, "192.168.59.254"),
    ("192.168.0.0/16", 256, "192.168.1.0"),
    ("10.0.0.0/8", 256, "10.0.1.0"),
    ("192.168.0.2/31", 2, "192.168.0.3"),
])  # fmt: skip
def test_addresses_are_handed_out_lowest_free_first(subnet, number, address):
    pool = AddressPool(NET(subnet))
    assert [pool.lowest() for _ in range(number)][-1] == IPv4Address(address)


def test_a_pool_runs_out_and_a_released_address_comes_back():
    pool = AddressPool(NET("10.0.0.0/30"))
    first, _ = pool.lowest(), pool.lowest()
    with pytest.raises(Refused, match="no available IPv4 addresses"):
        pool.lowest()
    pool.release(first)
    assert pool.lowest() == first
    with pytest.raises(Refused, match="Address already in use"):
        pool.take(first)


def test_a_user_defined_network_avoids_the_hosts_own_subnets():
    lab = labkit.Lab()
    for line in ("ip link add v0 type veth", "ip addr add 172.18.5.1/24 dev v0", "ip link set v0 up"):
        typed(lab, line)
    labkit.Docker(lab)
    typed(lab, "docker network create net1")
    assert typed(lab, "docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' net1") == "172.19.0.0/16\n"


@pytest.mark.parametrize(("spec", "shown"), [
    ("80", "0.0.0.0:32768->80/tcp, :::32768->80/tcp"),
    ("8080:80", "0.0.0.0:8080->80/tcp, :::8080->80/tcp"),
    ("127.0.0.1:8081:80/udp", "127.0.0.1:8081->80/udp"),
    ("9000-9002:9000-9002", "0.0.0.0:9000-9002->9000-9002/tcp, :::9000-9002->9000-9002/tcp"),
    ("8000-8002:80", "0.0.0.0:8000->80/tcp, :::8000->80/tcp"),
    ("127.0.0.1::80", "127.0.0.1:32768->80/tcp"),
])  # fmt: skip
def test_published_ports_are_shown_as_docker_ps_shows_them(spec, shown):
    lab = host()
    typed(lab, f"docker run -d --name web -p {spec} nginx")
    assert typed(lab, "docker ps --format '{{.Ports}}'") == f"{shown}\n"


@pytest.mark.parametrize(("spec", "sentence"), [
    ("80000:81", "Invalid hostPort: 80000"),
    ("80:x", "Invalid containerPort: x"),
    ("80:", "No port specified: 80:<empty>"),
    ("300.1.1.1:80:80", "Invalid ip address: 300.1.1.1"),
    ("80:80/icmp", "Invalid proto: icmp"),
    ("80-82:80-81", "Invalid ranges specified for container and host Ports: 80-81 and 80-82"),
])  # fmt: skip
def test_a_wrong_port_is_refused_with_the_clients_sentence(spec, sentence):
    answer = host().sh(f"docker run -d -p {spec} nginx")
    assert (answer.returncode, answer.stderr) == (125, f"docker: {sentence}.\nSee 'docker run --help'.\n")


@given(st.text(alphabet="0123456789.:-/tcpudx[] ", max_size=24))
def test_any_words_behind_p_are_ports_or_a_sentence(spec):
    try:
        found = published.parse(spec, "29")
    except BadInput as error:
        assert str(error)
    else:
        assert all(0 <= b.port < 65536 and b.proto in published.PROTOCOLS for b in found)


DAEMON = "Error response from daemon: "


@pytest.mark.parametrize(("line", "status", "sentence"), [
    ("docker run -d --foo nginx", 125, "unknown flag: --foo\nSee 'docker run --help'.\n"),
    ("docker run -dz nginx", 125, "unknown shorthand flag: 'z' in -z\nSee 'docker run --help'.\n"),
    ("docker run --name", 125, "flag needs an argument: --name\nSee 'docker run --help'.\n"),
    ("docker run -p", 125, "flag needs an argument: 'p' in -p\nSee 'docker run --help'.\n"),
    ("docker ps --all=maybe", 125, 'invalid argument "maybe" for "-a, --all" flag: strconv.ParseBool: parsing "maybe": '
                                   "invalid syntax\nSee 'docker ps --help'.\n"),
    ("docker run", 1, '"docker run" requires at least 1 argument.\nSee \'docker run --help\'.\n'),
    ("docker exec br1", 1, '"docker exec" requires at least 2 arguments.\nSee \'docker exec --help\'.\n'),
    ("docker exec nosuch ip a", 1, "Error: No such container: nosuch\n"),
    ("docker stop nosuch", 1, "Error response from daemon: No such container: nosuch\n"),
    ("docker inspect nosuch", 1, "Error: No such object: nosuch\n"),
    ("docker network inspect nosuch", 1, "Error: No such network: nosuch\n"),
    ("docker network rm bridge", 1, f"{DAEMON}bridge is a pre-defined network and cannot be removed\n"),
    ("docker network create --subnet 172.17.9.0/24 n1", 1, f"{DAEMON}Pool overlaps with other one on this address space\n"),
    ("docker network create --subnet 10.9.0.0 n1", 1, "invalid CIDR address: 10.9.0.0\n"),
    ("docker network create --subnet 10.9.0.0/24 --gateway 10.8.0.1 n1", 1, "no matching subnet for gateway 10.8.0.1\n"),
    ("docker network connect bridge br1", 1, f"{DAEMON}endpoint with name br1 already exists in network bridge\n"),
    ("docker run -d Nginx", 125, "docker: invalid reference format: repository name must be lowercase.\n"
                                 "See 'docker run --help'.\n"),
])  # fmt: skip
def test_a_wrong_line_is_answered_as_docker_answers_it(line, status, sentence):
    answer = host(BRIDGE[:1]).sh(line)
    assert (answer.returncode, answer.stderr) == (status, sentence)


def test_an_unknown_command_is_told_what_the_labs_docker_knows():
    answer = host().sh("docker swarm init")
    assert answer.stderr.startswith("docker: 'swarm' is not a docker command.\nSee 'docker --help'\n")
    assert "run, create, exec, ps" in answer.stderr


DATA = {"Name": "/br1", "Net": {"b": {"IP": "172.17.0.2"}, "a": {"IP": "10.0.0.1"}}, "Up": True, "List": [1, 2], "No": None}


@pytest.mark.parametrize(("template", "text"), [
    ("{{.Name}} {{.Up}}", "/br1 true"),
    ("{{range .Net}}{{.IP}} {{end}}", "10.0.0.1 172.17.0.2 "),
    ("{{range $k, $v := .Net}}{{$k}}={{$v.IP}};{{end}}", "a=10.0.0.1;b=172.17.0.2;"),
    ('{{(index .Net "b").IP}}', "172.17.0.2"),
    ("{{json .Net.a}}", '{"IP":"10.0.0.1"}'),
    ("{{if .No}}yes{{else}}no{{end}} {{len .List}}", "no 2"),
    ("{{.List}} {{.Net.a}} {{.No}}", "[1 2] map[IP:10.0.0.1] <no value>"),
    ("{{range .No}}x{{else}}none{{end}} {{(index .List 0)}}", "none 1"),
])  # fmt: skip
def test_a_template_is_filled_as_go_fills_it(template, text):
    assert render(template, DATA) == text


@given(st.text(alphabet="{}.$|() \"NameUpListjsonrangeifend:=,-", max_size=40))
def test_any_template_is_text_or_a_sentence(template):
    try:
        assert isinstance(render(template, DATA), str)
    except BadInput as error:
        assert str(error).startswith(("template: ", "The lab's templates know"))


@pytest.mark.parametrize("template", ["{{.Net.a | json}}", "a {{- .Up -}} b", "{{print .Name}}", "{{$x := .Name}}", "{{with .Net}}{{end}}",
                                      "{{if eq .Name \"/br1\"}}x{{end}}", "{{if .Up}}a{{else if .No}}b{{end}}"])  # fmt: skip
def test_what_more_go_knows_is_refused_in_the_labs_words(template):
    refused = host(BRIDGE[:1]).sh(f"docker inspect -f '{template}' br1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Template parsing error: The lab's templates know {{.A.B}}, range, if, index, json and len, but no ")


@pytest.mark.parametrize("line", ["docker ps -n 1", "docker ps --latest", "docker ps -s", "docker ps --filter ancestor=tiny",
                                  "docker network ls --filter type=custom", "docker inspect --type image tiny:1"])  # fmt: skip
def test_what_the_labs_docker_does_not_list_by_is_refused(line):
    refused = host(BRIDGE[:1]).sh(line)
    assert refused.returncode in (1, 125) and refused.stderr.startswith("The lab"), refused


def test_a_container_in_two_networks_has_two_interfaces_and_one_default_route():
    lab = host(BRIDGE[:1])
    typed(lab, "docker network create --subnet 172.30.1.0/24 a-net")
    typed(lab, "docker network connect a-net br1")
    assert typed(lab, "docker exec br1 ip route").splitlines() == [
        "default via 172.30.1.1 dev eth1 ",
        "172.17.0.0/16 dev eth0 proto kernel scope link src 172.17.0.2 ",
        "172.30.1.0/24 dev eth1 proto kernel scope link src 172.30.1.2 ",
    ]
    typed(lab, "docker network disconnect a-net br1")
    assert typed(lab, "docker exec br1 ip route").splitlines()[0] == "default via 172.17.0.1 dev eth0 "
    typed(lab, "docker network rm a-net")
    assert "172.30.1" not in typed(lab, "ip route")


def test_an_address_range_narrows_what_is_handed_out_and_the_gateway_comes_from_it_too():
    lab = host()
    typed(lab, "docker network create --subnet 172.28.0.0/16 --ip-range 172.28.5.0/24 net1")
    typed(lab, "docker run -d --name web --network net1 nginx")
    assert "inet 172.28.5.1/16 brd 172.28.255.255" in typed(lab, "docker exec web ip addr")
    assert typed(lab, "docker exec web ip route").startswith("default via 172.28.5.0 ")


def test_a_bridge_name_that_is_taken_is_refused_and_nothing_is_made():
    lab = host()
    before = typed(lab, "ip addr"), typed(lab, "docker network ls")
    refused = lab.sh("docker network create -o com.docker.network.bridge.name=docker0 net1")
    assert refused.returncode == 1 and "networks have same bridge name" in refused.stderr
    assert (typed(lab, "ip addr"), typed(lab, "docker network ls")) == before


def test_a_network_in_use_is_not_removed():
    lab = host()
    typed(lab, "docker network create net1")
    typed(lab, "docker run -d --name web --network net1 nginx")
    assert "has active endpoints" in lab.sh("docker network rm net1").stderr
    typed(lab, "docker stop web")
    assert typed(lab, "docker network rm net1") == "net1\n"
    assert lab.sh("docker start web").stderr.startswith("Error response from daemon: network net1 not found\n")


def test_an_engine_wants_a_bip_with_an_address_and_only_one_engine_fits_a_machine():
    with pytest.raises(BadInput, match="bip 'nonsense' is not an address"):
        labkit.Docker(labkit.Lab(), bip="nonsense")
    with pytest.raises(labkit.LabError, match="already a Docker engine on 'host'"):
        labkit.Docker(host())
