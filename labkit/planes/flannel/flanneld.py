"""flanneld on one node: take a lease, set the backend up, follow the leases of the others.

flannel: main.go, pkg/subnet. The talk with etcd itself is not on the lab's wires.
"""

from ...errors import BadInput, LabError
from ...lab.lab import Lab
from ...trace.engine import Net, handles
from . import masquerade, node
from .config import Config
from .hostgw import HostGw
from .registry import RENEW_MARGIN, TTL, Added, Chooser, Registry, Removed, Watch, lowest
from .udp import Udp
from .vxlan import Vxlan

#: Seconds until a lease that could not be renewed is tried again (flannel: subnet.go MonitorLease).
RETRY = 60.0
BACKENDS: dict[str, type[node.Backend]] = {"udp": Udp, "vxlan": Vxlan, "host-gw": HostGw}


class Flanneld:
    """The daemon on the machine `on`, started at once. A Daemon.

    `dev` is the uplink, by default that of the default route. Raises LabError when it cannot start; nothing is left behind in etcd then.
    """

    name, description = "flanneld", "Flanneld overlay address etcd agent"

    def __init__(self, lab: Lab, on: str, registry: Registry, *, dev: str | None = None, public_ip: str | None = None,
                 choose: Chooser = lowest, ip_masq: bool = True):  # fmt: skip
        before = lab.daemons.get((self.name, on))
        if before is not None and before.running:
            raise LabError(f"flanneld runs on {on} already: stop it first")
        self.lab, self.machine, self.registry, self.choose, self.ip_masq = lab, on, registry, choose, ip_masq
        self.command = f"/usr/bin/flanneld {registry.flags}"
        self.running = False
        self.log: list[str] = []
        self._uplink = dev, public_ip
        self.start()
        lab.daemons.add(self)

    def start(self) -> None:
        """Take a lease, write the lines, follow the others. What keeps it from that is in its log too."""
        if self.running:
            return
        try:
            self.node = node.Node.of(self.lab, self.machine, *self._uplink, self.registry.version, self.log)
            config = self.registry.config()
            if config.backend not in BACKENDS:
                known = ", ".join(BACKENDS)
                raise BadInput(f"flannel config: Backend Type {config.backend!r} is not one the lab knows: {known}")
            self.backend = BACKENDS[config.backend](self.node, config)
            try:
                self._join(config)
            except BaseException:
                self.backend.stop()
                raise
        except LabError as error:
            self.log.append(str(error))
            raise

    def _join(self, config: Config) -> None:
        data = self.backend.register()
        before = node.previous(self.env, config.ipv4.network)
        self.lease = self.registry.acquire(self.node.public_ip, config.backend, data, before, self.choose)
        self.backend.configure(self.lease)
        network, subnet = config.ipv4.network, self.lease.subnet
        wanted = list(masquerade.rules(network, subnet, self.node, self.ip_masq))
        old = masquerade.rules(network, before, self.node, self.ip_masq) if before is not None and before != subnet else ()
        masquerade.withdraw(self.node, (rule for rule in old if rule not in wanted))
        masquerade.write(self.node, wanted)
        self.env = node.environment(network, subnet, self.backend.mtu, self.ip_masq, self.lease.offset)
        self.watch = self.registry.watch(self.lease, self._heard, self.stop, self.log)
        self.running = True
        self.lab.post("flannel_renew", self, self.watch, after=TTL - RENEW_MARGIN)

    def stop(self) -> None:
        """The daemon ends. Its lease stays in etcd until it expires."""
        if self.running:
            self.running = False
            self.watch.stop()
            self.backend.stop()

    def renew(self) -> None:
        """A day more."""
        self.lease = self.registry.renew(self.lease)

    @property
    def env(self) -> str:
        """The text of /run/flannel/subnet.env, which stays when flanneld ends; "" when there is none."""
        return node.subnet_env(self.lab, self.machine)

    @env.setter
    def env(self, text: str) -> None:
        node.write_subnet_env(self.lab, self.machine, text)

    @property
    def docker_options(self) -> str:
        """What dockerd on this node is started with."""
        return node.docker_options(self.env)

    def _heard(self, event: Added | Removed) -> None:
        """A lease came or went. What cannot be written goes into the log, as with the real daemon."""
        try:
            if isinstance(event, Added):
                self.backend.added(event.lease)
            else:
                self.backend.removed(event.subnet)
        except LabError as error:
            self.log.append(str(error))


@handles("flannel_renew")
def flannel_renew(net: Net, daemon: Flanneld, watch: Watch) -> None:
    """An hour before the lease ends; not for a daemon that has ended since, or was started again."""
    if not daemon.running or daemon.watch is not watch:
        return
    after = TTL - RENEW_MARGIN
    try:
        daemon.renew()
    except LabError as error:
        daemon.log.append(f"Error renewing lease (trying again in 1 min): {error}")
        after = net.next_look(RETRY, "flannel_renew", "hostgw_check")
    net.post("flannel_renew", daemon, watch, after=after)
