"""The executed course as pages to read without Python, from a folder or a web server: `python -m hosting.pages FOLDER`.

Sphinx and MyST-NB make them of the stored notebooks; its search works without a server. What they leave to us are the pictures: each
becomes a file, as SVG and beside it as a bitmap, so that it is seen where scripts and SVG are taken out of a page. What explorers
and checks would do is not there; neither is anything that the stored notebooks do not show, such as the instructor's key.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import resvg_py
from matplotlib import get_data_path

from labkit.course.files import find

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
FONTS = str(Path(get_data_path(), "fonts", "ttf"))  # so that a bitmap looks alike on every machine
SVG, HTML, WIDGET = "image/svg+xml", "text/html", "application/vnd.jupyter.widget-view+json"
INDEX = """# Container networking by hand

The course as it looks when every cell has been run, to read without Python. To type, predict and break things yourself, take the
course itself: its README says how to start in a clone, on Binder, or in a browser alone.

```{{toctree}}
:maxdepth: 1

{chapters}
```

```{{toctree}}
:caption: For teachers
:maxdepth: 1

{docs}
```
"""


def joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def bitmap(svg: str) -> bytes:
    """The picture in its light colours. resvg knows neither CSS's variables, which get the first value they are given, nor its :is()."""
    values = dict(reversed(re.findall(r"--(\w+):([^;}]+)", svg)))
    plain = re.sub(r"var\(--(\w+)\)", lambda name: values[name[1]], svg)
    plain = re.sub(r"([^{},]*):is\(([^)]*)\)([^{},]*)",
                   lambda found: ",".join(found[1] + one + found[3] for one in found[2].split(",")), plain)
    return resvg_py.svg_to_bytes(svg_string=plain, zoom=2, dpi=96, font_dirs=[FONTS], skip_system_fonts=True, font_family="DejaVu Sans",
                                 monospace_family="DejaVu Sans Mono", sans_serif_family="DejaVu Sans")


def shown(svg: str, html: str, name: str, pictures: Path) -> str:
    """The HTML for a picture, whose two files are written."""
    (pictures / f"{name}.svg").write_text(svg, encoding="utf-8")
    (pictures / f"{name}.png").write_bytes(bitmap(svg))
    said = re.search(r' alt="([^"]*)"', html)
    width = re.search(r'<svg[^>]* width="([0-9.]+)', svg)
    return (f'<picture><source type="image/svg+xml" srcset="pictures/{name}.svg"><img src="pictures/{name}.png" '
            f'alt="{said[1] if said else ""}" width="{float(width[1]):.0f}" style="height:auto"></picture>')


def with_files(notebook: dict, stem: str, pictures: Path) -> dict:
    """A notebook whose pictures are files, and whose explorers are what they show at first."""
    outputs: Iterator[dict] = (output for cell in notebook["cells"] for output in cell.get("outputs", ()) if "data" in output)
    for number, data in enumerate(output["data"] for output in outputs):
        data.pop(WIDGET, None)
        if SVG in data:
            data[HTML] = shown(joined(data.pop(SVG)), joined(data[HTML]), f"{stem}-{number}", pictures)
    return notebook


def build(target: Path) -> None:
    """The pages in a folder, in place of what was there."""
    with tempfile.TemporaryDirectory(prefix="pages-") as name:
        source, extra = Path(name, "source"), Path(name, "extra")
        shutil.copytree(DOCS, source)
        (extra / "pictures").mkdir(parents=True)
        books = sorted(find("notebooks").glob("[0-9]*.ipynb"))
        for book in books:
            notebook = with_files(json.loads(book.read_text(encoding="utf-8")), book.stem, extra / "pictures")
            (source / book.name).write_text(json.dumps(notebook), encoding="utf-8")
        pages = sorted(path.stem for path in DOCS.glob("*.md"))
        index = INDEX.format(chapters="\n".join(book.stem for book in books), docs="\n".join(pages))
        (source / "index.md").write_text(index, encoding="utf-8")
        words = ["-q", "-W", "--keep-going", "-b", "html", "-c", HERE, "-D", f"html_extra_path={extra}", source, Path(name, "out")]
        if subprocess.call([sys.executable, "-m", "sphinx", *words]):
            sys.exit("The pages could not be made; why is said above.")
        shutil.rmtree(Path(name, "out", ".doctrees"))
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(name, "out"), target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m hosting.pages", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    build(folder)
    print(f"The course to read is in {folder}; open {folder / 'index.html'}")
