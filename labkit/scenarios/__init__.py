"""Ready labs by name: `labkit.scenarios.seed_cluster()`. Each is a function in a file of its own.

Each returns a new lab whose `probes` list the (source namespace, destination address) pairs it is about.
"""

from .docker_host import docker_host
from .flannel import flannel
from .same_node import same_node
from .seed_cluster import seed_cluster
from .veth_pair import veth_pair

__all__ = ["veth_pair", "same_node", "docker_host", "flannel", "seed_cluster"]


def __getattr__(name: str):
    raise AttributeError(f"there is no scenario {name!r}; there are: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)
