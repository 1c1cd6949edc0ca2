"""labkit: container networks as lines in Linux tables, and packets that follow them.

    import labkit
    lab = labkit.scenarios.veth_pair()
    print(lab.sh("ip route", on="ns1"))
    print(lab.trace("ns1", "192.168.50.2"))
"""

from importlib import import_module

from .errors import LabError

__all__ = ["Docker", "Lab", "LabError", "RouteTable", "kernel", "scenarios"]
__version__ = "0.1.0"

#: Loaded when first asked for: `import labkit` stays instant and needs the standard library alone.
_LATER = {
    "Lab": ("front", "Lab"),
    "RouteTable": ("tables.table", "RouteTable"),
    "Docker": ("planes.docker", "Docker"),
    "scenarios": ("scenarios", None),
    "kernel": ("kernel", None),
}


def __getattr__(name: str):
    if name not in _LATER:
        raise AttributeError(f"labkit has no {name!r}; it has: {', '.join(__all__)}")
    module_name, attribute = _LATER[name]
    module = import_module(f".{module_name}", __name__)
    return getattr(module, attribute) if attribute else module


def load_ipython_extension(ipython) -> None:
    """`%load_ext labkit` adds the cell magic %%lab, and shows a Diff as a table."""
    from .view.magics import load

    load(ipython)


def __dir__() -> list[str]:
    return sorted(__all__)
