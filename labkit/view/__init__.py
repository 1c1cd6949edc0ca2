"""What a person looks at: pictures, text beside them, and controls to change things with.

One scene is computed from a lab and a trace (scene, layout, contents, overlay) and drawn as SVG. The only room that
imports ipywidgets and IPython, and for one plot matplotlib.
"""

from importlib import import_module

_LATER = {
    "show": ".picture", "TraceExplorer": ".trace_explorer", "RouteExplorer": ".route_explorer",
    "BridgeExplorer": ".bridge_explorer", "LeaseExplorer": ".lease_explorer", "EncapExplorer": ".encap_explorer",
    "ChainExplorer": ".chain_explorer", "ServiceExplorer": ".service_explorer", "Growth": ".growth",
}  # fmt: skip


def __getattr__(name: str):
    if name not in _LATER:
        raise AttributeError(f"labkit.view has no {name!r}; it has: {', '.join(_LATER)}")
    found = getattr(import_module(_LATER[name], __name__), name)
    globals()[name] = found  # importing put the module show there, under the same name
    return found
