"""ServiceExplorer: a Service's rules on every node side by side, and one connection through them.

A rule counts what it takes, so the rules on a connection's way are those whose counters it moved; what was not there before the last change
is marked. Below stand both tuples of the connection's entry on each machine that tracks it.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from ..errors import BadInput, LabError
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from ..planes.kubernetes.api import Api
from ..planes.kubernetes.proxy import service_ports
from ..planes.kubernetes.proxy_rules import ServicePort
from ..tables.chains import Rule, Spec
from .contents import shortened
from .describe import caption
from .exploration import Exploration
from .explorer import Explorer, Field, PictureBox, button, choice, offer
from .svg import sheet, text, wrapped

CHANCE, NOBODY = "(by chance)", "(nobody)"
POLICIES = ("Cluster", "Local")
#: Chains that all Services share; of these only the rules that name this one are shown.
SHARED = {
    "nat": ("KUBE-SERVICES", "KUBE-NODEPORTS"),
    "filter": ("KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"),
}
COLUMN, ROW, CHARS = 440, 15, 62


@dataclass(frozen=True, slots=True)
class Line:
    """A rule of the Service: where it stands, what it says, whether it took a packet of the connection, whether it is new."""

    chain: str
    words: str
    took: bool = False
    new: bool = False


class ServiceModel(Exploration):
    """An exploration of one port of one Service."""

    def __init__(self, lab: Lab, service: str, source: str | None = None, door: str | None = None):
        names = [daemon.machine for (kind, _), daemon in sorted(getattr(lab, "daemons", {}).items()) if kind == "kube-apiserver"]
        if not names:
            raise BadInput("a ServiceExplorer takes a cluster with Services, such as labkit.scenarios.web()")
        self.master, self.service = names[0], service
        self.before: dict[str, frozenset[str]] = {}
        self.nodes = [machine for kind, machine in lab.daemons if kind == "kube-proxy"]
        first = self._port(lab)
        super().__init__(lab, source, first.address)
        doors = list(self.doors().values())
        if door is not None and door not in doors:
            raise BadInput(f"{service} has no door {door}; it has: {', '.join(doors)}")
        self.question = self._first = self.question_to(door or doors[0])
        self._take(self.lab, [])

    def _port(self, lab: Lab) -> ServicePort:
        api = lab.daemons["kube-apiserver", self.master]
        service = api.get("Service", self.service, "default")
        found = service_ports(service) if service else []
        if not found:
            there = [one["metadata"]["name"] for one in api.list("Service", "default")]
            raise BadInput(f"there is no Service {self.service!r} with an address in the namespace default; there are: {', '.join(there)}")
        return found[0]

    @property
    def port(self) -> ServicePort:
        return self._port(self.lab)

    @property
    def api(self) -> Api:
        return self.lab.daemons["kube-apiserver", self.master]

    @property
    def stopped(self) -> str:
        """The node whose kube-proxy does not run."""
        return next((node for node in self.nodes if not self.lab.daemons["kube-proxy", node].running), NOBODY)

    # --- the question ---------------------------------------------------------------------------

    def question_to(self, door: str, endpoint: str = ""):
        """The question that knocks at a door, an address and a port."""
        to, _, port = door.rpartition(":")
        return type(self.question)(self.question.source, to, self.port.proto.lower(), int(port), endpoint=endpoint)

    @property
    def door(self) -> str:
        return f"{self.question.to}:{self.question.port}"

    def doors(self) -> dict[str, str]:
        """What each way in is called -> its address and port."""
        port = self.port
        found = {f"ClusterIP {port.address}:{port.port}": f"{port.address}:{port.port}"}
        found |= {f"load balancer {ip}:{port.port}": f"{ip}:{port.port}" for ip in port.balancer}
        found |= {f"external IP {ip}:{port.port}": f"{ip}:{port.port}" for ip in port.external}
        for node in self.nodes if port.node_port else ():
            addresses = self.api.get("Node", node)["status"]["addresses"]
            ip = next(one["address"] for one in addresses if one["type"] == "InternalIP")
            found[f"NodePort at {node} {ip}:{port.node_port}"] = f"{ip}:{port.node_port}"
        return found

    def knock(self, door: str) -> None:
        """Ask at another door."""
        self._ask_for(self.question_to(door, self.question.endpoint))

    def pin_to(self, endpoint: str) -> None:
        """Lead every choice to one endpoint; "" leaves it to chance."""
        self._ask_for(self.question_to(self.door, endpoint))

    def _ask_for(self, question) -> None:
        trace = self._ask(self.lab, question)
        self.question, self.trace, self.before = question, trace, {}

    # --- what is changed ------------------------------------------------------------------------

    def pods(self) -> list[str]:
        """Pods that have an address, whoever they serve."""
        return [pod["metadata"]["name"] for pod in self.api.list("Pod", "default")]

    def endpoints(self) -> list[str]:
        """The addresses that a connection may be led to."""
        return [address["ip"] for address in self._addresses()]

    def selected(self) -> list[str]:
        """The pods at these addresses."""
        return [address["targetRef"]["name"] for address in self._addresses() if "targetRef" in address]

    def _addresses(self) -> list[dict]:
        found = self.api.get("Endpoints", self.service, "default") or {}
        return [address for subset in found.get("subsets", ()) for address in subset.get("addresses", ())]

    def selects(self, pod: str, is_selected: bool) -> None:
        """Give a pod the labels that the Service looks for, or take them away: it joins or leaves."""
        selector = self.api.get("Service", self.service, "default")["spec"].get("selector") or {}
        if not selector:
            raise LabError(f"the Service {self.service} selects no pods: somebody else writes its endpoints")
        labels = " ".join(f"{key}={value}" if is_selected else f"{key}-" for key, value in selector.items())
        self._type(self.master, f"kubectl label --overwrite pod {pod} {labels}")

    def policy(self, policy: str) -> None:
        """externalTrafficPolicy."""
        self._type(self.master, f"""kubectl patch svc {self.service} -p '{{"spec":{{"externalTrafficPolicy":"{policy}"}}}}'""")

    def stop(self, node: str) -> None:
        """kube-proxy stops on this node, and runs again wherever it was stopped before."""
        if self.stopped != NOBODY:
            self._type(self.stopped, "systemctl start kube-proxy")
        if node != NOBODY:
            self._type(node, "systemctl stop kube-proxy")

    def _type(self, on: str, line: str) -> None:
        before = {node: frozenset(f"{one.chain} {one.words}" for one in self.lines(node)) for node in self.nodes}
        if not self.edit(on, "", line):
            raise LabError(self.messages.pop("line"))
        self.before = before

    def _take(self, lab: Lab, edits: list) -> None:
        """An endpoint that is no more cannot be asked for."""
        self.lab, self.before = lab, {}
        if self.question.endpoint and self.question.endpoint not in self.endpoints():
            self.question = self.question_to(self.door)
        super()._take(lab, edits)

    # --- what there is --------------------------------------------------------------------------

    def lines(self, node: str) -> list[Line]:
        """The Service's rules on a node, in the order in which a packet may meet them."""
        before = self.before.get(node)
        return [
            Line(chain, words, took, before is not None and f"{chain} {words}" not in before)
            for chain, words, took in _told(self.lab[node], self.after[node], self.port)
        ]

    def tuples(self) -> list[str]:
        """Of each machine that tracks the connection: what was sent, and what it expects as the answer."""
        found = []
        for name, ns in self.after.namespaces.items():
            if ns.netfilter is None:
                continue
            known = self.lab[name].netfilter.connections.by_tuple if name in self.lab.namespaces else {}
            for one in ns.netfilter.connections.all(self.after.now):
                if one.original not in known and one.original.proto == self.question.proto:
                    found.append(f"{name}: sent {_ends(one.original)}, answer {_ends(one.reply)}")
        return found

    def text(self) -> str:
        rows = [f"{self.trace.title}:"]
        for node in self.nodes:
            rows.append(f"{node}, rules of {self.port.title}:")
            rows += [f"  {'✓' if one.took else ' '} {one.chain}: {one.words}{'  (new)' if one.new else ''}" for one in self.lines(node)]
        return "\n".join([*rows, *self.tuples(), f"=> {caption(self.trace)}"])

    def svg(self) -> str:
        columns = [self._column(8 + at * COLUMN, node) for at, node in enumerate(self.nodes)]
        body = [piece for pieces, _ in columns for piece in pieces]
        width, y = 8 + COLUMN * len(self.nodes), max(bottom for _, bottom in columns) + 12
        most = int((width - 24) / 6.7)
        body.append(text("name", 8, y, "Both tuples of the connection's entry"))
        told = [piece for line in self.tuples() or ["no machine tracks it"] for piece in wrapped(line, most)]
        body += [text("", 18, y + ROW * (at + 1), line) for at, line in enumerate(told)]
        y += ROW * (len(told) + 1) + 8
        good = self.trace.verdict.ok
        for line in wrapped(f"{'✓' if good else '✗'} {caption(self.trace)}", most):
            body.append(text("name" if good else "bad", 8, y, line))
            y += ROW
        return sheet(width, y, self.trace.title, self.text(), body)

    def _column(self, x: float, node: str) -> tuple[list[str], float]:
        stopped = "" if self.lab.daemons["kube-proxy", node].running else ", kube-proxy stopped"
        body, y, chain = [text("name", x, 16, f"{node}{stopped}")], 34.0, ""
        for one in self.lines(node):
            if one.chain != chain:
                chain = one.chain
                body.append(text("soft", x, y, chain))
                y += ROW
            said = wrapped(one.words, CHARS - 7)
            if one.new:
                size = f'width="{COLUMN - 14}" height="{ROW * len(said) - 1}"'
                body.append(f'<rect class="bridge on" x="{x + 2}" y="{y - 11}" {size} rx="3"/>')
                body.append(text("key", x + COLUMN - 36, y, "new"))
            body.append(text("name", x + 6, y, "✓" if one.took else "·"))
            body += [text("name" if one.took else "", x + 20, y + ROW * at, shortened(line, CHARS)) for at, line in enumerate(said)]
            y += ROW * len(said)
        if not chain:
            body.append(text("soft", x, y, "no rule"))
            y += ROW
        return body, y


def _told(ns: Namespace, after: Namespace, port: ServicePort) -> list[tuple[str, str, bool]]:
    """(table and chain, words, whether its counters moved) of the rules of one port, shared chains first and endpoints last."""
    own, found = [port.chain(prefix) for prefix in ("EXT", "FW", "SVC", "SVL")], []
    for name in (name for name in SHARED if name in ns.netfilter.tables):
        chains, counted = ns.netfilter.tables[name].chains, after.netfilter.tables[name].chains
        waiting = [*SHARED[name], *own]
        for chain in waiting:  # which grows by the endpoints that are met
            for rule, later in zip(chains[chain].rules, counted[chain].rules, strict=True) if chain in chains else ():
                if chain not in SHARED[name] or _comment(rule).partition(" ")[0] == port.title:
                    found.append((f"{name} {chain}", _words(rule.spec), later.packets > rule.packets))
                    target = rule.spec.target
                    waiting += [target] if target.startswith("KUBE-SEP-") and target not in waiting else []
    return found


def _comment(rule: Rule) -> str:
    match = next((match for match in rule.spec.matches if match.name == "comment"), None)
    return match.get("--comment").value if match else ""


def _words(spec: Spec) -> str:
    """The rule without its comment, and without the names of matches that say nothing."""
    said = str(spec)
    for match in spec.matches:
        if match.name in ("comment", "tcp", "udp", "statistic"):
            said = said.replace(str(match), " ".join(map(str, match.options)) if match.name != "comment" else "", 1)
    return " ".join(said.split())


def _ends(one) -> str:
    return f"{one.src}:{one.sport} > {one.dst}:{one.dport}"


class ServiceExplorer(Explorer):
    """Knock at a Service's doors, let pods join and leave it, stop kube-proxy, and see the rules of every node and one connection's way.

    lab: a cluster with Services; it is copied, never changed. service: its name in the namespace default. source: who asks.
    door: address and port to begin with, such as 192.168.138.221:30080; without one it is the ClusterIP.
    Raises BadInput when the lab has no Kubernetes, no such Service, or the Service no such door.
    """

    def __init__(self, lab: Lab, service: str = "web", source: str | None = None, door: str | None = None):
        model = ServiceModel(lab, service, source, door)
        doors = list(model.doors().items())
        self.source = choice("From", list(model.lab.namespaces), model.question.source)
        self.door, self.endpoint = choice("Through", doors, model.door), choice("Endpoint", [CHANCE], CHANCE)
        self.pod = choice("Pod", model.pods(), next(iter(model.selected()), model.pods()[0]))
        self.policy = choice("Traffic policy", POLICIES, "Local" if model.port.policy_local else "Cluster")
        self.stopped = choice("kube-proxy off", [NOBODY, *model.nodes], NOBODY)
        self.picture = PictureBox()
        wrap = widgets.Layout(flex_flow="row wrap")
        pods = [self.pod, button("Joins the Service", lambda: self._select(True)), button("Leaves it", lambda: self._select(False))]
        fields: dict[str, Field] = {"source": self.source, "door": self.door, "endpoint": self.endpoint, "pod": self.pod,
                                    "policy": self.policy, "stopped": self.stopped}  # fmt: skip
        outer = [self.policy] if model.port.outer else []
        again = [button("Undo", lambda: self.act("pod", model.undo)), button("Reset", lambda: self.act("pod", model.reset))]
        super().__init__(model, fields, [
            widgets.HBox([self.source, self.door, self.endpoint], layout=wrap), widgets.HBox([*pods, *outer, self.stopped], layout=wrap),
            self.picture, widgets.HBox(again, layout=wrap),
        ])  # fmt: skip
        self.watch("source", lambda name: model.ask(source=name))
        self.watch("door", model.knock)
        self.watch("endpoint", lambda one: model.pin_to("" if one == CHANCE else one))
        self.watch("policy", model.policy)
        self.watch("stopped", model.stop)

    def _select(self, is_selected: bool) -> None:
        self.act("pod", self.model.selects, self.pod.control.value, is_selected)

    def draw(self) -> None:
        model = self.model
        offer(self.endpoint, [CHANCE, *model.endpoints()], model.question.endpoint or CHANCE)
        self.source.control.value, self.door.control.value = model.question.source, model.door
        self.policy.control.value, self.stopped.control.value = "Local" if model.port.policy_local else "Cluster", model.stopped
        self.picture.show(model.svg())
