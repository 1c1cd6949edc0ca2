"""What a kubelet tells the API server of a pod: its phase, addresses, conditions, and the state of each container.

kubernetes: pkg/kubelet/kubelet_pods.go, status/generate.go; the order of conditions as recorded.
"""

from .cni import digest
from .sandbox import Running, Sandbox


def of(pod: dict, node_address: str, sandbox: Sandbox | None, now: float, waiting: str = "ContainerCreating") -> dict:
    """The status of a pod, with or (while it has no network) without a sandbox."""
    before = pod.get("status", {})
    ready = sandbox is not None and sandbox.ready
    begun = sandbox is not None and any(one.started or one.state == "running" for one in sandbox.containers)
    status = {
        "phase": "Running" if begun else "Pending",
        "hostIP": node_address, "hostIPs": [{"ip": node_address}], "startTime": before.get("startTime", now), "qosClass": "BestEffort",
        "conditions": _conditions(before, sandbox is not None, ready, now),
        "containerStatuses": [_container(one, sandbox, waiting, pod["metadata"]["uid"]) for one in pod["spec"]["containers"]],
    }  # fmt: skip
    if sandbox is not None:
        address = str(sandbox.address)
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    if sandbox is not None and all(one.state == "running" for one in sandbox.containers):
        status["phase"] = "Running"
    return status


def _conditions(before: dict, sandboxed: bool, ready: bool, now: float) -> list[dict]:
    old = {one["type"]: one for one in before.get("conditions", [])}
    found = []
    for kind, holds in (("PodReadyToStartContainers", sandboxed), ("Initialized", True), ("Ready", ready), ("ContainersReady", ready),
                        ("PodScheduled", True)):  # fmt: skip
        word = "True" if holds else "False"
        since = old[kind]["lastTransitionTime"] if kind in old and old[kind]["status"] == word else now
        found.append({"type": kind, "status": word, "lastProbeTime": None, "lastTransitionTime": since})
        if not holds and kind in ("Ready", "ContainersReady"):
            found[-1] |= {"reason": "ContainersNotReady"}
    return found


def _container(spec: dict, sandbox: Sandbox | None, waiting: str, uid: str) -> dict:
    one = sandbox.container(spec["name"]) if sandbox is not None else None
    if one is None:
        state, ready, restarts = {"waiting": {"reason": waiting}}, False, 0
    else:
        state, ready, restarts = _state(one), one.state == "running" and one.ready, one.restarts
    found = {"name": spec["name"], "image": spec["image"], "ready": ready, "started": one is not None and one.state == "running",
             "restartCount": restarts, "state": state, "lastState": {}, "imageID": ""}  # fmt: skip
    if spec.get("volumeMounts"):
        found["volumeMounts"] = [
            {**mount, "recursiveReadOnly": "Disabled"} if mount.get("readOnly") else mount for mount in spec["volumeMounts"]
        ]
    if one is not None and (one.state in ("running", "terminated") or restarts):
        found |= {"image": spec["image"] if "/" in spec["image"].partition("/")[2] else f"docker.io/{spec['image']}",
                  "containerID": f"containerd://{digest('container', uid, spec['name'], restarts)}",
                  "imageID": f"sha256:{digest('image', spec['image'])}"}  # fmt: skip
    if one is not None and restarts:
        found["lastState"] = {"terminated": _ended(one)}
    return found


def _state(one: Running) -> dict:
    if one.state == "running":
        return {"running": {"startedAt": one.started}}
    if one.state == "terminated":
        return {"terminated": _ended(one)}
    return {"waiting": {"reason": one.reason}}


def _ended(one: Running) -> dict:
    reason = "Error" if one.exit_code else "Completed"
    return {"reason": reason, "exitCode": one.exit_code, "startedAt": one.started, "finishedAt": one.ended}
