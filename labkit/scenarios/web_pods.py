"""The cluster of today with pods in it: three that serve, two that ask, and the files of Services to apply."""

from ..commands import filesystem
from ..front import Lab
from ..planes.kubernetes import dns as names
from .services import cluster

_POD = """apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{{labels}}}}}
spec:
  nodeName: {node}
  containers:
  - name: {container}
    image: {image}
    env: [{{name: PORTS, value: "8080"}}]
"""
_WEB, _TOOLS = ("app: web", "web", "lab/web:1"), ("role: client", "shell", "lab/tools:1")
#: In the order in which they get their addresses.
_PODS = {"web-a": ("k8s-node1", *_WEB), "web-b": ("k8s-node1", *_WEB), "client1": ("k8s-node1", *_TOOLS),
         "client2": ("k8s-node2", *_TOOLS), "web-c": ("k8s-node2", *_WEB)}  # fmt: skip

_SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
{more}  selector: {{app: web}}
  ports:
  - {{port: 80, targetPort: 8080{node_port}}}
"""
_KINDS = {
    "web": ("  clusterIP: 10.96.0.50\n", ""),
    "np": ("  type: NodePort\n  clusterIP: 10.96.0.54\n", ", nodePort: 30080"),
    "nplocal": ("  type: NodePort\n  clusterIP: 10.96.0.55\n  externalTrafficPolicy: Local\n", ", nodePort: 30081"),
    "lb": ("  type: LoadBalancer\n  clusterIP: 10.96.0.56\n", ", nodePort: 30082"),
}


def web(dns: bool = False) -> Lab:
    """`cluster()` with web-a, web-b and client1 on k8s-node1, web-c and client2 on k8s-node2. Each web pod answers at port 8080 who it is
    and who it believes asks. In root's home on k8s-master lie web.yaml, np.yaml, nplocal.yaml and lb.yaml: Services for the three, none of
    them applied. `dns`: with CoreDNS."""
    lab = cluster()
    for name, (node, labels, container, image) in _PODS.items():
        text = _POD.format(name=name, node=node, labels=labels, container=container, image=image)
        lab.sh("kubectl apply -f -", on="k8s-master", stdin=text)
    for name, (more, node_port) in _KINDS.items():
        text = _SERVICE.format(name=name, more=more, node_port=node_port)
        filesystem.write(lab, lab["k8s-master"], f"{filesystem.HOME}/{name}.yaml", text)
    if dns:
        names.install(lab.daemons["kube-apiserver", "k8s-master"])
    lab.probes = [("client1", "10.96.0.50")]
    return lab
