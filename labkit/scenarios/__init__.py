"""Ready labs by name: `labkit.scenarios.seed_cluster()`. Each is a function of its own file, loaded when asked for.

Each returns a new lab whose `probes` list the (source namespace, destination address) pairs it is about.
"""

from importlib import import_module

_NAMES = ("veth_pair", "same_node", "docker_host", "flannel", "seed_cluster")
__all__ = list(_NAMES)


def __getattr__(name: str):
    if name not in _NAMES:
        raise AttributeError(f"there is no scenario {name!r}; there are: {', '.join(_NAMES)}")
    scenario = getattr(import_module(f".{name}", __name__), name)
    globals()[name] = scenario  # importing put the module itself there
    return scenario


def __dir__() -> list[str]:
    return sorted(_NAMES)
