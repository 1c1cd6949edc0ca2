"""kube-proxy's own configuration, as far as the iptables mode of the lab heeds it; its keys, nested or not, are those of the real file.

kubernetes: pkg/proxy/apis/config/types.go, pkg/proxy/util/localdetector.go (1.32).
"""

from dataclasses import dataclass

from ...errors import BadInput, shown
from ...tables.values import Value

#: How kube-proxy tells a packet of a local pod.
MODES = ("ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix")
#: Sections of the file whose keys are read as if they stood outside.
_SECTIONS = ("iptables", "detectLocal", "conntrack", "clientConnection")
#: Keys that change nothing that the lab models.
_OTHERS = frozenset(
    "apiVersion kind hostnameOverride bindAddress kubeconfig maxPerCore min minSyncPeriod syncPeriod masqueradeBit healthzBindAddress "
    "metricsBindAddress nodePortAddresses tcpEstablishedTimeout tcpCloseWaitTimeout tcpBeLiberal".split()
)


@dataclass(frozen=True, slots=True)
class ProxyConfig(Value):
    clusterCIDR: str = ""
    detectLocalMode: str = ""
    bridgeInterface: str = ""
    interfaceNamePrefix: str = ""
    masqueradeAll: bool = False
    localhostNodePorts: bool = True
    mode: str = "iptables"

    @classmethod
    def of(cls, keys: dict, pod_network: str) -> "ProxyConfig":
        """From the file's keys; `clusterCIDR` is the pod network where nothing is said."""
        flat = {}
        for key, value in keys.items():
            flat |= value if key in _SECTIONS and isinstance(value, dict) else {key: value}
        known = set(cls.__dataclass_fields__)
        if unknown := next((key for key in flat if key not in known and key not in _OTHERS), None):
            there = ", ".join(sorted(known))
            raise BadInput(f"kube-proxy's configuration has no key {shown(unknown)} that the lab knows; it knows: {there}")
        given = {"clusterCIDR": pod_network} | {key: value for key, value in flat.items() if key in known}
        for key in ("masqueradeAll", "localhostNodePorts"):
            if not isinstance(given.get(key, False), bool):
                raise BadInput(f"kube-proxy's {key} is true or false, not {shown(given[key])}")
        found = cls(**given)
        if found.mode not in ("", "iptables"):
            raise BadInput(f"The lab's kube-proxy has the mode iptables, not {shown(found.mode)}")
        if found.detectLocalMode not in ("", *MODES):
            raise BadInput(f"kube-proxy's detectLocalMode is one of {', '.join(MODES)}, not {shown(found.detectLocalMode)}")
        return found

    def from_pod(self, pod_cidr: str) -> str:
        """The words of a rule that match what comes from a pod of this node; "" where kube-proxy cannot tell."""
        match self.detectLocalMode or "ClusterCIDR":
            case "NodeCIDR":
                return f"-s {pod_cidr}" if pod_cidr else ""
            case "BridgeInterface":
                return f"-i {self.bridgeInterface}" if self.bridgeInterface else ""
            case "InterfaceNamePrefix":
                return f"-i {self.interfaceNamePrefix}+" if self.interfaceNamePrefix else ""
        return f"-s {self.clusterCIDR}" if self.clusterCIDR else ""
