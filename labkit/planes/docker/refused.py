"""What the engine refuses, in its own words."""

from ...errors import LabError


class Refused(LabError):
    """The daemon's sentence; `created` is the id of a container that exists although it did not start."""

    def __init__(self, message: str, created: str = ""):
        super().__init__(message)
        self.created = created
