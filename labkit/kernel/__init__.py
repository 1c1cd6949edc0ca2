"""The judge: a lab in real network namespaces, its packets watched hop by hop.

Words: to realize a lab is to build it in a child process's own namespaces; a tap shows what passes an interface; an
observed Trace is what the taps saw, in the values of a predicted one. Needs Linux; `available()` says what it allows.
"""

from .availability import Availability, available
from .realize import Judgement, Real, judge

__all__ = ["Availability", "Judgement", "Real", "available", "judge"]
