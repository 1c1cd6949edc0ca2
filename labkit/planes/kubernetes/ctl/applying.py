"""`kubectl apply`, `create` and `delete` (kubectl: pkg/cmd/apply, create, delete).

apply merges what it applied last, kept in an annotation, what it is to apply and what is there. Of several objects each is tried; those
that are refused are told at the end, and the others are there.
"""

import json
from copy import deepcopy

from ....commands import filesystem
from ....commands.result import Failure, Result
from ....errors import KernelError
from .. import admission, schema
from ..merging import applied
from ..object_kinds import KINDS, Kind
from ..refusal import Refused, quoted
from . import making, patches
from .getting import check_format, printed, shape
from .manifests import json_text, read
from .resources import Found, kind_of, not_found, said, select

APPLY = "filename,f: output,o: validate: dry-run: force overwrite server-side! prune! kustomize,k! recursive,R! selector,l! all! wait"
CREATE = f"filename,f: output,o: validate: dry-run: save-config edit! {making.FLAGS}"
DELETE = """filename,f: all all-namespaces,A selector,l: field-selector: ignore-not-found now force grace-period: wait timeout: cascade:
    output,o:
    dry-run: kustomize,k! recursive,R! raw! interactive,i!"""
LAST = "kubectl.kubernetes.io/last-applied-configuration"
_NO_FILE = "error: must specify one of -f and -k\n"
_STOP = "if you choose to ignore these errors, turn validation off with --validate=false"


def objects(ctx, flags, verb: str) -> list[tuple[object, str]]:
    """What stands in the files, and how each is called in a complaint. A file ends where it cannot be read, or holds no object: there
    stands the Failure, and what was before it is tried (cli-runtime: pkg/resource/visitor.go StreamVisitor)."""
    found = []
    for name in flags.all("filename"):
        if name == "-":
            text, source = ctx.stdin, "STDIN"
        else:
            if name.startswith(("http://", "https://")):
                raise Failure(1, f"The lab's kubectl reads a file or - (standard input), and not {name}.\n")
            source = name
            try:
                text = filesystem.read(ctx.lab, ctx.ns, name if name.startswith("/") else f"{filesystem.HOME}/{name}")
            except KernelError:
                raise Failure(1, f"error: the path {quoted(name)} does not exist\n") from None
        try:
            for one in read(text, source):
                _checked_form(one, source)
                found.append((one, source))
        except Failure as failure:
            found.append((failure, source))
    if not found:
        raise Failure(1, f"error: no objects passed to {verb}\n")
    return found


def without_server(ctx, flags, nobody) -> Failure:
    """apply and create read the file first, and then the server's schema (kubectl: pkg/validation)."""
    if flags.words[0] == "delete" or not flags.all("filename"):
        return Failure(1, _NO_FILE) if flags.words == ["apply"] else nobody
    says, errors = f"failed to download openapi: {nobody.refused('/openapi/v2?timeout=32s')}", {}
    for one, source in objects(ctx, flags, flags.words[0]):
        failed = f"error: error validating {quoted(source)}: error validating data: {says}; {_STOP}\n"
        errors.setdefault(source, one.result.stderr if isinstance(one, Failure) else failed)
    return Failure(1, "".join(errors.values()))


def _checked_form(one, source: str) -> None:
    """kubectl: pkg/validation/schema.go."""
    if not isinstance(one, dict):
        raise Failure(1, f'error: error validating "{source}": error validating data: invalid object to validate; {_STOP}\n')
    unset = [f"{key} not set" for key in ("apiVersion", "kind") if not one.get(key)]
    if unset:
        says = unset[0] if len(unset) == 1 else f"[{', '.join(unset)}]"
        raise Failure(1, f"error: error validating {quoted(source)}: error validating data: {says}; {_STOP}\n")


def checked(api, one, source: str, flags) -> tuple[Kind, dict]:
    """Its kind, and the object with its namespace; Failure when kubectl itself refuses it."""
    if isinstance(one, Failure):
        raise one
    for field in ("name", "namespace"):
        value = one["metadata"].get(field) if isinstance(one.get("metadata"), dict) else None
        if value is not None and not isinstance(value, str):
            says = schema.misfit(value, "", "ObjectMeta", f"metadata.{field}")
            raise Failure(1, f"error: unable to decode {quoted(source)}: {says}\n")
    version, meta = str(one["apiVersion"]), one.get("metadata") if isinstance(one.get("metadata"), dict) else {}
    kind, name = KINDS.get(str(one["kind"])), str(meta.get("name") or "")
    if kind is None or kind.version != version:
        where = meta.get("namespace") or ""
        says = f"no matches for kind {quoted(str(one['kind']))} in version {quoted(version)}"
        head = f"error: resource mapping not found for name: {quoted(name)} namespace: {quoted(str(where))} from {quoted(source)}"
        raise Failure(1, f"{head}: {says}\nensure CRDs are installed first\n")
    one = deepcopy(one)
    one["metadata"] = meta = dict(meta)
    if kind.namespaced:
        given = flags.one("namespace")
        if given and meta.get("namespace") and meta["namespace"] != given:
            says = f"the namespace from the provided object {quoted(meta['namespace'])} does not match the namespace {quoted(given)}"
            raise Failure(1, f"error: {says}. You must pass '--namespace={meta['namespace']}' to perform this operation.\n")
        meta["namespace"] = meta.get("namespace") or given or "default"
    return kind, one


def apply(ctx, api, flags) -> Result:
    if not flags.all("filename"):
        raise Failure(1, _NO_FILE)
    return _each(ctx, api, flags, "apply", _apply)


def create(ctx, api, flags) -> Result:
    if flags.all("filename"):
        return _each(ctx, api, flags, "create", _create)
    return making.create(ctx, api, flags)


def _each(ctx, api, flags, verb: str, do) -> Result:
    form = flags.one("output")
    check_format(form.partition("=")[0])
    done, errors, warnings, made = "", "", "", Found(named=True)
    given = objects(ctx, flags, verb)
    with api.changing():  # what one file holds is one change
        for one, source in given:
            try:
                kind, one = checked(api, one, source, flags)
                kept, word, warning = do(api, kind, one, source, flags)
                warnings += warning
                made.groups.append((kind, [kept]))
                done += f"{kind.printed}/{kept['metadata']['name']} {word}{dry(flags)}\n"
            except Failure as failure:
                errors += failure.result.stderr
    if form and form != "name":
        done = printed(made, form.partition("=")[0], form.partition("=")[2], True)
    elif form == "name":
        done = printed(made, "name", "", True)
    return Result(int(bool(errors)), done, warnings + errors)


def dry(flags) -> str:
    mode = flags.one("dry-run", "none")
    if mode not in ("none", "client", "server"):
        raise Failure(1, f'error: Invalid dry-run value ({mode}). Must be "none", "server", or "client".\n')
    return "" if mode == "none" else f" ({'dry run' if mode == 'client' else 'server dry run'})"


def _apply(api, kind: Kind, one: dict, source: str, flags) -> tuple[dict, str, str]:
    meta = one["metadata"]
    if not meta.get("name"):
        head, says = "error: error when retrieving current configuration of:", "resource name may not be empty"
        raise Failure(1, f"{head}\n{_place(kind, meta)}\nfrom server for: {quoted(source)}: {says}\n")
    noted = _noted(one)
    old, warning = api.get(kind.name, meta["name"], meta.get("namespace", "")), ""
    if old is None:
        return _keep(api, lambda: admission.created(api, noted), f"error when creating {quoted(source)}", flags), "created", ""
    last = (old["metadata"].get("annotations") or {}).get(LAST)
    if last is None:
        name = f"{kind.plural}/{meta['name']}"
        warning = (f"Warning: resource {name} is missing the {LAST} annotation which is required by kubectl apply. kubectl apply should "
                   "only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing "
                   "annotation will be patched automatically.\n")  # fmt: skip
    before = json.loads(last) if last else {}
    patch, (unknown, misfit) = patches.patch(before, noted, shape(old)), schema.faults(noted)
    if unknown or misfit:
        says = misfit.converting if misfit else f"strict decoding error: {', '.join(unknown)}"
        raise Failure(1, warning + patches.complaint(patch, says))
    wanted = applied(before, noted, old)
    if wanted == old:
        return old, "unchanged", warning
    doing = f"error when applying patch:\n{json_text(patch, None)}\nto:\n{_place(kind, meta)}\nfor: {quoted(source)}: error when patching"
    kept = _keep(api, lambda: admission.updated(api, old, wanted), f"{doing} {quoted(source)}", flags)
    return kept, "configured", warning


def _place(kind: Kind, meta: dict) -> str:
    """How kubectl names an object in a complaint (cli-runtime: pkg/resource/visitor.go Info.String)."""
    version = f"{kind.group}/v1" if kind.group else "/v1"
    head = f'Resource: "{version}, Resource={kind.plural}", GroupVersionKind: "{version}, Kind={kind.name}"'
    return f"{head}\nName: {quoted(meta.get('name') or '')}, Namespace: {quoted(meta.get('namespace', ''))}"


def _noted(one: dict) -> dict:
    """The object with the annotation that says what it is."""
    bare = deepcopy(one)
    annotations = bare["metadata"].get("annotations")
    bare["metadata"]["annotations"] = {key: value for key, value in (annotations or {}).items() if key != LAST}
    noted = deepcopy(bare)
    noted["metadata"]["annotations"][LAST] = json_text(bare, None) + "\n"
    return noted


def _create(api, kind: Kind, one: dict, source: str, flags) -> tuple[dict, str, str]:
    wanted = _noted(one) if flags.on("save-config") else one
    return _keep(api, lambda: admission.created(api, wanted), f"error when creating {quoted(source)}", flags), "created", ""


def _keep(api, make, doing: str, flags) -> dict:
    """The object the server made of it, kept unless it is a dry run."""
    try:
        made = make()
        return made if dry(flags) else api.put(made)
    except Refused as refused:
        raise Failure(1, said(refused, doing)) from None


def delete(ctx, api, flags) -> Result:
    words, done = flags.words[1:], ""
    if flags.all("filename"):
        found = Found()
        for one, source in objects(ctx, flags, "delete"):
            kind, one = checked(api, one, source, flags)
            meta = one["metadata"]
            there = api.get(kind.name, meta.get("name", ""), meta.get("namespace", ""))
            found.groups.append((kind, [there] if there is not None else []))
            found.missing += [_while_deleting(kind, meta.get("name", ""), source)] * (there is None)
    elif not words:
        raise Failure(1, "error: You must provide one or more resources by argument or filename.\n"
                         "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n"
                         "   '<resource> <name>'\n   '<resource>'\n")  # fmt: skip
    elif len(words) == 1 and "/" not in words[0] and not (flags.on("all") or flags.one("selector") or flags.one("field-selector")):
        kind_of(words[0].partition(",")[0]) if words[0] != "all" else None
        raise Failure(1, "error: resource(s) were provided, but no name was specified\n")
    elif flags.on("all") and len(words) > 1:
        raise Failure(1, "error: name cannot be provided when a selector is specified\n")
    else:
        found = select(api, words, flags, "delete")
    forced = flags.on("force")
    warning = ("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may "
               "continue to run on the cluster indefinitely.\n") * forced  # fmt: skip
    refusals = ""
    for kind, one in found.objects:
        name = one["metadata"]["name"]
        try:
            admission.deletable(one)
        except Refused as refused:
            refusals += said(refused)
            continue
        if not dry(flags):
            remove(api, kind, one)
        done += (
            f"{kind.printed}/{name}\n"
            if flags.one("output") == "name"
            else f'{kind.printed} "{name}" {"force " * forced}deleted{dry(flags)}\n'
        )
    if not found.objects and not found.missing:
        return Result(0, "No resources found\n")
    errors = refusals + ("" if flags.on("ignore-not-found") else "".join(found.missing))
    return Result(int(bool(errors)), done, warning + errors)


def _while_deleting(kind: Kind, name: str, source: str) -> str:
    return not_found(kind, name).replace("(NotFound): ", f"(NotFound): error when deleting {quoted(source)}: ")


def remove(api, kind: Kind, one: dict) -> None:
    """Of a namespace all that is in it goes first. What the object owns is the garbage collector's to take away."""
    meta = one["metadata"]
    with api.changing():
        if kind.name == "Namespace":
            for key in [key for key in api.objects if key[1] == meta["name"]]:
                api.delete(key[0], key[2], key[1])
        api.delete(kind.name, meta["name"], meta.get("namespace", ""))
