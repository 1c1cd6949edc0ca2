"""The packet filter: at each of the five places the chains of the tables are walked, in the kernel's order.

Connections are followed in `tracking.py`, addresses translated in `translation.py`; what a rule asks is in `matching.py`. kernel:
net/netfilter/x_tables.c, nf_tables_core.c nft_do_chain, nf_reject_ipv4.c.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..lab.connections import Tracked
from ..lab.namespace import Namespace
from ..lab.packet import ECHO_REPLY, Packet
from ..tables.chains import ASKED, Rule, Table
from .engine import Net
from .matching import DEALT, destinations, probability, tests
from .tracking import confirm, track
from .translation import TRANSLATIONS, translate
from .walk import Walk, device, drop, tell

#: ICMP codes of "destination unreachable" by the words of --reject-with.
REJECTIONS = {
    "icmp-net-unreachable": 0, "icmp-host-unreachable": 1, "icmp-proto-unreachable": 2, "icmp-port-unreachable": 3,
    "icmp-net-prohibited": 9, "icmp-host-prohibited": 10, "icmp-admin-prohibited": 13,
}  # fmt: skip
#: Of a chain that is walked at most so many rules that do not match are told.
MOST_TOLD = 40


def walk(net: Net, ns: Namespace, place: str, packet: Packet, iif: str | None, oif: str | None, **way) -> Packet | None:
    """The packet as it leaves this place, or None where it goes no further. `way`: next_hop, out_port (of a bridged packet), reroute (what
    looks a packet of our own up again: behind mangle and nat, where these changed what it is looked up by)."""
    here, reroute = Walk(net, ns, place, packet, iif, oif, **way), way.get("reroute")
    for name in ASKED[place]:
        if name == "":
            if here.netfilter.tracks:
                here.see(track(here))
            continue
        table, before = here.netfilter.tables.get(name), here.packet
        if name == "nat":
            if not translate(here, table, _ask):
                return None
        elif table is not None and not _ask(here, table):
            return None
        after = here.packet
        if reroute is not None and (before.dst != after.dst or name == "mangle" and before.mark != after.mark):
            after = reroute(after)
            if after is None:
                return None
            here.see(after)
    if place in ("INPUT", "POSTROUTING") and not confirm(here):
        return None
    return here.packet


def _ask(here: Walk, table: Table) -> bool:
    """Walk a table's chain for this place; whether the packet goes on."""
    chain = table.chains[here.place]
    if not chain.rules and chain.policy == "ACCEPT":
        if chain.counts:
            _count(here, chain)
        return True
    rules, at, stack, lost = chain.rules, 0, [], []
    inside, here.table, dealt = chain.name, table, 0
    while True:
        if at == len(rules):
            dealt = 0
            if not stack:
                return _end(here, table, chain, lost)
            rules, at, inside = stack.pop()
            continue
        rule = rules[at]
        at += 1
        spec = rule.spec
        if not spec._compiled:
            spec._compiled.extend((tests(spec), probability(spec)))
        asked, share = spec._compiled
        here.rule, here.rules, missed = rule, rules, ""
        for words, test in asked:
            if not test(here):
                missed = words
                break
        if share is not None and missed in ("", DEALT):
            dealt = dealt or at
        if missed:
            if len(lost) < MOST_TOLD:
                lost.append(f"{inside} {at}: {spec}: not {missed}")
            continue
        if dealt:
            _tell_choice(here, table, inside, rules, dealt - 1, rule)
            dealt = 0
        _count(here, rule)
        target = spec.target
        if not target:
            continue
        if target in table.chains:
            if not spec.goto:
                stack.append((rules, at, inside))
            rules, at, inside = table.chains[target].rules, 0, target
        elif target == "RETURN":
            if not stack:
                return _end(here, table, chain, lost)
            rules, at, inside = stack.pop()
        elif target == "ACCEPT":
            tell(here, table, f"`-A {inside} {spec}`: goes on", lost)
            return True
        elif target == "DROP":
            return drop(here, table, f"`-A {inside} {spec}`", lost)
        elif target == "REJECT":
            how = spec.get("--reject-with") or "icmp-port-unreachable"
            drop(here, table, f"`-A {inside} {spec}`", lost)
            # While the kernel sends an echo reply it holds what sends errors (net/ipv4/icmp.c icmp_xmit_lock).
            if here.place != "OUTPUT" or getattr(here.packet.transport, "type", None) != ECHO_REPLY:
                here.net.post("reject", here.ns.name, here.packet, REJECTIONS.get(how, -1))
            return False
        elif target == "MARK":
            value, _, mask = spec.get("--set-xmark").partition("/")
            here.packet = replace(here.packet, mark=here.packet.mark & ~int(mask or "0xffffffff", 0) & 0xFFFFFFFF ^ int(value, 0))
            tell(here, table, f"`-A {inside} {spec}`: mark {here.packet.mark:#x}", ())
        elif target == "CT":
            # an error of our own goes with what it is about, whatever raw says (xt_CT.c)
            if not spec.has("--notrack") or here.packet.tracked is not None:
                continue
            here.packet = replace(here.packet, tracked=Tracked(None, state="UNTRACKED"))
        elif target != "LOG":
            return TRANSLATIONS[target](here, table, f"`-A {inside} {spec}`", spec)


def _count(here: Walk, what) -> None:
    what.packets += 1
    what.bytes += here.packet.length


def _end(here: Walk, table: Table, chain, lost) -> bool:
    """No rule said what becomes of it: the policy does."""
    if chain.counts:
        _count(here, chain)
    if chain.policy == "DROP":
        return drop(here, table, f"no rule of {chain.name} takes it, policy DROP", lost)
    tell(here, table, f"no rule of {chain.name} takes it, policy ACCEPT: goes on", lost)
    return True


def _tell_choice(here: Walk, table: Table, inside: str, rules: list[Rule], first: int, taken: Rule) -> None:
    """All branches of a choice by chance: the rules with a probability, and the one after them that takes what is left."""
    branches = [*_branches(rules, first)]
    told = []
    for rule in branches:
        share, target = probability(rule.spec), f"-j {rule.spec.target}" if rule.spec.target else "counts only"
        leads = ", ".join(dict.fromkeys(destinations(table, rule.spec)))
        told.append(f"{share or 'what is left':<13} {target}{f' to {leads}' if leads else ''}{' <- this one' if rule is taken else ''}")
    at = f"{table.name} {here.place}"
    words = f"{at}: {inside} chooses by chance, one of {len(branches)}: -j {taken.spec.target}"
    here.net.step(here.ns, device(here), "choice", words, here.packet, details=tuple(told), at=at)


def _branches(rules: list[Rule], first: int) -> Iterator[Rule]:
    for rule in rules[first:]:
        yield rule
        if probability(rule.spec) is None:
            return
