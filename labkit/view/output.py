"""How a notebook shows what has text: whole lines in a box that scrolls, comparisons as tables; in plain text as they print.

Jupyter breaks a long line of an output in the middle of a word, and a table of routes is not to be read then.
"""

from html import escape

from ..commands.result import Result
from ..kernel import Judgement
from ..lab.lab import Answer
from ..tables.table import Lookup, RouteTable
from ..trace.diff import Diff
from ..trace.trace import Told, Trace, Verdict
from .diff_table import diff_html, judgement_html
from .picture import FOCUS


def whole_lines(text: str) -> str:
    """HTML that keeps each line of a text whole; what does not fit is reached by the arrow keys."""
    return f'<pre {FOCUS} style="white-space:pre;overflow-x:auto;margin:0">{escape(text.rstrip(chr(10)))}</pre>'


def install(formatters) -> None:
    """Teach a notebook's display formatters to show these."""
    texts = {kind: lambda value: whole_lines(str(value)) for kind in (Answer, Lookup, Result, RouteTable, Told, Trace, Verdict)}
    for kind, html in {Diff: diff_html, Judgement: judgement_html, **texts}.items():
        formatters["text/html"].for_type(kind, html)
        formatters["text/plain"].for_type(kind, lambda value, printer, cycle: printer.text(str(value)))
