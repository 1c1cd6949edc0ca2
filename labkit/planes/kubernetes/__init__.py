"""Kubernetes: nodes and pods. A pod is a network namespace that its containers share.

The pause container is created first and owns the namespace and so the address; the pod's own containers
join it in Docker's container mode. Which address, route and cable it gets is the node's Docker engine's doing.
"""

from .cluster import Cluster, Pod

__all__ = ["Cluster", "Pod"]
