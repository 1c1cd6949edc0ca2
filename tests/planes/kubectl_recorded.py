"""The recorded cluster in the lab, and recorded lines of kubectl held against it (tests/recordings/kubernetes)."""

import re
from pathlib import Path
from typing import NamedTuple

import labkit

RECORDINGS = Path(__file__).parent.parent / "recordings" / "kubernetes"
#: The pods of workload.yaml in the order in which they got their addresses.
_PODS = ("web-b", "web-a", "client1", "client2", "web-c")
_AGE = re.compile(r"\d+[smhdy](?:\d+[smhdy])?")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
#: What differs from run to run, and what stands for it.
_CHANCE = (
    (_UUID, "UID"), (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"), (r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "TIME"),
    (r'(resourceVersion"?:) "\d+"', r'\1 "N"'), (r"(kube-api-access-|shop-\w{8,10}-|\b[a-z0-9-]+-)[bcdfghjklmnpqrstvwxz2456789]{5}\b",
                                                 r"\1SUFFX"),
    (r"shop-\w{10}", "shop-HASH"), (r"hash=\w{10}", "hash=HASH"), (r"(lblocal .* 80:)\d{5}", r"\1PORT"),
    (r"(clusterIP: |ex1 .*|cs[15] .*?) 10\.96\.\d+\.\d+ +", r"\1 ADDRESS "),
    (r"(containerd://|sha256:|start exec \"|sandbox \")[0-9a-f]{64}", r"\1ID"), (r"([0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC"),
    (r"client=[\d.]+:\d+", "CLIENT"),
    (r"@if\d+|@veth\w+", "@PEER"),
)  # fmt: skip


class Line(NamedTuple):
    command: str
    expected: str


def lines(name: str) -> list[Line]:
    """A recording's commands with what they printed, stdout first; `[exit status N]` at the end where it was not 0."""
    blocks = re.split(r"(?m)^\$ ", (RECORDINGS / name).read_text())[1:]
    return [Line(command, printed.rstrip("\n")) for command, _, printed in (block.partition("\n") for block in blocks)]


def server(lab):
    """The API server, of whichever cluster."""
    return next(daemon for (name, _), daemon in lab.daemons.items() if name == "kube-apiserver")


def kubectl(lab, line: str, stdin: str = "") -> str:
    """What a person sees, as it is recorded."""
    result = lab.sh(line, on=server(lab).machine, stdin=stdin)
    status = f"\n[exit status {result.returncode}]" if result.returncode else ""
    return (result.stdout + result.stderr).rstrip("\n") + status


def documents(name: str) -> dict[str, str]:
    """The documents of a file by the name of their object."""
    parts = re.split(r"(?m)^---\n", (RECORDINGS / name).read_text())
    return {re.search(r"name: ([\w.-]+)", part)[1]: part for part in parts if part.strip()}


def cluster():
    """Cluster A with the pods of workload.yaml."""
    lab, pods = labkit.scenarios.cluster(), documents("workload.yaml")
    for name in _PODS:
        assert kubectl(lab, "kubectl apply -f -", pods[name]) == f"pod/{name} created"
    return lab


def busy_cluster():
    """The same after a while: pods were deleted and came back with other addresses; the objects of kubectl/objects.yaml are there."""
    lab, pods = cluster(), documents("workload.yaml")
    kubectl(lab, "kubectl delete pod web-a web-b")
    for name in ("web-a", "web-b"):
        kubectl(lab, "kubectl apply -f -", pods[name])
    for name in ("pair", "clash", "hostport"):  # three addresses that others had
        kubectl(lab, "kubectl apply -f -", pods["client1"].replace("client1", name))
    kubectl(lab, "kubectl delete pod pair clash hostport")
    for text in documents("kubectl/objects.yaml").values():  # one after the other, as it was
        kubectl(lab, "kubectl apply -f -", text)
    return lab


def apply(lab, name: str) -> None:
    result = lab.sh("kubectl apply -f -", on=server(lab).machine, stdin=(RECORDINGS / name).read_text())
    assert result.returncode == 0, result.stderr


def same_age(lab, expected: str) -> None:
    """Objects get the ages that the recording shows, as a column is as wide as they are."""
    api = server(lab)
    for row in expected.splitlines():
        cells = row.split()
        found = [cell for cell in cells if _AGE.fullmatch(cell)]
        for key, one in api.objects.items() if found else ():
            if any(_bare(cell.rpartition("/")[2]) == _bare(key[2]) for cell in cells[:2]):
                one["metadata"]["creationTimestamp"] = lab.now - _seconds(found[0])


def _bare(name: str) -> str:
    """A name without what chance put behind it."""
    return re.sub(r"^shop-\w{10}.*", "shop-", re.sub("-[bcdfghjklmnpqrstvwxz2456789]{5}$", "-", name))


def _seconds(age: str) -> float:
    sizes = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
    return float(sum(int(number) * sizes[unit] for number, unit in re.findall(r"(\d+)([smhdy])", age)))


def normalised(text: str) -> str:
    """Without what chance, a clock or the order of a slice decide."""
    for pattern, word in _CHANCE:
        text = re.sub(pattern, word, text)
    shown, in_events = [], False
    for line in text.splitlines():
        in_events = line.startswith(("Events:", "LAST SEEN")) or in_events and line != ""
        if in_events:
            line = " ".join(re.sub(rf"\b{_AGE.pattern}( over {_AGE.pattern})?\b", "AGE", line).replace("-", "").split())
        line = re.sub(rf"\({_AGE.pattern} ago\)", "(AGE)", line)
        if re.search(r"\d+\.\d+\.\d+\.\d+(:\d+)?,\d", line):
            line = re.sub(r"[\d.]+(?::\d+)?(?:,[\d.]+(?::\d+)?)+", lambda found: ",".join(sorted(found[0].split(","))), line)
        shown.append(line.rstrip())
    return "\n".join(shown)


def answer(lab, line: Line) -> tuple[str, str]:
    """What the lab prints and what is recorded, both without chance."""
    same_age(lab, line.expected)
    both = normalised(kubectl(lab, line.command)), normalised(line.expected)
    if line.command.endswith("-- env"):  # in the order of a Go map
        both = tuple("\n".join(sorted(text.splitlines())) for text in both)
    return both
