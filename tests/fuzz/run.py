"""Sequences of bent lines over several labs, and what must hold after each of them.

Nothing but LabError leaves `lab.sh`; no line takes more than two seconds of CPU; a command that is refused changes nothing, but
for the real tools that do (below); a table that is printed is read back as it was.
"""

import re
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import labkit
from labkit.tables.pasted import plain
from tests.fuzz.mutate import bent
from tests.fuzz.seeds import typed

SCENARIOS = {
    "empty": labkit.Lab,
    "veth_pair": labkit.scenarios.veth_pair, "docker_host": labkit.scenarios.docker_host,
    "vxlan": lambda: labkit.scenarios.flannel("vxlan"), 
    "udp": lambda: labkit.scenarios.flannel("udp"), "seed_cluster": labkit.scenarios.seed_cluster,
}  # fmt: skip
SECONDS = 2.0
#: What is compared costs time: one line in so many.
COMPARED = 20
#: Tools that change things although they fail: by words in order (ifconfig, ip link set, several names of sysctl, docker and kubectl),
#: by what a packet taught and the time it took, or because they run other lines.
MAY_CHANGE = frozenset(
    "ifconfig sysctl rm docker kubectl ping traceroute nc curl sleep sh bash sudo for nsenter X export systemctl etcdctl tee"
    " watch".split()
)


class TooLong(BaseException):
    """A line still ran when it should have ended."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, and the lines that lead there."""

    what: str
    scenario: str
    lines: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        rows = "\n".join(f"    [{on}]# {line[:300]!r}" for on, line in self.lines)
        return f"{self.what}\n  in {self.scenario}:\n{rows}"


@dataclass
class Summary:
    """`slowest`: CPU seconds and the line."""

    lines: int = 0
    refused: int = 0
    tables: int = 0
    slowest: tuple[float, str] = (0.0, "")
    faults: list[Fault] = field(default_factory=list)

    def __str__(self) -> str:
        seconds, line = self.slowest
        return (f"{self.lines} lines, {self.refused} refused, {self.tables} tables read back, {len(self.faults)} faults; "
                f"the slowest took {seconds:.2f} s CPU: {line[:100]!r}")  # fmt: skip


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Stop what takes so much CPU time, where a signal can."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def late(*_):
        raise TooLong

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def run(lines: int, seed: int, stop_after: int = 20, say=lambda text: None) -> Summary:
    """Sequences from this seed on, until there were so many lines."""
    seeds, labs, summary = typed(), {name: make() for name, make in SCENARIOS.items()}, Summary()
    while summary.lines < lines and len(summary.faults) < stop_after:
        random = Random(seed)
        name = random.choice(sorted(labs))
        fault = _sequence(random, name, labs[name].copy(), seeds, summary)
        if fault:
            fault = _shorter(fault, labs[name])
            summary.faults.append(fault)
            say(f"seed {seed}: {fault}")
        seed += 1
    return summary


def _sequence(random: Random, name: str, lab: labkit.Lab, seeds: list[str], summary: Summary) -> Fault | None:
    """One lab and the lines typed into it, up to the first that does what it must not."""
    done: list[tuple[str, str]] = []
    for _ in range(random.randint(3, 40)):
        machines = [name for name, ns in lab.namespaces.items() if ns.role == "machine"]
        on = random.choice(random.choice(([*lab.namespaces], machines)))
        line = at_home(random, lab, on, bent(random, seeds))
        done.append((on, line))
        what = _fault(lab, on, line, random.random() < 1 / COMPARED, summary)
        if what:
            return Fault(what, name, tuple(done))
    what = _reads_back(random, lab, summary)
    return Fault(what, name, tuple(done)) if what else None


def at_home(random: Random, lab: labkit.Lab, on: str, line: str) -> str:
    """The line with some names and addresses exchanged for those that there are."""
    names = [interface.name for interface in lab[on].interfaces.values()]
    held = [str(address.interface) for interface in lab.interfaces.values() for address in interface.addresses] or ["10.0.0.1/24"]
    words = line.split(" ")
    for at, word in enumerate(words):
        if random.random() < 0.4:
            continue
        if words[at - 1] in ("-n", "exec", "netns"):
            words[at] = random.choice([*lab.namespaces])
        elif _NAME.fullmatch(word):
            words[at] = random.choice(random.choice((names, names, [*lab.namespaces])))
        elif _ADDRESS.fullmatch(word):
            words[at] = random.choice(held).partition("/")[0] + "".join(word.partition("/")[1:])
    return " ".join(words)


#: What is probably a name of an interface or a namespace, and what an address.
_NAME, _ADDRESS = re.compile(r"(?!ip)[a-z]{1,7}\d{1,3}(?:\.\d)?|v[abx]|cni0"), re.compile(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?")


def _fault(lab: labkit.Lab, on: str, line: str, compare: bool, summary: Summary) -> str | None:
    """What a line did that it must not."""
    alone = line.split()[:1] and line.split()[0] not in MAY_CHANGE and "exec" not in line and "link set" not in line
    compare = bool(compare and alone and not set(line) & set("|;&`$\n>!"))
    before = lab.revision if compare else 0
    held = {name: ({*ns.tables}, ns.next_index) for name, ns in lab.namespaces.items()} if compare else {}
    start = time.process_time()
    try:
        with bounded(2 * SECONDS):
            answer = lab.sh(line, on=on)
        status, shown = answer.returncode, str(answer)
    except labkit.LabError:
        return None
    except TooLong:
        return f"it did not end within {2 * SECONDS} s of CPU"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {where.filename.rpartition('labkit/')[2]}:{where.lineno}: {str(error)[:100]}"
    seconds = time.process_time() - start
    summary.lines += 1
    summary.refused += bool(status)
    summary.slowest = max(summary.slowest, (seconds, line))
    for _ in range(6 if seconds > SECONDS else 0):  # a busy machine charges the same work up to twice the time: the fewest of some counts
        copy, start = lab.copy(), time.process_time()
        with suppress(labkit.LabError):
            copy.sh(line, on=on)
        seconds = min(seconds, time.process_time() - start)
    if seconds > SECONDS:
        return f"it took {seconds:.1f} s of CPU"
    if not 0 <= status <= 255:
        return f"its status is {status}"
    for name in held.keys() & lab.namespaces.keys():
        tables, index = held[name]
        # The table of a refused route is made first, as in the kernel (fib_new_table), and a link that is taken back
        # has had its index (register_netdevice; tests/commands/test_ip_link.py).
        for number in [n for n, table in lab[name].tables.items() if not len(table) and n not in tables]:
            del lab[name].tables[number]
        if status == 2 and line.startswith("ip"):
            lab[name].next_index = index
    unknown = "No link layer address" in shown  # the kernel makes the entry (NONE, never shown) before it misses the address
    if compare and status and not unknown and lab.revision != before:
        return f"it was refused and changed something: {shown[:100]!r}"
    return None


def _reads_back(random: Random, lab: labkit.Lab, summary: Summary) -> str | None:
    """Tables as printed are read back as they were; bent ones too, or they are refused."""
    on = random.choice([*lab.namespaces])
    if any(plain(interface.name) != interface.name for interface in lab[on].interfaces.values()):
        return None  # a name that a screen does not show, as a colour is none of the text, cannot be read from what it shows
    for line in ("ip route", "ip route show table all", "ip -j route", "ip -d route", "route -n", "netstat -rn"):
        text = lab.sh(line, on=on).stdout
        cut = random.randrange(len(text) + 1)
        for given in (text, text[:cut] + random.choice(_PASTED) + text[cut:]):
            try:
                table = labkit.RouteTable.parse(given)
                summary.tables += 1
                if labkit.RouteTable.parse(str(table)) != table:
                    return f"a table of {line} is not read back as it was: {given[:200]!r}"
            except labkit.LabError as error:
                if given is text and "IPv6" not in str(error):
                    return f"a table of {line} is refused: {error}"
            except Exception as error:
                return f"{type(error).__name__} from RouteTable.parse({given[:200]!r})"
    return None


_PASTED = ("\u200b", "…", "\n# ip r\n", "\\", "9" * 20, "²", "\xa0", "[", "via", "\x1b[0m", "\r", "nhid 7", "\n\tnexthop ")


def _shorter(fault: Fault, base: labkit.Lab) -> Fault:
    """The last line alone, if that is enough; else as few of those before as a look at each finds."""
    kept = list(fault.lines)
    for at in reversed(range(len(kept) - 1)):
        fewer = kept[:at] + kept[at + 1 :]
        if _again(fewer, base, fault.what):
            kept = fewer
    return Fault(fault.what, fault.scenario, tuple(kept))


def _again(lines: list[tuple[str, str]], base: labkit.Lab, what: str) -> bool:
    lab, found = base.copy(), None
    for on, line in lines:
        if on not in lab.namespaces:
            return False
        found = _fault(lab, on, line, True, Summary())
    return found is not None and found.split(":")[0] == what.split(":")[0]
