"""`kubectl describe node` (kubectl: pkg/describe/describe.go describeNode)."""

from .. import times
from .describing import marks
from .printing import NONE, dig, node_roles

_RESOURCES = ("cpu", "memory", "ephemeral-storage", "hugepages-1Gi", "hugepages-2Mi")


def node(api, one: dict) -> list[str]:
    meta, spec, status = one["metadata"], one.get("spec") or {}, one.get("status") or {}
    lines = [f"Name:\t{meta['name']}", f"Roles:\t{node_roles(one)}", *marks("Labels", meta.get("labels")),
             *marks("Annotations", meta.get("annotations"), True),
             f"CreationTimestamp:\t{times.spoken(meta['creationTimestamp'])}"]  # fmt: skip
    taints = [f"{each['key']}{'=' + each['value'] if each.get('value') else ''}:{each['effect']}" for each in spec.get("taints") or ()] or [
        NONE
    ]
    lines += [("\t" if at else "Taints:\t") + each for at, each in enumerate(taints)]
    lines.append(f"Unschedulable:\t{str(bool(spec.get('unschedulable'))).lower()}")
    lines += _lease(api, one) + _conditions(status.get("conditions") or ())
    lines += ["Addresses:", *(f"  {each['type']}:\t{each['address']}" for each in status.get("addresses") or ())]
    for title, field in (("Capacity", "capacity"), ("Allocatable", "allocatable")):
        if status.get(field):
            lines += [f"{title}:", *(f"  {key}:\t{value}" for key, value in sorted(status[field].items()))]
    lines += _system(status.get("nodeInfo") or {})
    if spec.get("podCIDR"):
        lines += [f"PodCIDR:\t{spec['podCIDR']}", f"PodCIDRs:\t{','.join(spec.get('podCIDRs') or ())}"]
    return lines + _pods(api, meta["name"])


def _lease(api, one: dict) -> list[str]:
    """The kubelet's heartbeat; as old as its newest condition, when no Lease is kept."""
    beats = [each.get("lastHeartbeatTime") for each in dig(one, "status", "conditions") or () if each["type"] == "Ready"]
    renewed = times.spoken(beats[0]) if beats and beats[0] is not None else "<unset>"
    return ["Lease:", f"  HolderIdentity:\t{one['metadata']['name']}", "  AcquireTime:\t<unset>", f"  RenewTime:\t{renewed}"]


def _conditions(known) -> list[str]:
    if not known:
        return []
    rows = [("Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"),
            ("----", "------", "-----------------", "------------------", "------", "-------")]  # fmt: skip
    for each in known:
        moments = [times.spoken(each.get(field) or 0) for field in ("lastHeartbeatTime", "lastTransitionTime")]
        rows.append(
            (
                f"{each['type']} ",
                f"{each['status']} ",
                *(f"{moment} " for moment in moments),
                f"{each.get('reason', '')} ",
                each.get("message", ""),
            )
        )
    return ["Conditions:", *("  " + "\t".join(row) for row in rows)]


def _system(info: dict) -> list[str]:
    rows = (("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"), ("Kernel Version", "kernelVersion"),
            ("OS Image", "osImage"), ("Operating System", "operatingSystem"), ("Architecture", "architecture"),
            ("Container Runtime Version", "containerRuntimeVersion"), ("Kubelet Version", "kubeletVersion"),
            ("Kube-Proxy Version", "kubeProxyVersion"))  # fmt: skip
    return ["System Info:", *(f"  {title}:\t{info.get(field, '')}" for title, field in rows)]


def _pods(api, name: str) -> list[str]:
    """The pods that have not ended, and what they ask for; the lab's ask for nothing."""
    running = [
        pod
        for pod in api.list("Pod")
        if dig(pod, "spec", "nodeName") == name and dig(pod, "status", "phase") not in ("Succeeded", "Failed")
    ]
    lines = [f"Non-terminated Pods:\t({len(running)} in total)"]
    lines += ["  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge"]
    lines += ["  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---"]
    for pod in running:
        meta = pod["metadata"]
        none = "\t".join(["0 (0%)"] * 4)
        lines.append(f"  {meta['namespace']}\t{meta['name']}\t\t{none}\t{times.age(meta['creationTimestamp'], api.lab.now)}")
    lines += [
        "Allocated resources:",
        "  (Total limits may be over 100 percent, i.e., overcommitted.)",
        "  Resource\tRequests\tLimits",
        "  --------\t--------\t------",
    ]
    return lines + [f"  {resource}\t0 (0%)\t0 (0%)" for resource in _RESOURCES]
