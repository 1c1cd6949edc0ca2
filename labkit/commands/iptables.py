"""iptables(8) 1.8.9 (nf_tables): what each of its commands does to the tables of a namespace, and how it refuses.

The tool looks at its words first (status 2, `iptables_line.py`), then for chains and rules (1), and the kernel has the last word (4).
Source: iptables/xshared.c, nft.c, nft-shared.c of 1.8.9, and recordings of it.
"""

from collections.abc import Callable
from dataclasses import replace

from ..lab.connections import Netfilter
from ..tables.chains import BUILT_IN, Chain, Rule, Spec, Table
from .iptables_line import COMMANDS, Words, read
from .result import Context, Failure, Result
from .rule_listing import echoed, listing, saved_rules
from .rule_values import NotKnown, Refused

NAME = "iptables v1.8.9 (nf_tables)"
TRY = "Try `{0} -h' or '{0} --help' for more information.\n"


def iptables(ctx: Context, args: list[str]) -> Result:
    netfilter, words = ctx.ns.netfilter or Netfilter(), Words()
    try:
        read(args, words)
        if words.command in ("-V", "-h"):
            return Result(0, f"{NAME}\n" if words.command == "-V" else _help())
        result = run(ctx, netfilter, words)
        return replace(result, stderr=words.rules.warnings + result.stderr) if words.rules.warnings else result
    except Refused as refused:
        raise Failure(refused.status, words.rules.warnings + worded(refused, "iptables"), refused.said) from None
    except NotKnown as error:
        raise Failure(2, f"{error}\n") from None


def worded(refused: Refused, tool: str, hint: str = "") -> str:
    """The tool's sentence, with its name before it and its advice behind."""
    name = f"{tool} v1.8.9 (nf_tables): " if refused.hint or refused.status in (3, 4) else f"{tool}: "
    if refused.words.startswith("v1.8.9"):
        name = f"{tool} "
    return f"{'' if refused.bare else name}{refused.words}\n{hint}" + (TRY.format(tool) if refused.hint else "")


def nft(ctx: Context, args: list[str]) -> Result:
    """nftables' own words are not the lab's."""
    raise Failure(1, "The lab has no nft: iptables writes the same tables of the kernel, and iptables-save shows every rule in them.\n")


def _help() -> str:
    raise NotKnown(f"The lab's iptables knows {' '.join(COMMANDS)} and the words of a rule; iptables(8) has the long story.")


def no_such() -> Refused:
    return Refused("No chain/target/match by that name.", 1, hint=False)


def run(ctx: Context, netfilter: Netfilter, words: Words, check: bool = True) -> Result:
    """Do what a line says. `check`: the kernel looks at the table at once (iptables-restore has it look at COMMIT)."""
    done = _DO[words.command](ctx, netfilter, words, check)
    if check and words.command not in ("-L", "-S", "-C"):
        netfilter.changed()
        ctx.ns.netfilter = netfilter
    return Result(0, done or "")


def written(netfilter: Netfilter, name: str) -> Table:
    """The table to write into; from now on it exists."""
    return netfilter.tables.setdefault(name, Table(name))


def found_chain(netfilter: Netfilter, words: Words) -> Chain:
    chain = netfilter.table(words.table).chains.get(words.chain)
    if chain is None:
        raise no_such()
    return chain


def _specs(netfilter: Netfilter, words: Words) -> list[Spec]:
    return words.rules.specs(netfilter.table(words.table).chains)


def _add(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    specs = _specs(netfilter, words)
    found_chain(netfilter, words)
    existed = words.table in netfilter.tables
    if words.command == "-R" and not netfilter.table(words.table).chains[words.chain].real:
        raise no_such()
    table = written(netfilter, words.table)
    chain = table.chains[words.chain]
    before, was_real = [*chain.rules], chain.real
    packets, bytes_ = words.rules.counters or (0, 0)
    fresh = [Rule(spec, packets, bytes_, origin=ctx.lab.origin) for spec in specs]
    what = "RULE_APPEND"
    if words.command == "-A":
        chain.rules.extend(fresh)
    elif words.command == "-I":
        at = (words.number or 1) - 1
        what = "RULE_INSERT" if at == 0 or at < len(before) else "RULE_APPEND"
        if at > len(before):
            _undo(netfilter, words, existed)
            raise Refused("Index of insertion too big.", 1, hint=False)
        chain.rules[at:at] = fresh[::-1] if len(fresh) > 1 else fresh
    else:
        what = "RULE_REPLACE"
        if len(fresh) > 1:
            raise Refused("Replacement rule does not specify a unique address")
        if words.number > len(before):
            _undo(netfilter, words, existed)
            raise Refused("Index of replacement too big.", 1, hint=False)
        chain.rules[words.number - 1] = fresh[0]
    chain.real = True
    fault = table.fault() if check else None
    if fault is not None:
        chain.rules, chain.real = before, was_real
        _undo(netfilter, words, existed)
        raise Refused(f" {what} failed ({fault[0]}): rule in chain {words.chain}", 4, hint=False)
    return echoed(specs) if words.verbose else ""


def _undo(netfilter: Netfilter, words: Words, existed: bool) -> None:
    if not existed:
        netfilter.tables.pop(words.table, None)


def _delete(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    chain = netfilter.table(words.table).chains.get(words.chain)
    if words.number is not None:
        if chain is None or not chain.real:
            raise no_such()
        if words.number > len(chain.rules):
            raise Refused("Index of deletion too big.", 1, hint=False)
        del chain.rules[words.number - 1]
        return ""
    specs = _specs(netfilter, words)
    for spec in specs:
        at = _place(chain, spec)
        if at is None:
            raise Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
        del chain.rules[at]
    return echoed(specs) if words.verbose else ""


def _check(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    specs = _specs(netfilter, words)
    chain = netfilter.table(words.table).chains.get(words.chain)
    if any(_place(chain, spec) is None for spec in specs):
        raise Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
    return echoed(specs) if words.verbose else ""


def _place(chain: Chain | None, spec: Spec) -> int | None:
    return next((at for at, rule in enumerate(chain.rules) if rule.spec == spec), None) if chain is not None else None


def _new(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.chain in netfilter.table(words.table).chains:
        raise Refused("Chain already exists.", 1, hint=False)
    written(netfilter, words.table).chains[words.chain] = Chain(words.chain, origin=ctx.lab.origin)
    return ""


def _drop_chain(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    """-X. Without a name all go that somebody made, and of the built-in ones those that do nothing: without rules, policy ACCEPT
    (iptables/nft.c nft_may_delete_chain)."""
    table = netfilter.tables.get(words.table)
    chains = table.chains if table is not None else {}
    own = sorted(name for name, chain in chains.items() if chain.policy is None)
    if words.chain:
        chain = found_chain(netfilter, words)
        if chain.policy is not None and (table is None or not chain.real):
            raise no_such()
        if chain.policy == "DROP":
            raise Refused("Directory not empty.", 1, hint=False)
        names = [words.chain]
    else:
        names = own + [name for name, chain in chains.items() if chain.policy == "ACCEPT" and not chain.rules]
    said = "".join(f"Deleting chain `{name}'\n" for name in names if words.verbose and (words.chain or name in own))
    busy = next((name for name in names if table.references(name) or chains[name].rules), None)
    if busy is not None:
        raise Refused(f" CHAIN_DEL failed (Device or resource busy): chain {busy}", 4, hint=False, said=said)
    for name in names:
        if chains[name].policy is not None:
            chains[name] = Chain(name, "ACCEPT", real=False)
        else:
            del chains[name]
    return said


def _rename(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.tables.get(words.table)
    chain = table.chains.get(words.chain) if table is not None else None
    if words.more in netfilter.table(words.table).chains:
        raise Refused("File exists.", 1, hint=False)
    if chain is None or not chain.real:
        raise no_such()
    if chain.policy is not None:
        table.chains[words.chain] = Chain(words.chain, "ACCEPT", real=False)
        table.stray = True
        return ""
    del table.chains[words.chain]
    chain.name = words.more
    table.chains[words.more] = chain
    for holder in table.chains.values():
        for rule in holder.rules:
            if rule.spec.target == words.chain:
                fields = {name: getattr(rule.spec, name) for name in Spec.__dataclass_fields__ if name != "_compiled"}
                rule.spec = Spec(**{**fields, "target": words.more})
    return ""


def _flush(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.chain:
        found_chain(netfilter, words)
        chain = written(netfilter, words.table).chains[words.chain]
        chain.rules, chain.real = [], True
        return f"Flushing chain `{words.chain}'\n" if words.verbose else ""
    said = ""
    table = netfilter.tables.get(words.table)
    for chain in table.listed() if table is not None else ():
        chain.rules = []
        said += f"Flushing chain `{chain.name}'\n" if words.verbose and chain.real else ""
    return said


def _zero(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.tables.get(words.table)
    if words.chain and not ((chain := netfilter.table(words.table).chains.get(words.chain)) and chain.real):
        bad_rule = Refused("Bad rule (does a matching rule exist in that chain?).", 1, hint=False)
        raise no_such() if words.number is None else bad_rule
    said = ""
    for chain in [] if table is None else [table.chains[words.chain]] if words.chain else table.listed():
        if words.number is not None:
            for rule in chain.rules[words.number - 1 : words.number]:
                rule.packets = rule.bytes = 0
            continue
        chain.packets = chain.bytes = 0
        chain.counts = chain.counts or chain.real and chain.policy is not None
        for rule in chain.rules:
            rule.packets = rule.bytes = 0
        said += f"Zeroing chain `{chain.name}'\n" if words.verbose else ""
    return said


def _policy(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    if words.more not in ("ACCEPT", "DROP"):
        raise Refused("Bad policy name. Run `dmesg' for more information.", 1, hint=False)
    if words.chain not in BUILT_IN[words.table]:
        raise Refused("Bad built-in chain name.", 1, hint=False)
    chain = written(netfilter, words.table).chains[words.chain]
    chain.policy, chain.real, chain.counts, chain.origin = words.more, True, True, ctx.lab.origin
    chain.packets, chain.bytes = words.rules.counters or (0, 0)
    return ""


def _shown(netfilter: Netfilter, words: Words) -> list[Chain]:
    table = netfilter.table(words.table)
    if words.chain:
        if words.chain not in table.chains:
            why = f"chain `{words.chain}' in table `{words.table}' is incompatible, use 'nft' tool."
            raise Refused(f"v1.8.9 (nf_tables): {why}", 1, hint=False)
        return [table.chains[words.chain]]
    return table.listed()


def _stray(netfilter: Netfilter, words: Words) -> str:
    if not words.chain and words.table in netfilter.tables and netfilter.tables[words.table].stray:
        return f"# Table `{words.table}' contains incompatible base-chains, use 'nft' tool to list them.\n"
    return ""


def _list(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    table = netfilter.table(words.table)
    said = _stray(netfilter, words) + listing(table, _shown(netfilter, words), words)
    return said + _zero(ctx, netfilter, words, check) if words.zero else said


def _list_rules(ctx: Context, netfilter: Netfilter, words: Words, check: bool) -> str:
    chains = _shown(netfilter, words)
    lines = []
    for chain in chains if words.number is None else ():
        counted = f" -c {chain.packets} {chain.bytes}" if words.verbose and chain.policy else ""
        lines.append(f"-P {chain.name} {chain.policy}{counted}" if chain.policy else f"-N {chain.name}")
    for chain in chains:
        lines += saved_rules(chain, "inside" if words.verbose else "", words.number)
    return _stray(netfilter, words) + "".join(f"{line}\n" for line in lines)


_DO: dict[str, Callable[[Context, Netfilter, Words, bool], str]] = {
    "-A": _add, "-I": _add, "-R": _add, "-D": _delete, "-C": _check, "-N": _new, "-X": _drop_chain, "-E": _rename, "-F": _flush,
    "-Z": _zero, "-P": _policy, "-L": _list, "-S": _list_rules,
}  # fmt: skip
