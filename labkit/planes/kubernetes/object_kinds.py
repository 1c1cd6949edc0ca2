"""The kinds of objects a cluster has: how each is called in a manifest and on a command line (kubectl api-resources).

The lab keeps those with a schema; of the others it knows the names, so that a command that is right is not called wrong.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    plural: str
    short: str
    version: str
    namespaced: bool
    kept: bool

    @property
    def group(self) -> str:
        return self.version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """As the server names it in a message: deployments.apps."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        return self.name.lower()

    @property
    def printed(self) -> str:
        """As kubectl prints it before a name: deployment.apps."""
        return f"{self.singular}.{self.group}" if self.group else self.singular


#: plural, short name ("-": none), version, whether it is in a namespace, kind; "*" behind it: the lab keeps it.
_TABLE = """
bindings - v1 true Binding
componentstatuses cs v1 false ComponentStatus
configmaps cm v1 true ConfigMap
endpoints ep v1 true Endpoints*
events ev v1 true Event*
limitranges limits v1 true LimitRange
namespaces ns v1 false Namespace*
nodes no v1 false Node*
persistentvolumeclaims pvc v1 true PersistentVolumeClaim
persistentvolumes pv v1 false PersistentVolume
pods po v1 true Pod*
podtemplates - v1 true PodTemplate
replicationcontrollers rc v1 true ReplicationController
resourcequotas quota v1 true ResourceQuota
secrets - v1 true Secret
serviceaccounts sa v1 true ServiceAccount
services svc v1 true Service*
daemonsets ds apps/v1 true DaemonSet
deployments deploy apps/v1 true Deployment*
replicasets rs apps/v1 true ReplicaSet*
statefulsets sts apps/v1 true StatefulSet
cronjobs cj batch/v1 true CronJob
jobs - batch/v1 true Job
leases - coordination.k8s.io/v1 true Lease
endpointslices - discovery.k8s.io/v1 true EndpointSlice*
ingresses ing networking.k8s.io/v1 true Ingress
networkpolicies netpol networking.k8s.io/v1 true NetworkPolicy
"""


def _read(line: str) -> Kind:
    plural, short, version, namespaced, name = line.split()
    return Kind(name.rstrip("*"), plural, short.strip("-"), version, namespaced == "true", name.endswith("*"))


KINDS = {kind.name: kind for kind in map(_read, _TABLE.strip().splitlines())}
#: What `get all` shows, in its order.
ALL = ("Pod", "Service", "Deployment", "ReplicaSet")


@cache
def find(word: str) -> Kind | None:
    """By any name that a command line may use: pods, pod, po, Pod, deployments.apps, deployment.v1.apps."""
    word, _, group = word.lower().partition(".")
    version, _, rest = group.partition(".")
    group = rest if version == "v1" else group
    return next((kind for kind in KINDS.values() if word in (kind.plural, kind.singular, kind.short) and group in ("", kind.group)), None)


def kept() -> str:
    """For the lab's sentence: the kinds it keeps."""
    return ", ".join(kind.plural for kind in KINDS.values() if kind.kept)
