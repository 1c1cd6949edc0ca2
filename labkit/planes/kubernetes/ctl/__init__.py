"""kubectl 1.32: words over the API server's objects (the columns, sentences and statuses: tests/recordings/kubernetes).

`command` reads a line and finds the verb; `resources` finds objects by type and name; `getting` with `printing` and `fields`, `describing`
show them; `manifests` reads YAML and JSON, `applying` and `changing` write; `executing` is exec and logs. The kubectl of the source notes
(1.2 to 1.6) is ../kubectl.py.
"""

from .command import install

__all__ = ["install"]
