"""An etcd server on one machine, and `etcdctl`, which talks to the one on its own machine.

A server speaks one API, as flannel of its time did: v2 has directories (`ls`), v3 flat keys (`get --prefix`).
Commands, outputs and exit statuses observed on etcd 3.4.23; the long help texts are left out.
"""

from ...commands.result import Context, Failure, Result
from ...errors import BadInput, KernelError, LabError
from ...lab.lab import Lab
from ...lab.sockets import Listener, listen
from . import v2, v3
from .store import Store

#: A new server of its own has used these up for itself (observed).
_FIRST_INDEX = {2: 3, 3: 1}
#: Where clients such as flanneld reach it (etcd: --listen-client-urls).
CLIENTS = Listener("tcp", None, 2379, "etcd")
_SPEAKS = {2: v2.run, 3: v3.run}

_REFUSED_V2 = """\
Error:  client: etcd cluster is unavailable or misconfigured; error #0: dial tcp 127.0.0.1:2379: connect: connection refused
; error #1: dial tcp 127.0.0.1:4001: connect: connection refused

error #0: dial tcp 127.0.0.1:2379: connect: connection refused
error #1: dial tcp 127.0.0.1:4001: connect: connection refused

"""
_REFUSED = {2: Failure(2, _REFUSED_V2), 3: Failure(1, "Error: context deadline exceeded\n")}


class Etcd:
    """etcd on the machine `on`, in place of an earlier one; `api` is 2 or 3. The lab has etcdctl from then on. A Daemon."""

    name, description = "etcd", "Etcd Server"
    command = "/usr/bin/etcd --name=default --data-dir=/var/lib/etcd/default.etcd"

    def __init__(self, lab: Lab, on: str, api: int = 3):
        if api not in _SPEAKS:
            raise BadInput(f"etcd has no API {api!r}: 2 or 3")
        self.lab, self.machine, self.api = lab, lab[on].machine, api
        self.store = Store(lab, _FIRST_INDEX[api])
        self.log: list[str] = []
        self.store.serving = False
        if ("etcd", self.machine) in lab.daemons:
            lab.daemons["etcd", self.machine].stop()
        self.start()
        lab.daemons.add(self)
        lab.commands["etcdctl"] = etcdctl

    @property
    def running(self) -> bool:
        return self.store.serving

    def start(self) -> None:
        if self.running:
            return
        try:
            listen(self.lab[self.machine], CLIENTS)
        except KernelError as error:
            self.log.append(f"listen tcp 0.0.0.0:{CLIENTS.port}: bind: {str(error).lower()}")
            raise LabError(self.log[-1]) from None
        self.store.serve()

    def stop(self) -> None:
        """Nobody is answered, nothing expires; what was kept stays on the disk."""
        self.store.serving = False
        self.lab[self.machine].listeners.discard(CLIENTS)


def etcdctl(ctx: Context, args: list[str]) -> Result:
    """The command: it asks 127.0.0.1, so in another namespace than the server's nobody answers."""
    server = ctx.lab.daemons.get(("etcd", ctx.ns.name))
    if server is None or not server.running:
        raise _REFUSED[(server or next(iter(ctx.lab.services["etcd"].values()))).api]
    return _SPEAKS[server.api](server.store, args)
