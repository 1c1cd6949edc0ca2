"""Writes the links that depend on where this repository lies into README.md: `python -m hosting.links`, which is `make links`.

The address stands in one place, pyproject.toml ([tool.labkit] repository).
"""

import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

from labkit.course.copy import FIRST

ROOT = Path(__file__).parent.parent
MARK = "<!-- The links, written by `make links`: -->\n"


def links(address: str) -> str:
    """The definitions that README's links name."""
    owner, name = urlsplit(address).path.strip("/").split("/")
    pages = f"https://{owner.lower()}.github.io/{name}/"
    found = {
        "repository": address,
        "browser": f"{pages}lite/",
        "pages": pages,
        "binder": f"https://mybinder.org/v2/gh/{owner}/{name}/HEAD?urlpath=lab/tree/my-course/{FIRST}",
        "nbgitpuller": f"https://hub.example/hub/user-redirect/git-pull?repo={quote(address, safe='')}&branch=main"
                       f"&urlpath=lab/tree/{name}/notebooks/{FIRST}",
        "colab": f"https://colab.research.google.com/github/{owner}/{name}/blob/main/notebooks/{FIRST}",
    }
    return "".join(f"[{word}]: {link}\n" for word, link in found.items())


def written(readme: str) -> str:
    """README with its links as they have to be."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["labkit"]["repository"]
    return readme.partition(MARK)[0] + MARK + links(address)


if __name__ == "__main__":
    place = ROOT / "README.md"
    place.write_text(written(place.read_text(encoding="utf-8")), encoding="utf-8")
