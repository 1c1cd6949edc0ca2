"""What of a lab is carried over into a real one: what somebody wrote; and what packets taught it is not."""

from ..lab.connections import Connections
from ..lab.lab import Lab
from ..tables.fdb import FdbEntry
from ..tables.neighbor import Neighbor


def written(entry: Neighbor | FdbEntry) -> bool:
    """Whether somebody wrote an entry."""
    if isinstance(entry, FdbEntry):
        return entry.state != ""
    return entry.state in ("PERMANENT", "NOARP") or entry.origin.who != "kernel" and entry.state != "INCOMPLETE"


def cold(lab: Lab) -> Lab:
    """A copy that is as a realized lab begins."""
    made = lab.copy()
    made.unresolved.clear()
    for ns in made.namespaces.values():
        ns.neighbors = {key: entry for key, entry in ns.neighbors.items() if written(entry)}
        ns.learned, ns.redirects_sent = {}, {}
        if ns.netfilter is not None:
            ns.netfilter.connections, ns.netfilter.recent = Connections(), {}
        for holder in (kind for interface in ns.by_index() for kind in (interface.bridge, interface.vxlan) if kind is not None):
            holder.fdb.discard(lambda entry: not written(entry))
    return made
