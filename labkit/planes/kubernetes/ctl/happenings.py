"""What happened to objects: Events that are kept, and what the kubelets tell of their pods, as Event objects (core/v1 Event).

The same thing told again counts up and keeps its first time (client-go: tools/record/events_cache.go).
"""

from ..pod_rules import suffix


def events(api) -> list[dict]:
    """Oldest first."""
    kept = api.list("Event")
    return kept + [
        one for daemon in api.lab.daemons.values() if daemon.name == "kubelet" and hasattr(daemon, "pods") for one in _told(api, daemon)
    ]


def _told(api, kubelet) -> list[dict]:
    found: dict[tuple, dict] = {}
    for number, (at, key, kind, reason, message) in enumerate(kubelet.events):
        pod = api.get("Pod", key[1], key[0])
        if pod is None or at < _made(pod):
            continue
        # Of a pod's containers each has its own: an image is pulled just before its container is created.
        after = kubelet.events[number + 1][4] if reason == "Pulled" and number + 1 < len(kubelet.events) else ""
        same = key, kind, reason, message, after
        if same in found:
            found[same] |= {"count": found[same]["count"] + 1, "lastTimestamp": at}
            continue
        namespace, name = key
        about = {"apiVersion": "v1", "kind": "Pod", "name": name, "namespace": namespace, "uid": pod["metadata"]["uid"]}
        found[same] = {
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.{suffix(reason + message)}", "namespace": namespace,
                "creationTimestamp": at},
            "involvedObject": about, "reason": reason, "message": message, "type": kind, "count": 1, "firstTimestamp": at,
            "lastTimestamp": at,
            "source": {"component": "kubelet", "host": kubelet.machine},
        }  # fmt: skip
    return list(found.values())


def _made(pod: dict) -> float:
    made = pod["metadata"].get("creationTimestamp")
    return made if isinstance(made, (int, float)) else 0.0
