"""The fields an object may have, and what of a manifest does not fit them (apimachinery: strict decoding; the types: k8s.io/api).

One line a type: its name, then its fields. `name` alone is a string; `:int`, `:bool`; `:port` a number or a name; `:{}` strings by
name; `:[]` a list of strings; `:T` and `:[T]` another type of the table; `:*` anything, in which the lab looks no further. `*` alone: a
type with fields of any name.
"""

from copy import deepcopy
from functools import cache

from .refusal import Refused

_TYPES = """
ObjectMeta name generateName namespace labels:{} annotations:{} uid resourceVersion creationTimestamp:* deletionTimestamp:*
  generation:int selfLink
  deletionGracePeriodSeconds:int finalizers:[] ownerReferences:[OwnerReference] managedFields:*
OwnerReference apiVersion kind name uid controller:bool blockOwnerDeletion:bool
Service apiVersion kind metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus
ServiceSpec ports:[ServicePort] selector:{} clusterIP clusterIPs:[] type externalIPs:[] sessionAffinity loadBalancerIP
  loadBalancerSourceRanges:[] externalName externalTrafficPolicy healthCheckNodePort:int publishNotReadyAddresses:bool
  sessionAffinityConfig:SessionAffinityConfig ipFamilies:[] ipFamilyPolicy allocateLoadBalancerNodePorts:bool loadBalancerClass
  internalTrafficPolicy trafficDistribution
ServicePort name protocol appProtocol port:int targetPort:port nodePort:int
SessionAffinityConfig clientIP:ClientIPConfig
ClientIPConfig timeoutSeconds:int
Pod apiVersion kind metadata:ObjectMeta spec:PodSpec status:PodStatus
PodSpec volumes:[Volume] initContainers:[Container] containers:[Container] ephemeralContainers:* restartPolicy
  terminationGracePeriodSeconds:int activeDeadlineSeconds:int dnsPolicy nodeSelector:{} serviceAccountName serviceAccount
  automountServiceAccountToken:bool nodeName hostNetwork:bool hostPID:bool hostIPC:bool shareProcessNamespace:bool securityContext:*
  imagePullSecrets:* hostname subdomain affinity:* schedulerName tolerations:[Toleration] hostAliases:[HostAlias] priorityClassName
  priority:int
  dnsConfig:PodDNSConfig readinessGates:* runtimeClassName enableServiceLinks:bool preemptionPolicy overhead:*
  topologySpreadConstraints:* setHostnameAsFQDN:bool os:* hostUsers:bool schedulingGates:* resourceClaims:* resources:*
HostAlias ip hostnames:[]
PodDNSConfig nameservers:[] searches:[] options:[PodDNSConfigOption]
PodDNSConfigOption name value
Container name image command:[] args:[] workingDir ports:[ContainerPort] envFrom:* env:[EnvVar] resources:* resizePolicy:* restartPolicy
  volumeMounts:[VolumeMount] volumeDevices:* livenessProbe:Probe readinessProbe:Probe startupProbe:Probe lifecycle:*
  terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext:* stdin:bool stdinOnce:bool tty:bool
ContainerPort name hostPort:int containerPort:int protocol hostIP
EnvVar name value valueFrom:*
VolumeMount name readOnly:bool recursiveReadOnly mountPath subPath mountPropagation subPathExpr
Probe exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:* initialDelaySeconds:int timeoutSeconds:int periodSeconds:int
  successThreshold:int failureThreshold:int terminationGracePeriodSeconds:int
ExecAction command:[]
HTTPGetAction path port:port host scheme httpHeaders:*
TCPSocketAction port:port host
Volume name hostPath:HostPath emptyDir:EmptyDir configMap:* secret:* projected:* downwardAPI:* persistentVolumeClaim:* nfs:* csi:*
  ephemeral:* image:*
HostPath path type
EmptyDir medium sizeLimit:*
Toleration key operator value effect tolerationSeconds:int
ObjectReference kind namespace name uid apiVersion resourceVersion fieldPath
DeploymentStrategy type rollingUpdate:RollingUpdate
RollingUpdate maxUnavailable:port maxSurge:port
Node apiVersion kind metadata:ObjectMeta spec:NodeSpec status:NodeStatus
NodeSpec podCIDR podCIDRs:[] providerID unschedulable:bool taints:[Taint] configSource:* externalID
Taint key value effect timeAdded:*
Namespace apiVersion kind metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus
NamespaceSpec finalizers:[]
Endpoints apiVersion kind metadata:ObjectMeta subsets:[EndpointSubset]
EndpointSubset addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] ports:[EndpointPort]
EndpointAddress ip hostname nodeName targetRef:ObjectReference
EndpointPort name port:int protocol appProtocol
EndpointSlice apiVersion kind metadata:ObjectMeta addressType endpoints:[Endpoint] ports:[EndpointPort]
Endpoint addresses:[] conditions:EndpointConditions hostname targetRef:ObjectReference deprecatedTopology:{} nodeName zone hints:*
EndpointConditions ready:bool serving:bool terminating:bool
LabelSelector matchLabels:{} matchExpressions:[LabelSelectorRequirement]
LabelSelectorRequirement key operator values:[]
PodTemplateSpec metadata:ObjectMeta spec:PodSpec
Deployment apiVersion kind metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentSpec replicas:int selector:LabelSelector template:PodTemplateSpec strategy:DeploymentStrategy minReadySeconds:int
  revisionHistoryLimit:int
  paused:bool progressDeadlineSeconds:int
ReplicaSet apiVersion kind metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetSpec replicas:int minReadySeconds:int selector:LabelSelector template:PodTemplateSpec
ServiceStatus *
PodStatus *
NodeStatus *
NamespaceStatus *
DeploymentStatus *
ReplicaSetStatus *
"""
#: What a JSON value is called by Go's decoder.
_JSON = ((bool, "bool"), (str, "string"), (int, "number"), (float, "number"), (list, "array"), (dict, "object"))
_KINDS = ((bool, "bool"), (str, "string"), (int, "int64"), (float, "float64"), (list, "slice"), (dict, "map"))
_GO = {"": "string", "int": "int32", "bool": "bool"}
#: Numbers of eight bytes, where int32 is the rule.
_INT64 = {"terminationGracePeriodSeconds", "activeDeadlineSeconds", "generation", "deletionGracePeriodSeconds"}
_PACKAGE = {"ObjectMeta": "v1", "LabelSelector": "v1", "OwnerReference": "v1"}


@cache
def types() -> dict[str, dict[str, str]]:
    joined = _TYPES.replace("\n  ", " ").strip().splitlines()
    return {head: dict(field.partition(":")[::2] for field in fields) for head, *fields in map(str.split, joined)}


def check(manifest: dict) -> dict:
    """The object without the fields that are null; Refused, as BadRequest, when a field is unknown or holds what does not fit."""
    kind, version = manifest["kind"], manifest["apiVersion"]
    unknown, misfit = faults(manifest)
    if unknown or misfit:
        says = str(misfit) if misfit else f"strict decoding error: {', '.join(unknown)}"
        version = version.rpartition("/")[2]
        raise Refused(f'{kind} in version "{version}" cannot be handled as a {kind}: {says}', "BadRequest")
    return _present(manifest, kind)


def faults(manifest: dict) -> "tuple[list[str], Misfit | None]":
    """The unknown fields, each in a sentence, and the first value that does not fit."""
    unknown: list[str] = []
    try:
        _struct(manifest, manifest["kind"], "", unknown)
    except Misfit as error:
        return unknown, error
    return unknown, None


def known(one: dict) -> dict:
    """An object without the fields that its kind does not have, as a server leaves them out that only warns of them."""
    return _known(one, one["kind"])


def _known(value, of: str):
    if of.startswith("[") and isinstance(value, list):
        return [_known(one, of[1:-1]) for one in value]
    fields = types().get(of)
    if fields is None or not isinstance(value, dict):
        return value
    return {key: _known(inner, fields.get(key, "*")) for key, inner in value.items() if key in fields or "*" in fields}


def _present(value: dict, of: str) -> dict:
    """What Go has of it: a null in a list is an empty value, a field that is null is not there."""
    fields, made = types()[of], {}
    for key, inner in value.items():
        form = fields.get(key, "*")
        if form.startswith("[") and inner is not None:
            empty = {} if form[1:-1] in types() else ""
            inner = [empty if one is None else one for one in inner]
            inner = [_present(one, form[1:-1]) for one in inner] if form[1:-1] in types() else inner
        elif form in types() and inner is not None:
            inner = _present(inner, form)
        elif form == "{}" and inner is not None:
            inner = {name: one or "" for name, one in inner.items()}
        if inner is not None:
            made[key] = deepcopy(inner)
    return made


class Misfit(Exception):
    """A value where another form belongs, in the words of the decoder that reads what is new (encoding/json)."""

    def __init__(self, value, form: str, of: str, go_path: str):
        self.value, self.form, self.of, self.go_path = value, form, of, go_path
        super().__init__(misfit(value, form, of, go_path))

    @property
    def converting(self) -> str:
        """In the words of the one that reads what has been patched (apimachinery: pkg/runtime/converter.go)."""
        found = next(name for kind, name in _KINDS if isinstance(self.value, kind))
        if self.form.startswith("["):
            return f"cannot restore slice from {found}"
        if self.form == "{}" or self.form in types():
            return f"cannot restore map from {found}" if self.form == "{}" else f"cannot restore struct from: {found}"
        wanted = _type_of(self.form, self.go_path)
        if (found, wanted) == ("int64", "string") or found in ("int64", "float64") and self.form == "int":
            return f"cannot convert {found} to {wanted}"
        return f"unrecognized type: {wanted}"


def _struct(value: dict, of: str, path: str, unknown: list[str]) -> None:
    fields = types()[of]
    for key, inner in value.items():
        here = f"{path}.{key}" if path else key
        if key not in fields and "*" not in fields:
            unknown.append(f'unknown field "{here}"')
        elif inner is not None:
            _value(inner, fields.get(key, "*"), here, of, _go(path, key), unknown)


def _go(path: str, key: str) -> str:
    """A path as Go's decoder names it: without indexes."""
    bare = "".join(part.partition("[")[0] + "." for part in path.split(".")) if path else ""
    return f"{bare}{key}"


def _value(value, form: str, path: str, of: str, go_path: str, unknown: list[str]) -> None:
    is_list = form.startswith("[")
    wanted = {"[": list, "{": dict}.get(form[:1]) or {"": str, "int": int, "bool": bool, "port": (int, str), "*": object}.get(form, dict)
    if not isinstance(value, wanted) or (isinstance(value, bool) and form in ("int", "port")):
        raise Misfit(value, form, of, go_path)
    if form == "int" and not -(2**31) <= value < 2**31:
        raise Misfit(value, form, of, go_path)
    if is_list:
        for at, one in enumerate(value):
            if one is not None:
                _value(one, form[1:-1], f"{path}[{at}]", of, go_path, unknown)
    elif form == "{}":
        for one in value.values():
            if one is not None and not isinstance(one, str):
                raise Misfit(one, "", of, go_path)
    elif form in types():
        _struct(value, form, path, unknown)


def _type_of(form: str, go_path: str) -> str:
    key = go_path.rpartition(".")[2]
    if form == "int":
        return "int64" if key in _INT64 else "int32"
    if form.startswith("["):
        return f"[]{_type_of(form[1:-1], '')}"
    return {"{}": "map[string]string", "port": "intstr.IntOrString"}.get(form) or _GO.get(form) or f"{_PACKAGE.get(form, 'v1')}.{form}"


def misfit(value, form: str, of: str, go_path: str) -> str:
    found = form_of(value)
    if form == "int" and found == "number":
        found = f"number {value}"
    return f"json: cannot unmarshal {found} into Go struct field {of}.{go_path} of type {_type_of(form, go_path)}"


def form_of(value) -> str:
    """What encoding/json calls it."""
    return "null" if value is None else next(name for kind, name in _JSON if isinstance(value, kind))
