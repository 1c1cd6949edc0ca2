"""flannel: a subnet for every node, and a way for the packets between them.

flanneld on each node takes a lease from the registry in etcd, and for every other lease its backend writes
table lines: udp feeds a TUN and a program behind it, vxlan three lines, host-gw one. None of them forwards.
"""

from .config import NOTES, RECORDED, TODAY, Config
from .flanneld import Flanneld
from .registry import Lease, Registry, exactly, lowest

__all__ = ["NOTES", "RECORDED", "TODAY", "Config", "Flanneld", "Lease", "Registry", "exactly", "lowest"]
