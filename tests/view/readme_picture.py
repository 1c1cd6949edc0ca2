"""The picture in the README: the notes' cluster and the way of one ping. `python -m tests.view.readme_picture` redraws it."""

from pathlib import Path

import labkit
from labkit.view import show

PICTURE = Path(__file__).parents[2] / "notebooks" / "pictures" / "seed-cluster.svg"


def drawn() -> str:
    lab = labkit.scenarios.seed_cluster()
    bundle = show(lab, lab.trace("wp-mysql-t5w0m", "10.20.92.11"))._repr_mimebundle_()
    return bundle["image/svg+xml"] + "\n"


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
