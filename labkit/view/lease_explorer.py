"""LeaseExplorer: nodes that join and leave a flannel network, and what each then writes.

The lab is built anew from the history each time, so taking a step back is playing one step less. A real
flanneld picks by chance among the first hundred free subnets; here the first is taken, or the one typed.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from ..errors import LabError
from ..front import Lab
from ..lab import bridges, links
from ..lab.lab import written
from ..planes.etcd import Etcd
from ..planes.flannel import Flanneld, Registry, exactly, lowest
from .explorer import Explorer, PictureBox, button, choice, offer, text_field
from .svg import sheet, text, wrapped

BACKENDS = ("udp", "vxlan", "host-gw")
CONFIG = '{{"Network": "10.20.0.0/16", "Backend": {{"Type": "{}"}}}}'
MOST_NODES = 6


@dataclass(frozen=True, slots=True)
class Act:
    """A node joined (with a subnet typed, or "" for the first free one) or left."""

    kind: str
    node: str
    subnet: str = ""


class Leasing:
    """The nodes of a network and their leases; after a LabError its caller puts back what there was."""

    def __init__(self, config: str | None = None, nodes: int = 0):
        self.messages: dict[str, str] = {}
        self.config = self._first = config if config is not None else CONFIG.format("udp")
        self._nodes = nodes
        self.reset()

    # --- what is done ---------------------------------------------------------------------------

    def join(self, subnet: str = "") -> None:
        """The next node joins."""
        if len(self.joined()) >= MOST_NODES:
            raise LabError(f"{MOST_NODES} nodes are all this picture has room for: let one leave first")
        here = {act.node for act in self.acts}
        name = next(f"node{n}" for n in range(1, len(here) + 2) if f"node{n}" not in here)
        self._play([*self.acts, Act("join", name, subnet.strip())])

    def leave(self, node: str) -> None:
        """A node goes, and gives its lease back."""
        if node in self.joined():
            self._play([*self.acts, Act("leave", node)])

    def set_config(self, config: str) -> None:
        """Another network config, as typed: the same nodes join and leave again."""
        self.config = config
        self._play(self.acts)

    def back(self) -> None:
        self._play(self.acts[:-1])

    def reset(self) -> None:
        """The config and the nodes as at the start."""
        self.messages, self.config = {}, self._first
        self._play([])
        for _ in range(self._nodes):
            self.join()

    # --- the lab behind it ----------------------------------------------------------------------

    def _play(self, acts: list[Act]) -> None:
        self.lab = Lab("etcd", "lan")
        self.registry = Registry(Etcd(self.lab, "etcd").store)
        self.registry.store.put(f"{self.registry.prefix}/config", self.config)
        self.registry.config()
        links.create(self.lab, self.lab["lan"], "br0", "bridge")
        self.daemons: dict[str, Flanneld] = {}
        self.acts = []
        for act in acts:
            if act.kind == "join":
                self.daemons[act.node] = self._start(act)
            else:
                daemon = self.daemons.pop(act.node)
                daemon.stop()
                self.registry.release(daemon.lease)
            self.acts = [*self.acts, act]

    def _start(self, act: Act) -> Flanneld:
        """A machine on the LAN, and flanneld on it."""
        self.lab.add_machine(act.node)
        number = act.node.removeprefix("node")
        node, lan = self.lab[act.node], self.lab["lan"]
        links.create(self.lab, node, "eth0", "veth", peer_name=act.node, peer_ns=lan)
        bridges.set_master(self.lab, lan, lan.find(act.node), "br0")
        links.set_up(self.lab, lan, lan.find(act.node), True)
        for line in (f"ip addr add 192.168.138.{220 + int(number)}/20 dev eth0", "ip link set eth0 up"):
            self.lab.sh(line, on=act.node)
        return Flanneld(self.lab, act.node, self.registry, dev="eth0", choose=exactly(act.subnet) if act.subnet else lowest)

    # --- what there is --------------------------------------------------------------------------

    def joined(self) -> list[str]:
        return list(self.daemons)

    def entries(self) -> list[tuple[str, str]]:
        """The leases as etcd keeps them: key and value."""
        return [(entry.key, entry.value) for entry in self.registry.store.under(f"{self.registry.prefix}/subnets/")]

    def lines(self, node: str) -> list[str]:
        """What flanneld on a node wrote, as the commands that would write it; for udp its own table too."""
        commands = dict.fromkeys(
            w.origin.command for w in written(self.lab[node])
            if w.origin.who == "flanneld" and "table local" not in w.line and w.line[:3] != "-t "
        )
        programs = self.lab[node].programs.values()
        return [*commands, *(f"(in flanneld) {entry}" for program in programs for entry in program.entries)]

    def text(self) -> str:
        lines = [f"flannel, {self.config}"]
        lines += [f"  {key} {value}" for key, value in self.entries()] or ["  no lease yet"]
        for node in self.joined():
            lines += [f"{node}: {self.daemons[node].lease.subnet}", *(f"  {line}" for line in self.lines(node))]
        return "\n".join([*lines, self.prospect()])

    def prospect(self) -> str:
        """What the next node would choose from, in a sentence."""
        free = self.registry.free()
        return f"the next node chooses from {len(free)} subnets: {free[0]} … {free[-1]}" if free else "out of subnets"

    def svg(self) -> str:
        """A box for etcd with its keys, one for each node with its lines."""
        groups = [("etcd", [f"{key} = {value}" for key, value in self.entries()] or ["no lease yet"], "bridge")]
        for node in self.joined():
            lease = self.daemons[node].lease
            groups.append((f"{node} {lease.public_ip} has {lease.subnet}", self.lines(node) or ["nothing to write"], "namespace"))
        body, y = [], 8
        for name, lines, css in groups:
            told = [piece for line in lines for piece in wrapped(line, 106)]
            height = 26 + 15 * len(told)
            body.append(f'<rect class="{css}" x="8" y="{y}" width="744" height="{height}" rx="6"/>')
            body.append(text("name", 18, y + 16, name))
            body += [text("soft", 28, y + 33 + 15 * i, line) for i, line in enumerate(told)]
            y += height + 8
        body.append(text("name", 18, y + 12, self.prospect()))
        return sheet(760, y + 22, f"{len(self.joined())} flannel nodes and their leases", self.text(), body)


NOBODY = "(nobody)"


class LeaseExplorer(Explorer):
    """A flannel network of its own, empty at first. config: the JSON document an operator stores.

    Raises BadInput when the config does not parse.
    """

    def __init__(self, config: str | None = None, nodes: int = 2):
        model = Leasing(config, nodes)
        self.backend = choice("Backend", BACKENDS, model.registry.config().backend)
        self.config = text_field("Config", model.config)
        self.subnet = text_field("Subnet", "", "empty: the first free one")
        self.leaver = choice("Node", [NOBODY], NOBODY)
        self.config.control.layout.width = "560px"
        self.picture = PictureBox()
        wrap = widgets.Layout(flex_flow="row wrap")
        joins = widgets.HBox([self.subnet, button("A node joins", self._join)], layout=wrap)
        leaves = widgets.HBox([self.leaver, button("It leaves", self._leave)], layout=wrap)
        again = widgets.HBox([button("Take back", self._back), button("Reset", self._reset)], layout=wrap)
        fields = {"backend": self.backend, "config": self.config, "subnet": self.subnet, "leaver": self.leaver}
        super().__init__(model, fields, [widgets.HBox([self.backend, self.config], layout=wrap), joins, leaves, again, self.picture])
        self.watch("backend", lambda name: setattr(self.config.control, "value", CONFIG.format(name)))
        self.watch("config", model.set_config)

    def _join(self) -> None:
        self.act("subnet", self._join_as_typed)

    def _join_as_typed(self) -> None:
        self.model.join(self.subnet.control.value)
        self.subnet.control.value = ""

    def _leave(self) -> None:
        self.act("leaver", self.model.leave, self.leaver.control.value)

    def _back(self) -> None:
        self.act("subnet", self.model.back)

    def _reset(self) -> None:
        if self.act("subnet", self.model.reset):
            start = {"backend": self.model.registry.config().backend, "config": self.model.config, "subnet": ""}
            for name, value in start.items():
                self.quietly(setattr, self.fields[name].control, "value", value)

    def draw(self) -> None:
        there = self.model.joined() or [NOBODY]
        offer(self.leaver, there, self.leaver.control.value if self.leaver.control.value in there else there[0])
        self.picture.show(self.model.svg())
