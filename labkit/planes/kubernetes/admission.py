"""What the API server makes of a manifest: it refuses, fills in what was left out, and gives out addresses and ports."""

from copy import deepcopy


class Refused(ValueError):
    """The server's words, and its reason as kubectl prints it: NotFound, BadRequest, …; "" for an object that is invalid."""

    def __init__(self, message: str, reason: str = ""):
        super().__init__(message)
        self.reason = reason


def admitted(api, manifest: dict) -> dict:
    """The whole object; Refused."""
    one = deepcopy(manifest)
    if one["kind"] not in ("Node", "Namespace"):
        one["metadata"].setdefault("namespace", "default")
    return one
