"""What every backend needs of the node it writes on: its machine, its uplink, and a way to run commands."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from ...commands.shell import sh
from ...errors import LabError
from ...lab.interface import Interface
from ...lab.lab import Lab
from ...lab.namespace import Namespace
from .config import Version

EXISTS = "RTNETLINK answers: File exists\n"


@dataclass(frozen=True, slots=True)
class Node:
    """`dev` is the uplink, `address` its address, `public_ip` what other nodes are told."""

    lab: Lab
    ns: Namespace
    dev: str
    address: IPv4Address
    public_ip: IPv4Address
    version: Version

    @property
    def uplink(self) -> Interface:
        return self.ns.find(self.dev)

    def run(self, line: str, fine: str = "") -> None:
        """Run a command as flanneld. LabError when it fails, unless with the message that is `fine`."""
        with self.lab.writing("flanneld"):
            result = sh(self.lab, line, self.ns.name)
        if result.returncode and result.stderr != fine:
            raise LabError(f"flanneld on {self.ns.name}: `{line}`: {result.stderr.strip()}")
