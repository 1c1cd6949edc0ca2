"""A picture in words: for who cannot see it, and for where no picture can be shown."""

from difflib import SequenceMatcher
from itertools import groupby

from ..lab.lab import Lab
from ..trace.trace import Trace
from .contents import state


def title_of(lab: Lab, trace: Trace | None) -> str:
    if trace is not None:
        return trace.title
    machines = [ns.name for ns in lab.namespaces.values() if ns.name == ns.machine]
    return f"the lab: {', '.join(machines)}"


def describe(lab: Lab, trace: Trace | None = None, before: Trace | None = None) -> str:
    """Sentences that say what the picture shows."""
    inside = sum(ns.name != ns.machine for ns in lab.namespaces.values())
    machines = len(lab.namespaces) - inside
    sentences = [f"{_count(machines, 'machine')} with {_count(inside, 'further namespace')}."]
    if trace is None:
        return sentences[0]
    sentences.append(f"The packet comes by {way_words(trace)}.")
    verdict = str(trace.verdict)
    sentences.append(f"{verdict[0].upper()}{verdict[1:]}.")
    if before is not None:
        sentences.append(difference(trace, before))
    return " ".join(sentences)


def way_words(trace: Trace) -> str:
    """Every interface a tap would have seen the packet on, in order."""
    return ", ".join(_way(trace)) or "no interface"


def _way(trace: Trace) -> list[str]:
    places = [f"{step.namespace} {step.interface}" for step in trace.steps if step.sighting and not step.aside]
    return [place for place, _ in groupby(places)]


def difference(trace: Trace, before: Trace) -> str:
    """What is not as it was in the trace before, in a sentence."""
    now, then = _way(trace), _way(before)
    if now == then:
        same = str(trace.verdict) == str(before.verdict)
        return "The way is the same as before." if same else f"The same way as before, but then: {before.verdict}."
    common = next((i for i, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    where = f"after {now[common - 1]}" if common else "from the start"
    return f"Not as before {where}; before: {before.verdict}."


def hops(trace: Trace) -> list[tuple[str, str]]:
    """(where, what) of every sighting on the packet's own way."""
    return [(f"{s.namespace} {s.interface} {s.kind}", s.text) for s in trace.steps if s.sighting and not s.aside]


def differing_hops(trace: Trace, before: Trace) -> list[tuple[str, str]]:
    """(sign, hop) of what is not as it was: "gone", "new", or "changed" where only the packet differs."""
    now, then = hops(trace), hops(before)
    matcher = SequenceMatcher(None, [place for place, _ in then], [place for place, _ in now], autojunk=False)
    found = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for (place, old), (_, new) in zip(then[a:b], now[c:d], strict=True):
                found += [("changed", f"{place}: {new}; before: {old}")] if old != new else []
        else:
            found += [("gone", f"{place}: {packet}") for place, packet in then[a:b]]
            found += [("new", f"{place}: {packet}") for place, packet in now[c:d]]
    return found


def observed_words(predicted: Trace, seen: Trace) -> str:
    """What the kernel did with the same probe: a sentence, and every packet when it is not what was predicted."""
    found = predicted.diff(seen)
    if not found.same:
        return f"The kernel does something else: {seen.verdict}.\n{found}"
    count = len(found.rows)
    what = f"{_count(count, 'sighting')}, each" if count else "nothing,"
    return "\n".join([f"The kernel does the same: {seen.verdict}.", f"On the interfaces: {what} as predicted.", *found.notes])


def as_text(lab: Lab, trace: Trace | None = None) -> str:
    """The picture as lines of text: each namespace with its interfaces and what they lead to."""
    lines = []
    for ns in lab.namespaces.values():
        lines.append(f"{ns.name}" if ns.name == ns.machine else f"  {ns.name}")
        for interface in ns.by_index():
            if interface.kind == "loopback":
                continue
            words = [interface.name, *(f"{a.ip}/{a.prefixlen}" for a in interface.addresses)]
            if interface.kind not in ("veth",):
                words.append(f"({interface.kind})")
            if interface.master:
                words.append(f"in {interface.master}")
            peer = lab.peer(interface)
            if peer is not None:
                words.append(f"<-> {peer.namespace} {peer.name}")
            if state(interface):
                words.append(f"[{state(interface)}]")
            lines.append(("    " if ns.name != ns.machine else "  ") + " ".join(words))
    if trace is not None:
        lines += [trace.title, f"  by {way_words(trace)}", f"  => {trace.verdict}"]
    return "\n".join(lines)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
