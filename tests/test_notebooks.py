"""The stored notebooks are what running them gives, byte for byte, and they can be run anywhere.

nbval compares the outputs cell by cell (see the Makefile); here stands what nbval does not look at.
"""

import re
from pathlib import Path

import nbformat
import pytest

from tests.regenerate import WIDGET, clean, execute

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def code_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]


@every_notebook
def test_a_notebook_is_stored_without_what_differs_from_run_to_run(path):
    assert path.read_text(encoding="utf-8") == clean(nbformat.read(path, as_version=4))


@every_notebook
def test_every_cell_has_been_run_in_order(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_nbval_skips_no_cell(path):
    assert not [cell.source for cell in code_cells(path)
                if "nbval-skip" in cell.metadata.get("tags", []) or "NBVAL_SKIP" in cell.source]


@every_notebook
def test_a_notebook_runs_from_any_working_directory(path):
    """Files of the course are asked for by labkit.course.files, wherever the kernel was started."""
    assert not [cell.source for cell in code_cells(path) if re.search(r"\bopen\(|\bPath\(|\.\./", cell.source)]


@every_notebook
@pytest.mark.needs("namespaces", "vxlan", "tun")  # where one is not at hand, the doctor and "on the real kernel" cells say so
def test_running_a_notebook_again_changes_no_byte(path):
    assert execute(path) == path.read_text(encoding="utf-8")


def test_cleaning_leaves_sources_tags_and_outputs_and_drops_the_rest():
    output = nbformat.v4.new_output("display_data", {WIDGET: {"model_id": "5eed"}, "text/plain": "HTML(value='x')"})
    cell = nbformat.v4.new_code_cell("show()", id="a", execution_count=1, outputs=[output],
                                     metadata={"tags": ["raises-exception"], "execution": {"iopub.status.busy": "now"}})
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={
        "widgets": {}, "language_info": {"name": "python", "version": "3.11.7"}})
    kept = nbformat.reads(clean(notebook), as_version=4)
    assert (kept.cells[0].source, kept.cells[0].metadata) == ("show()", {"tags": ["raises-exception"]})
    assert kept.cells[0].outputs[0].data == {WIDGET: {"model_id": "0" * 32}, "text/plain": "HTML(value='x')"}
    assert set(kept.metadata) == {"kernelspec", "language_info"} and kept.metadata.language_info == {"name": "python"}
