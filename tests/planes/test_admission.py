"""What the API server refuses, word for word, and that nothing of it is there afterwards; what it fills in."""

import re

import pytest

import labkit

from .kubectl_recorded import RECORDINGS, kubectl

_REFUSED = re.compile(r"# (.+?)\n(.*?)\$ kubectl apply -f - \n(.*?)\n\[exit status 1\]", re.DOTALL)
RECORDED = {name: (text, says) for name, text, says in _REFUSED.findall((RECORDINGS / "kubectl/refused-objects.txt").read_text())}


@pytest.fixture
def lab(cluster):
    return cluster.copy()


@pytest.fixture(scope="module")
def cluster():
    return labkit.scenarios.cluster()


def objects(lab) -> dict:
    return dict(lab.daemons["kube-apiserver", "k8s-master"].objects)


def service(name: str = "s", **spec) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def test_every_recorded_refusal_was_found():
    assert len(RECORDED) == 17


@pytest.mark.parametrize("name", RECORDED)
def test_an_object_is_refused_as_it_was_recorded_and_leaves_nothing(lab, name):
    text, says = RECORDED[name]
    before = objects(lab)
    answer = kubectl(lab, "kubectl apply -f -", text)
    assert [line.rstrip() for line in answer.splitlines()] == [*(line.rstrip() for line in says.splitlines()), "[exit status 1]"]
    assert objects(lab) == before


@pytest.mark.parametrize("spec, says", [
    ({"ports": [{"port": "80"}]}, 'cannot be handled as a Service: json: cannot unmarshal string into Go struct field '
     "ServicePort.spec.ports.port of type int32"),
    ({"selector": {"app": 1}, "ports": [{"port": 80}]},
     "cannot unmarshal number into Go struct field ServiceSpec.spec.selector of type string"),
    ({"ports": [{"port": 80, "targetPorts": 80}], "sessionAffinty": "None"},
     'strict decoding error: unknown field "spec.ports[0].targetPorts", unknown field "spec.sessionAffinty"'),
    ({"ports": [{"port": 80, "protocol": "tcp"}]},
     'spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'),
    ({"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]},
     'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP"'),
    ({"ports": [{"port": 80, "targetPort": "a_b"}]},
     'spec.ports[0].targetPort: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'),
    ({"clusterIP": "10.96.0.1", "ports": [{"port": 80}]},
     'spec.clusterIPs: Invalid value: []string{"10.96.0.1"}: failed to allocate IP 10.96.0.1: provided IP is already allocated'),
    ({"clusterIP": "10.96.0.300", "ports": [{"port": 80}]},
     'spec.clusterIPs[0]: Invalid value: "10.96.0.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    ({"type": "LoadBalancer", "loadBalancerSourceRanges": ["x"], "ports": [{"port": 80}]}, "spec.LoadBalancerSourceRanges: Invalid value"),
    ({"externalIPs": ["127.0.0.1"], "ports": [{"port": 80}]},
     'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ({"selector": {"-a": "x"}, "ports": [{"port": 80}]},
     'spec.selector: Invalid value: "-a": name part must consist of alphanumeric characters'),
    ({"internalTrafficPolicy": "local", "ports": [{"port": 80}]},
     'spec.internalTrafficPolicy: Unsupported value: "local": supported values: "Cluster", "Local"'),
])  # fmt: skip
def test_other_mistakes_of_the_same_kinds_are_refused(lab, spec, says):
    before = objects(lab)
    answer = kubectl(lab, "kubectl apply -f -", service(**spec))
    assert says in answer and answer.endswith("[exit status 1]")
    assert objects(lab) == before


def test_of_several_objects_the_good_ones_are_there(lab):
    text = (
        service("one", ports=[{"port": 80}])
        + "---\n"
        + service("Two", ports=[{"port": 80}])
        + "---\n"
        + service("three", ports=[{"port": 80}])
    )
    result = lab.sh("kubectl apply -f -", on="k8s-master", stdin=text)
    assert (result.returncode, result.stdout) == (1, "service/one created\nservice/three created\n")
    assert result.stderr.startswith('The Service "Two" is invalid: metadata.name: Invalid value: "Two": a DNS-1035 label')


def test_a_node_port_that_is_taken_is_refused_and_the_next_service_gets_another(lab):
    ports = [{"port": 80, "nodePort": 30080}]
    assert kubectl(lab, "kubectl apply -f -", service("one", type="NodePort", ports=ports)) == "service/one created"
    assert "30080: provided port is already allocated" in kubectl(lab, "kubectl apply -f -", service("two", type="NodePort", ports=ports))
    api = lab.daemons["kube-apiserver", "k8s-master"]
    made = [api.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"n{n}"},
                       "spec": {"type": "NodePort", "ports": [{"port": 80}]}})
            for n in range(40)]  # fmt: skip
    numbers = {one["spec"]["ports"][0]["nodePort"] for one in made}
    assert len(numbers) == 40 and min(numbers) >= 30086, "the lower part is left to those who ask"
    assert len({one["spec"]["clusterIP"] for one in made}) == 40


def test_applying_again_changes_what_is_said_and_takes_away_what_is_not_said_any_more(lab):
    first = service("web", selector={"app": "web", "tier": "a"}, ports=[{"port": 80, "targetPort": 8080}])
    assert kubectl(lab, "kubectl apply -f -", first) == "service/web created"
    assert kubectl(lab, "kubectl apply -f -", first) == "service/web unchanged"
    address = kubectl(lab, "kubectl get svc web -o jsonpath={.spec.clusterIP}")
    assert kubectl(lab, "kubectl apply -f -", service("web", selector={"app": "web"}, ports=[{"port": 80}])) == "service/web configured"
    assert kubectl(lab, "kubectl get svc web -o jsonpath='{.spec.selector}'") == '{"app":"web"}'
    assert kubectl(lab, "kubectl get svc web -o jsonpath={.spec.clusterIP}") == address
    answer = kubectl(lab, "kubectl apply -f -", service("web", clusterIP="10.96.7.7", ports=[{"port": 80}]))
    assert answer.startswith(
        'The Service "web" is invalid: spec.clusterIPs[0]: Invalid value: []string{"10.96.7.7"}: may not change once set'
    )


def test_a_service_becomes_a_node_port_and_back(lab):
    kubectl(lab, "kubectl apply -f -", service("web", ports=[{"port": 80}]))
    assert kubectl(lab, """kubectl patch svc web -p '{"spec":{"type":"NodePort"}}'""") == "service/web patched"
    assert re.fullmatch(r"3\d{4}", kubectl(lab, "kubectl get svc web -o jsonpath={.spec.ports[0].nodePort}"))
    assert kubectl(lab, """kubectl patch svc web -p '{"spec":{"type":"ClusterIP"}}'""") == "service/web patched"
    assert kubectl(lab, "kubectl get svc web -o jsonpath='{.spec.ports}'") == '[{"port":80,"protocol":"TCP","targetPort":80}]'


def test_a_deployment_needs_a_selector(lab):
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {template: {metadata: {labels: {app: d}}, spec: {containers: [{name: x, image: lab/web:1}]}}}
"""
    says = """The Deployment "d" is invalid: \n* spec.selector: Required value
* spec.template.metadata.labels: Invalid value: map[string]string{"app":"d"}: `selector` does not match template `labels`"""
    assert kubectl(lab, "kubectl apply -f -", text) == f"{says}\n[exit status 1]"


def test_a_pod_is_not_changed_in_place(lab):
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: %s, env: [{name: X, value: '%s'}]}]}\n"
    assert kubectl(lab, "kubectl apply -f -", pod % ("lab/tools:1", 1)) == "pod/p created"
    assert "spec: Forbidden: pod updates may not change fields other than" in kubectl(lab, "kubectl apply -f -", pod % ("lab/tools:1", 2))


def test_a_kind_that_the_lab_does_not_keep_is_refused_in_the_labs_sentence(lab):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
    assert kubectl(lab, "kubectl apply -f -", text).startswith("The lab's API server keeps endpoints, ")


WEB = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {%sselector: {app: web}, ports: [{port: 80}]}
"""
_LAST = (r'metadata:map[annotations:map[kubectl.kubernetes.io/last-applied-configuration:{\"apiVersion\":\"v1\",\"kind\":\"Service\",'
         r'\"metadata\":{\"annotations\":{},\"name\":\"web\",\"namespace\":\"default\"},\"spec\":')  # fmt: skip


@pytest.mark.parametrize("old, new, spec, left, says", [
    ("{", "{selektor: {app: web}, ",
     r'{\"ports\":[{\"port\":80}],\"selector\":{\"app\":\"web\"},\"selektor\":{\"app\":\"web\"}}', "map[selektor:map[app:web]]",
     'strict decoding error: unknown field "spec.selektor"'),
    ("80", "80, targetPorts: 8080", r'{\"ports\":[{\"port\":80,\"targetPorts\":8080}],\"selector\":{\"app\":\"web\"}}',
     "map[]", 'strict decoding error: unknown field "spec.ports[0].targetPorts"'),
    ("app: web", "app: 1", r'{\"ports\":[{\"port\":80}],\"selector\":{\"app\":1}}',
     "map[selector:map[app:1]]", "cannot convert int64 to string"),
    ("80", '"80"', r'{\"ports\":[{\"port\":\"80\"}],\"selector\":{\"app\":\"web\"}}', "map[]", "unrecognized type: int32"),
])  # fmt: skip
def test_of_an_object_that_is_there_the_patch_is_refused(lab, old, new, spec, left, says):
    head, _, body = (WEB % "").rpartition("spec: ")
    kubectl(lab, "kubectl apply -f -", head + "spec: " + body)
    before = objects(lab)
    answer = kubectl(lab, "kubectl apply -f -", head + "spec: " + body.replace(old, new, 1))
    assert answer == rf'The request is invalid: patch: Invalid value: "map[{_LAST}{spec}}}\n]] spec:{left}]": {says}' + "\n[exit status 1]"
    assert objects(lab) == before


def test_what_only_the_server_says_nobody_else_does(lab):
    kubectl(lab, "kubectl apply -f -", WEB % "type: LoadBalancer, " + "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}\n")
    assert kubectl(lab, "kubectl get svc web -o jsonpath={.status}") == '{"loadBalancer":{}}'
    whole = kubectl(lab, "kubectl get svc web -o yaml") + "\n"
    kubectl(lab, "kubectl label svc web a=b")
    answer = kubectl(lab, "kubectl apply -f -", whole).splitlines()
    assert answer[0] == "Error from server (Conflict): error when applying patch:" and answer[1].startswith('{"metadata":')
    assert answer[2:] == [
        "to:", 'Resource: "/v1, Resource=services", GroupVersionKind: "/v1, Kind=Service"', 'Name: "web", Namespace: "default"',
        'for: "STDIN": error when patching "STDIN": Operation cannot be fulfilled on services "web": the object has been modified; please '
        "apply your changes to the latest version and try again", "[exit status 1]",
    ]  # fmt: skip
    kubectl(lab, "kubectl delete svc web")
    says = 'Error from server: error when creating "STDIN": resourceVersion should not be set on objects to be created\n[exit status 1]'
    assert kubectl(lab, "kubectl apply -f -", whole) == says
    again = "".join(line for line in whole.splitlines(keepends=True) if "resourceVersion" not in line)
    assert kubectl(lab, "kubectl apply -f -", again) == "service/web created"
    assert kubectl(lab, "kubectl get svc web -o jsonpath={.metadata.uid}") not in whole


def test_a_patch_with_an_unknown_field_is_taken_with_a_warning(lab):
    kubectl(lab, "kubectl apply -f -", WEB % "")
    result = lab.sh("""kubectl patch svc web -p '{"spec":{"foo":1}}'""", on="k8s-master")
    assert (result.stdout, result.stderr) == ("service/web patched (no change)\n", 'Warning: unknown field "spec.foo"\n')
    assert kubectl(lab, "kubectl get svc web -o jsonpath={.spec.foo}") == ""
