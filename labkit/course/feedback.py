"""What a learner hears back: right, wrong and why, or not tried yet.

Not tried, wrong, right in another form, and "not an answer at all" are different things and are told apart.
"""

import re
from dataclasses import dataclass

_HEADS = {
    "right": "Right.", "wrong": "Not quite.", "open": "Not answered yet.", "form": "Right, in another form.",
    "odd": "That is not an answer of the kind asked for.",
}  # fmt: skip

#: What means something to Markdown or HTML, and what makes a bare address a link (GitHub Flavored Markdown 6.9).
_MARKUP = re.compile(r"[\\`*_\[\]|~$<&@]|(?<=\])\(|:(?=//)|(?<=www)\.", re.IGNORECASE)
#: Where a backslash is not enough; MathJax looks for pairs of $ in what Markdown has made, but not across elements.
_LITERAL = {"<": "&lt;", "&": "&amp;", "$": r"<span>\$</span>"}
_CODE = re.compile(r"(`[^`\n]+`)")


@dataclass(frozen=True, slots=True)
class Feedback:
    """status: "right", "wrong", "open" (not tried), "form" (right, but written in another way) or "odd".

    `given` is what was typed, where that is repeated; in `text`, our own words, `…` marks what is code.
    """

    status: str
    text: str
    given: str = ""

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        return " ".join(filter(None, (_HEADS[self.status], self.given, self.text)))

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        """For notebooks, which break lines of plain text in the middle of words. No typed text is ever markup."""
        pieces = _CODE.split(" ".join(self.text.split()))
        text = "".join(piece if place % 2 else _literal(piece) for place, piece in enumerate(pieces))
        return " ".join(filter(None, (f"**{_HEADS[self.status]}**", _literal(self.given), text)))


def _literal(text: str) -> str:
    return _MARKUP.sub(lambda found: _LITERAL.get(found[0], "\\" + found[0]), text)
