"""Names and numbers that Docker takes from chance; here each is made from what it stands for.

The same commands give the same ids, interface names and MAC addresses every time.
"""

from hashlib import sha256
from ipaddress import IPv4Address


def long_id(*what) -> str:
    """64 hexadecimal digits, as Docker's ids have; the first 12 are the short id."""
    return sha256("/".join(map(str, what)).encode(errors="surrogatepass")).hexdigest()


def veth_name(*what) -> str:
    """`veth` and seven digits (moby: libnetwork netutils.GenerateIfaceName)."""
    return "veth" + long_id("veth", *what)[:7]


def address_mac(address: IPv4Address) -> str:
    """02:42 and the four bytes of the address: what Docker did up to version 27 (moby bc130f36)."""
    return "02:42:" + address.packed.hex(":")


def bridge_mac(*what) -> str:
    """02:42 and four bytes of chance: a bridge's MAC address, set when it is made."""
    return "02:42:" + bytes.fromhex(long_id("mac", *what)[:8]).hex(":")


def network_id(machine: str, name: str, number: int) -> str:
    return long_id("network", machine, name, number)
