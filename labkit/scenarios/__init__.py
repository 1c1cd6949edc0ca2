"""Ready labs by name: `labkit.scenarios.seed_cluster()`.

Each returns a new lab whose `probes` list the (source namespace, destination address) pairs it is about.
"""

from .clusters import flannel, seed_cluster
from .services import cluster
from .single import docker_host, same_node, veth_pair
from .web_pods import web

__all__ = ["veth_pair", "same_node", "docker_host", "flannel", "seed_cluster", "cluster", "web"]


def __getattr__(name: str):
    raise AttributeError(f"there is no scenario {name!r}; there are: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
