"""Runs notebooks from top to bottom and stores their outputs: `python -m tests.regenerate NOTEBOOK…`.

A stored notebook is a golden file: text outputs are compared in CI, so everything that differs from run to run without
meaning anything is left out: the times of execution, the saved state of widgets (GitHub does not draw them anyway) and
the random ids that tie a widget's output to that state.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 60  # seconds; without one nbclient waits for ever


def execute(path: Path) -> str:
    """The text of the notebook at `path` after running it in its own folder; raises on a cell that fails unexpectedly."""
    notebook = nbformat.read(path, as_version=4)
    # What a cell prints may come in one message or in several, as chance has it: coalesced, it is one output.
    client = NotebookClient(notebook, timeout=CELL_TIMEOUT, record_timing=False, store_widget_state=False, coalesce_streams=True,
                            kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    client.execute()
    return clean(notebook)


def clean(notebook: nbformat.NotebookNode) -> str:
    """The notebook's text without what differs from run to run or from machine to machine."""
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        for output in cell.get("outputs", []):
            if WIDGET in output.get("data", {}):
                output["data"][WIDGET]["model_id"] = "0" * 32
    return nbformat.writes(notebook) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.regenerate", description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="+", type=Path)
    for path in parser.parse_args().notebook:
        before, after = path.read_text(encoding="utf-8"), execute(path)
        path.write_text(after, encoding="utf-8")
        print(f"{path}: {'unchanged' if after == before else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
