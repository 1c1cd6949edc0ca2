"""A bridge with its ports and the stations behind them, and the way of one frame: a Scene."""

from .contents import Chip
from .scene import Mark, Part, Scene, Trail, Wire
from .switching import Switching

_BAR, _PORT, _STATION, _ROW, _TOP = 14.0, 190.0, 360.0, 64.0, 16.0


def bridge_scene(model: Switching) -> Scene:
    """The bridge as a bar at the left, a row for each port."""
    stations = model.stations
    came, left = model.seen("in"), model.seen("out")
    height = _TOP + _ROW * max(len(stations), 1)
    bar = Part("bridge", (model.namespace, model.bridge), _BAR, _TOP, 110, height - _TOP - 10,
               (model.bridge, f"in {model.namespace}"), on_path=bool(model.steps))
    parts, wires, trails, marks = [bar], [], [], []
    for row, station in enumerate(stations):
        y = _TOP + row * _ROW
        port, far = _chip(station, model), Chip("interface", (station.namespace, station.interface), (station.name, station.mac))
        on = station.port in came or station.port in left
        parts.append(Part("interface", port.key, _PORT, y, port.w, port.h, port.lines, port.state, on))
        parts.append(Part("interface", far.key, _STATION, y, far.w, far.h, far.lines, on_path=on))
        middle = y + port.h / 2
        points = ((_STATION, middle), (_PORT + port.w, middle)), ((_PORT, middle), (_BAR + 110, middle))
        wires += [Wire("veth", (port.key, far.key), points[0]), Wire("port", (port.key, bar.key), points[1])]
        if station.port in came:
            trails += [Trail("in", line) for line in points]
        if station.port in left:
            trails += [Trail("out", line[::-1]) for line in points[::-1]]
            marks.append(Mark("arrived", (_STATION + far.w, y)))
    sentences = model.sentences()
    return Scene(
        700, height, f"{model.bridge} and its {len(stations)} ports", model.text(), tuple(parts), tuple(wires), tuple(trails),
        tuple(marks), "; ".join(sentences), bool(left) or None if model.steps else None,
    )


def _chip(station, model: Switching) -> Chip:
    """A port and what is unusual about it."""
    port = model.port(station)
    said = [word for word, on in (("hairpin", port.port.hairpin), ("no learning", not port.port.learning),
                                  ("no flood", not port.port.flood), ("isolated", port.port.isolated)) if on]
    return Chip("interface", (model.namespace, port.name), (port.name, ", ".join(said) or "bridge port"))
