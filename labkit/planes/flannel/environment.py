"""/run/flannel/subnet.env: what flanneld tells dockerd about a node's subnet, and the options made of it.

flannel: pkg/subnet/subnet.go, dist/mk-docker-opts.sh. Read again after a restart, it is where
flanneld remembers which subnet the node had.
"""

from ipaddress import IPv4Interface, IPv4Network

from ...errors import BadInput

DIRECTORY = "/run/flannel"
PATH = f"{DIRECTORY}/subnet.env"


def write(network: IPv4Network, subnet: IPv4Network, mtu: int, ip_masq: bool, offset: int = 0) -> str:
    """The four lines; the subnet is written as its first address, which the bridge will have. `offset`: see Lease."""
    return (
        f"FLANNEL_NETWORK={network}\nFLANNEL_SUBNET={subnet.network_address + offset + 1}/{subnet.prefixlen}\n"
        f"FLANNEL_MTU={mtu}\nFLANNEL_IPMASQ={'true' if ip_masq else 'false'}\n"
    )


def read(text: str) -> dict[str, str]:
    """The variables of the file."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def networks(text: str, variable: str = "FLANNEL_SUBNET") -> list[IPv4Network]:
    """The networks of a variable, which may list several with commas; what does not parse is left out."""
    found = []
    for word in read(text).get(variable, "").split(","):
        try:
            address, length = word.split("/")
            found.append(IPv4Interface(f"{address.strip()}/{length.strip()}").network)
        except ValueError:
            continue
    return found


def previous(text: str, network: IPv4Network) -> IPv4Network | None:
    """The subnet the node had, if it lies within the network of today."""
    return next((subnet for subnet in networks(text) if subnet.subnet_of(network)), None)


def docker_options(text: str, masquerade: bool = True) -> str:
    """The options of dockerd (mk-docker-opts.sh); `masquerade=False` is its -m, which leaves --ip-masq out.

    --ip-masq is flannel's turned round: only one of the two must do it.
    """
    found = read(text)
    if not networks(text):
        raise BadInput("subnet.env has no FLANNEL_SUBNET such as 10.20.92.1/24: flanneld has no lease yet")
    options = [f"--bip={found['FLANNEL_SUBNET']}"]
    if masquerade:
        options.append(f"--ip-masq={'false' if found.get('FLANNEL_IPMASQ') == 'true' else 'true'}")
    if "FLANNEL_MTU" in found:
        options.append(f"--mtu={found['FLANNEL_MTU']}")
    return " ".join(options)
