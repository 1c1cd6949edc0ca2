"""`kubectl label`, `annotate`, `scale`, `expose`, `run`, `patch`, `cordon`: objects changed by flags (kubectl: pkg/cmd)."""

import json
import re
from copy import deepcopy

from ....commands.result import Failure, Result
from ... import go
from .. import admission, schema, syntax
from ..merging import merge
from ..object_kinds import KINDS, Kind
from ..refusal import Refused, quoted
from . import patches
from .applying import dry
from .making import port_specs
from .resources import not_found, said, select

_SOME = "all-namespaces,A selector,l: field-selector: output,o: dry-run: filename,f!"
LABEL = f"{_SOME} overwrite all list resource-version! local!"
SCALE = f"{_SOME} replicas: current-replicas: timeout: all resource-version!"
EXPOSE = """filename,f! port: target-port: protocol: type: name: selector,l: labels: external-ip: cluster-ip: session-affinity:
    load-balancer-ip!
    output,o: dry-run: overrides!"""
RUN = (
    "image: port: env: labels,l: restart: command overrides! expose dry-run: output,o: image-pull-policy: stdin,i tty,t rm attach! quiet,q"
)
PATCH = "patch,p: type: output,o: dry-run: filename,f! patch-file! subresource:"
CORDON = "selector,l: dry-run: force ignore-daemonsets delete-emptydir-data grace-period: timeout:"


def _change(api, kind: Kind, old: dict, new: dict, flags) -> bool:
    """Put what the server made of it, and say whether that is anything new; Failure in its words."""
    try:
        made = admission.updated(api, old, new)
    except Refused as refused:
        raise Failure(1, said(refused)) from None
    if not dry(flags):
        api.put(made)
    return made != old


def _targets(api, flags, words: list[str], verb: str):
    if not words:
        raise Failure(1, "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n")
    found = select(api, words, flags, verb)
    if not found.named and not (flags.on("all") or flags.one("selector") or flags.one("field-selector")):
        raise Failure(1, "error: resource(s) were provided, but no name was specified\n")
    return found


def label(ctx, api, flags) -> Result:
    return _marked(api, flags, "labels", "label")


def annotate(ctx, api, flags) -> Result:
    return _marked(api, flags, "annotations", "annotation")


def _marked(api, flags, field: str, noun: str) -> Result:
    """`key=value` sets and `key-` takes away; a value that is there stays unless --overwrite."""
    words, marks = _split(flags.words[1:])
    verb = flags.words[0]
    if not marks and not flags.on("list"):
        raise Failure(1, f"error: at least one {noun} update is required\n" if words else
                      "error: one or more resources must be specified as <resource> <name> or <resource>/<name>\n")  # fmt: skip
    new = dict(mark.split("=", 1) for mark in marks if "=" in mark)
    gone = [mark[:-1] for mark in marks if "=" not in mark]
    both = next((key for key in gone if key in new), None)
    if both is not None:
        raise Failure(1, f"error: can not both modify and remove a{'n' * (noun == 'annotation')} {noun} in the same command\n")
    for key, value in new.items() if noun == "label" else ():
        wrong = [f"{quoted(value)}: {says}" for says in syntax.label_value(value)]
        if wrong:
            raise Failure(1, f"error: invalid label value: {wrong[0]}\n")
        wrong = [f"{quoted(key)}: {says}" for says in syntax.qualified_name(key)]
        if wrong:
            raise Failure(1, f"error: invalid label key: {wrong[0]}\n")
    found, done, errors = _targets(api, flags, words, verb), "", ""
    for kind, one in found.objects:
        before = one["metadata"].get(field) or {}
        clash = [] if flags.on("overwrite") else [key for key in new if key in before and before[key] != new[key]]
        if clash:
            both = f"{field}: " if noun == "annotation" and len(clash) > 1 else ""
            errors += "".join(f"error: {both}'{key}' already has a value ({before[key]}), and --overwrite is false\n" for key in clash)
            continue
        done += "".join(f"{noun} {quoted(key)} not found.\n" for key in gone if key not in before)
        after = {key: value for key, value in (before | new).items() if key not in gone}
        if after != before:
            changed = deepcopy(one)
            changed["metadata"][field] = after
            if not after:
                del changed["metadata"][field]
            _change(api, kind, one, changed, flags)
        word = _how(noun, before, after)
        done += f"{kind.printed}/{one['metadata']['name']} {word}{dry(flags)}\n"
    return Result(int(bool(errors or found.missing)), done, errors + "".join(found.missing))


def _how(noun: str, before: dict, after: dict) -> str:
    """`labeled`, `unlabeled`, `not labeled` (label.go updateDataChangeMsg); annotate says one word always."""
    if noun == "annotation":
        return "annotated"
    if before == after:
        return "not labeled"
    removed, added = before.keys() - after.keys(), {key for key in after if before.get(key) != after[key]}
    return "labeled" if added else "unlabeled" if removed else "not labeled"


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Names, then marks."""
    at = next(
        (at for at, word in enumerate(words) if re.fullmatch(r"[^=]+=.*", word, re.DOTALL) or (at and word.endswith("-"))), len(words)
    )
    bad = next((word for word in words[at:] if "=" not in word and not word.endswith("-")), None)
    if bad is not None:
        raise Failure(
            1,
            f"error: unknown label spec: {bad}\n"
            if "/" in bad
            else f"error: all resources must be specified before label changes: {bad}\n",
        )
    return words[:at], words[at:]


def scale(ctx, api, flags) -> Result:
    wanted = flags.one("replicas", "-1")
    try:
        replicas = go.integer(wanted)
    except ValueError as error:
        raise flags.wrong(f'invalid argument "{wanted}" for "--replicas" flag: {error}') from None
    if replicas < 0:
        raise Failure(1, "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n")
    found = _targets(api, flags, flags.words[1:], "scale")
    if found.missing:
        raise Failure(1, f"error: no objects passed to scale {found.missing[0].partition('(NotFound): ')[2]}")
    done = ""
    for kind, one in found.objects:
        if kind.name not in ("Deployment", "ReplicaSet"):
            raise Failure(1, "Error from server (NotFound): the server could not find the requested resource\n")
        if flags.one("current-replicas") not in ("", "-1", str(one["spec"]["replicas"])):
            raise Failure(1, f"error: Expected replicas to be {flags.one('current-replicas')}, was {one['spec']['replicas']}\n")
        changed = deepcopy(one)
        changed["spec"]["replicas"] = replicas
        _change(api, kind, one, changed, flags)
        done += f"{kind.printed}/{one['metadata']['name']} scaled{dry(flags)}\n"
    return Result(0, done)


def expose(ctx, api, flags) -> Result:
    found = _targets_without_selector(api, flags)
    if found.missing:
        raise Failure(1, found.missing[0])
    done = ""
    for kind, one in found.objects:
        manifest = _service_for(kind, one, flags)
        try:
            made = admission.created(api, manifest)
        except Refused as refused:
            raise Failure(1, said(refused)) from None
        if not dry(flags):
            api.put(made)
        done += f"service/{made['metadata']['name']} exposed{dry(flags)}\n"
    return Result(0, done)


def _targets_without_selector(api, flags):
    class Plain:
        on, all = staticmethod(lambda name: False), staticmethod(lambda name: ())
        one = staticmethod(lambda name, otherwise="": flags.one(name, otherwise) if name == "namespace" else otherwise)

    words = flags.words[1:]
    if not words or len(words) == 1 and "/" not in words[0]:
        says = (
            "resource(s) were provided, but no name was specified"
            if words
            else "You must provide one or more resources by argument or filename."
        )
        raise Failure(1, f"error: {says}\n")
    return select(api, words, Plain, "expose")


def _service_for(kind: Kind, one: dict, flags) -> dict:
    spec, name = one.get("spec") or {}, one["metadata"]["name"]
    template = spec if kind.name == "Pod" else (spec.get("template") or {}).get("spec") or {}
    if kind.name not in ("Pod", "Service", "Deployment", "ReplicaSet"):
        raise Failure(1, f"error: cannot expose a {kind.name}\n")
    selector = _selector(kind, one, flags.one("selector"))
    if kind.name == "Service":
        known = [(port["port"], port["protocol"]) for port in spec.get("ports") or ()]
    else:
        known = port_specs(template)
    given = [(_port_number(word), flags.one("protocol").upper()) for word in flags.one("port").split(",") if word]
    ports = given or known
    if not ports and flags.one("cluster-ip") != "None":
        raise Failure(1, "error: couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples\n")
    by_number = dict(known)
    target = flags.one("target-port")
    listed = []
    for at, (number, protocol) in enumerate(ports):
        words = {"name": f"port-{at + 1}"} if len(ports) > 1 else {}
        listed.append(words | {"port": number, "protocol": protocol or by_number.get(number, "TCP"),
                               "targetPort": (int(target) if target.isdigit() else target) if target else number})  # fmt: skip
    made = {"selector": selector, "ports": listed}
    for flag, field in (("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity")):
        if flags.one(flag):
            made[field] = flags.one(flag)
    if flags.one("external-ip"):
        made["externalIPs"] = flags.one("external-ip").split(",")
    labels = _pairs(flags.one("labels")) if flags.one("labels") else one["metadata"].get("labels") or {}
    meta = {"name": flags.one("name") or name, "namespace": one["metadata"]["namespace"]} | ({"labels": dict(labels)} if labels else {})
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": made}


def _port_number(word: str) -> int:
    if not word.isdigit():
        raise Failure(1, f'error: strconv.Atoi: parsing "{word}": invalid syntax\n')
    return int(word)


def _pairs(text: str) -> dict[str, str]:
    return {key: value for key, _, value in (word.partition("=") for word in text.split(",") if word)}


def _selector(kind: Kind, one: dict, asked: str) -> dict:
    """By the flag, or by looking (polymorphichelpers mapbasedselectorforobject.go)."""
    if asked:
        return _pairs(asked)
    spec, says = one.get("spec") or {}, ""
    if kind.name == "Pod":
        found = one["metadata"].get("labels") or {}
        says = "the pod has no labels and cannot be exposed"
    elif kind.name == "Service":
        found = spec.get("selector") or {}
        says = "the service has no pod selector set"
    else:
        found = spec["selector"].get("matchLabels") or {}
        says = "" if not spec["selector"].get("matchExpressions") else "couldn't convert expressions to a map"
    if not found:
        raise Failure(1, f"error: couldn't retrieve selectors via --selector flag or introspection: {says}\n")
    return dict(found)


def run(ctx, api, flags) -> Result:
    words = flags.words[1:]
    if not words:
        raise Failure(1, "error: NAME is required for run\nSee 'kubectl run -h' for help and examples\n")
    if not flags.one("image"):
        raise Failure(1, 'error: required flag(s) "image" not set\n')
    if flags.on("stdin") or flags.on("tty") or flags.on("rm"):
        raise Failure(1, "The lab's kubectl run starts a pod and attaches to none: leave out -i, -t and --rm and use kubectl exec.\n")
    container: dict = {"name": words[0], "image": flags.one("image")}
    if words[1:]:
        container["command" if flags.on("command") else "args"] = words[1:]
    if flags.all("env"):
        container["env"] = [dict(zip(("name", "value"), pair.partition("=")[::2], strict=True)) for pair in flags.all("env")]
    if flags.one("port"):
        container["ports"] = [{"containerPort": _port_number(flags.one("port"))}]
    if flags.one("image-pull-policy"):
        container["imagePullPolicy"] = flags.one("image-pull-policy")
    labels = _pairs(flags.one("labels")) if flags.one("labels") else {"run": words[0]}
    spec = {"containers": [container], "restartPolicy": flags.one("restart", "Always"), "dnsPolicy": "ClusterFirst"}
    meta = {"name": words[0], "namespace": flags.one("namespace", "default"), "labels": labels}
    done = ""
    manifests = [{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}]
    if flags.on("expose"):
        if not flags.one("port"):
            raise Failure(1, "error: --port must be set when exposing a service\n")
        ports = [{"port": _port_number(flags.one("port")), "targetPort": _port_number(flags.one("port"))}]
        meta = {key: meta[key] for key in ("name", "namespace")}
        manifests.insert(0, {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"selector": labels, "ports": ports}})
    for manifest in manifests:
        try:
            made = admission.created(api, manifest)
        except Refused as refused:
            raise Failure(1, said(refused), done) from None
        if not dry(flags):
            api.put(made)
        done += f"{KINDS[manifest['kind']].printed}/{words[0]} created{dry(flags)}\n"
    return Result(0, done)


def patch(ctx, api, flags) -> Result:
    words = flags.words[1:]
    if not flags.one("patch"):
        raise Failure(1, "error: must specify --patch or --patch-file containing the contents of the patch\n")
    how = flags.one("type", "strategic")
    if how not in ("strategic", "merge", "json"):
        raise Failure(1, f'error: --type must be one of [json merge strategic], not "{how}"\n')
    if how == "json":
        raise Failure(1, "The lab's kubectl patches by --type strategic or merge, and not json.\n")
    given = _document(flags.one("patch"))
    found, done, warnings = _targets(api, flags, words, "patch"), "", ""
    if found.missing:
        raise Failure(1, found.missing[0])
    for kind, one in found.objects:
        unknown, misfit = schema.faults({**given, "apiVersion": kind.version, "kind": kind.name})
        if misfit:
            raise Failure(1, patches.complaint(given, misfit.converting))
        warnings += "".join(f"Warning: {says}\n" for says in unknown)
        changed = merge(one, given) if how == "strategic" else _plain_merge(one, given)
        changed, differs = schema.known(changed), False
        if flags.one("subresource") == "status":
            changed = {**one, "status": _balanced(changed.get("status") or {})}
            differs = changed != one
            if differs and not dry(flags):
                api.put(changed)
        elif changed != one:
            differs = _change(api, kind, one, changed, flags)
        done += f"{kind.printed}/{one['metadata']['name']} patched{dry(flags)}{' (no change)' * (not differs)}\n"
    return Result(0, done, warnings)


def _balanced(status: dict) -> dict:
    """A load balancer's addresses are VIPs, when nobody says otherwise (v1/defaults.go SetDefaults_ServiceStatus)."""
    ingress = (status.get("loadBalancer") or {}).get("ingress")
    if not ingress:
        return status
    return {**status, "loadBalancer": {"ingress": [{"ipMode": "VIP", **one} if one.get("ip") else one for one in ingress]}}


def _document(text: str) -> dict:
    from .manifests import read

    try:
        found = [json.loads(text)] if text.lstrip().startswith("{") else [*read(text, "patch")]
    except ValueError:
        found = []
    if len(found) != 1:
        raise Failure(1, f"error: unable to parse {quoted(text)}: yaml: did not find expected node content\n")
    if not isinstance(found[0], dict):
        form = schema.form_of(found[0])
        raise Failure(1, f"Error from server (BadRequest): json: cannot unmarshal {form} into Go value of type map[string]interface {{}}\n")
    return found[0]


def _plain_merge(one: dict, given: dict) -> dict:
    """A JSON merge patch (RFC 7386)."""
    done = deepcopy(one)
    for key, value in given.items():
        if value is None:
            done.pop(key, None)
        else:
            done[key] = _plain_merge(done.get(key) or {}, value) if isinstance(value, dict) else value
    return done


def cordon(ctx, api, flags) -> Result:
    return _scheduling(api, flags, True)


def uncordon(ctx, api, flags) -> Result:
    return _scheduling(api, flags, False)


def _scheduling(api, flags, off: bool) -> Result:
    verb, done, errors = flags.words[0], "", ""
    if not flags.words[1:]:
        raise Failure(1, f"error: USAGE: {verb} NODE [flags]\nSee 'kubectl {verb} -h' for help and examples\n")
    for name in flags.words[1:]:
        node = api.get("Node", name.removeprefix("node/"))
        if node is None:
            errors += not_found(KINDS["Node"], name)
            continue
        already = bool(node["spec"].get("unschedulable")) == off
        if not already:
            changed = deepcopy(node)
            changed["spec"].pop("unschedulable", None)
            changed["spec"] |= {"unschedulable": True} if off else {}
            _change(api, KINDS["Node"], node, changed, flags)
        done += f"node/{node['metadata']['name']} {'already ' * already}{verb}ed{dry(flags)}\n"
    return Result(int(bool(errors)), done, errors)


def drain(ctx, api, flags) -> Result:
    for name in flags.words[1:]:
        if api.get("Node", name) is None:
            raise Failure(1, not_found(KINDS["Node"], name))
    raise Failure(1, "The lab's kubectl drains no node: cordon it, and delete its pods.\n")
