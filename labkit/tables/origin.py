"""Who wrote a line, and with which command.

Every line of every table carries an `Origin`: the kernel itself ("kernel"), a person at the
shell ("you"), or a control plane ("docker", "flanneld", "kubelet", …). It is never compared
when two lines are.
"""

from dataclasses import dataclass

from .values import Value


@dataclass(frozen=True, slots=True)
class Origin(Value):
    who: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.who}: {self.command}" if self.command else self.who


YOU = Origin("you")
KERNEL = Origin("kernel")
