"""A Diff as a table: the prediction on the left, the observation on the right, a row for each packet at each place.

The first column says in a word whether they agree; above a row that does not stand the predicted decisions to doubt.
`%load_ext labkit` makes notebooks show every Diff like this, and every Judgement that has one (output.py).
"""

from html import escape

from ..kernel import Judgement
from ..trace.diff import Diff, Row

_WORDS = {"same": "= same", "header": "! header", "missing": "− missing", "extra": "+ extra"}
_LEFT = "style='text-align:left;white-space:nowrap'"
_HEAD = "".join(f"<th scope='col' {_LEFT}>{word}</th>" for word in ("agrees?", "where", "predicted", "observed"))


def diff_html(diff: Diff) -> str:
    """The verdict, and the table behind it, open where something differs; notes and a different outcome below it."""
    verdict = str(diff).splitlines()[0]
    below = [f"{name}: {one} predicted, {other} observed" for name, one, other in diff.outcome]
    below += [f"note: {note}" for note in diff.notes]
    listed = "".join(f"<li>{escape(line)}</li>" for line in below)
    rows = "".join(_row(row) for row in diff.rows)
    is_open = "" if diff.same else " open='open'"
    return (
        f"<details{is_open}><summary><b>{escape(verdict)}</b></summary>"
        "<p>← came in by the interface, → went out by it</p>"
        "<div style='max-height:28em;overflow:auto' tabindex='0' role='region' aria-label='prediction and observation'>"
        f"<table class='labkit-diff' style='text-align:left'><thead><tr>{_HEAD}</tr></thead><tbody>{rows}</tbody></table></div></details>"
        f"{f'<ul>{listed}</ul>' if listed else ''}"
    )


def _row(row: Row) -> str:
    namespace, interface, direction = row.place
    where = f"{namespace} {'←' if direction == 'in' else '→'} {interface}"
    predicted = str(row.predicted.packet) if row.predicted else "not seen"
    observed = "the same" if row.kind == "same" else str(row.observed.packet) if row.observed else "not seen"
    cells = f"<td {_LEFT}>{escape(where)}</td>"
    cells += "".join(f"<td style='text-align:left'>{escape(text)}</td>" for text in (predicted, observed))
    doubts = "; ".join(row.doubts)
    above = f"<tr><td></td><td colspan='3' style='text-align:left'>doubt: {escape(doubts)}</td></tr>" if doubts else ""
    return f"{above}<tr><th scope='row' {_LEFT}>{_WORDS[row.kind]}</th>{cells}</tr>"


def judgement_html(judged: Judgement) -> str:
    """Its comparison; where there is none, the prediction and why it stands alone."""
    if judged.compared is not None:
        return diff_html(judged.compared)
    return "".join(f"<p>{escape(line)}</p>" for line in str(judged).splitlines())
