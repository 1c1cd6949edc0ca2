"""A Diff as text: the prediction on the left, the observation on the right, and above a difference what to doubt."""

_SIGN = {"same": "  ", "header": "! ", "missing": "- ", "extra": "+ "}
#: The left column is as wide as its widest cell, but no wider than this.
_WIDEST = 100


def diff_text(diff) -> str:
    """One line a row; the first line is the verdict."""
    width = min(max((len(_cell(row.predicted)) for row in diff.rows), default=0), _WIDEST)
    lines = [_verdict(diff), f"  {'predicted':<{width}} observed"]
    for row in diff.rows:
        lines += [f"    doubt: {doubt}" for doubt in row.doubts]
        lines.append(f"{_SIGN[row.kind]}{_cell(row.predicted):<{width}} {_cell(row.observed) if row.kind != 'same' else 'same'}")
        lines += [f"    {name}: {one} predicted, {other} observed" for name, one, other in row.fields]
    lines += [f"! {name}: {_list(one)} predicted, {_list(other)} observed" for name, one, other in diff.outcome]
    lines += [f"  note: {note}" for note in diff.notes]
    return "\n".join(lines)


def _verdict(diff) -> str:
    if diff.same:
        return f"same: {len(diff.rows)} sightings agree"
    counts = [f"{diff.count(kind)} {kind}" for kind in ("same", "header", "missing", "extra") if diff.count(kind)]
    return "different: " + ", ".join(counts + (["another outcome"] if diff.outcome else []))


def _cell(sighting) -> str:
    if sighting is None:
        return "-"
    arrow = "<-" if sighting.direction == "in" else "->"
    return f"{sighting.namespace} {arrow} {sighting.interface} {sighting.packet}"


def _list(value) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)
