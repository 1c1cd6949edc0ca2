"""What a learner hears back: right, wrong and why, or not tried yet.

Not tried, wrong, and "your code raised an error" are three different things and are told apart.
"""

from dataclasses import dataclass

_HEADS = {
    "right": "Right.", "wrong": "Not quite.", "open": "Not answered yet.", "odd": "That is not an answer of the kind asked for.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feedback:
    """status: "right", "wrong", "open" (not tried) or "odd" (not the kind of answer asked for)."""

    status: str
    text: str

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        return f"{_HEADS[self.status]} {self.text}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        """For notebooks, which break lines of plain text in the middle of words."""
        text = self.text.replace("<", "&lt;").replace("*", r"\*")
        return f"**{_HEADS[self.status]}** {text}"
