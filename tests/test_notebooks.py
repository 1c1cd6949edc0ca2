"""The stored notebooks are what running them gives, byte for byte, and they can be run anywhere.

nbval compares the outputs cell by cell (see the Makefile); here stands what nbval does not look at.
"""

import re
from pathlib import Path

import nbformat
import pytest

from labkit.course.copy import for_a_learner
from labkit.course.glossary import TERMS
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
@pytest.mark.needs("namespaces", "vxlan", "tun", "iptables")  # where one is not at hand, the doctor and "on the real kernel" cells say so
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


TYPING = re.compile(r"\.check\(\.\.\.\)|\.check\(\"…\"\)|^# your|\n# (?:your|docker run)")
UNASKED = {"Key points", "Further reading", "Words", "Where to go from here"}


def sections(path):
    """(title, cells) of every section of a notebook; what stands before the first has the notebook's own title."""
    found = [(path.stem, [])]
    for cell in nbformat.read(path, as_version=4).cells:
        titles = re.findall(r"^## (.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        found += [(title, []) for title in titles]
        found[-1][1].append(cell)
    return found


def asks(cell) -> bool:
    return cell.cell_type == "code" and ("type" in cell.metadata.get("tags", []) or TYPING.search(cell.source) is not None)


@every_notebook
def test_nobody_gets_past_a_section_without_a_question_or_a_line_to_type(path):
    assert [title for title, cells in sections(path)[1:] if title not in UNASKED and not any(map(asks, cells))] == []


@every_notebook
def test_of_two_things_that_are_broken_at_least_one_is_broken_by_the_learners_own_hand(path):
    cells = nbformat.read(path, as_version=4).cells
    breaks = [at for at, cell in enumerate(cells) if cell.cell_type == "markdown" and re.search(r"(?:\*\*|## )Break it", cell.source)]
    ends = [*breaks[1:], len(cells)]
    typed = sum(any("type" in cell.metadata.get("tags", []) for cell in cells[at : min(end, at + 7)])
                for at, end in zip(breaks, ends, strict=True))
    assert breaks and typed * 2 >= len(breaks)


@every_notebook
def test_a_cell_to_type_in_says_what_to_type(path):
    for cell in code_cells(path):
        if "type" in cell.metadata.get("tags", []):
            first, comment, *lines = cell.source.splitlines()
            assert first.startswith("%%lab ") and comment.startswith("# ") and lines and not any(line.startswith("#") for line in lines)


@every_notebook
def test_a_learners_copy_runs_whole_with_nothing_typed_in(path, tmp_path):
    copy = tmp_path / path.name
    copy.write_text(for_a_learner(path.read_text(encoding="utf-8")), encoding="utf-8")
    run = nbformat.reads(execute(copy), as_version=4)
    assert [cell.source for cell in run.cells for out in cell.get("outputs", []) if out.get("name") == "stderr"] == []
    typed = [cell for cell in run.cells if "type" in cell.metadata.get("tags", [])]
    assert typed and all(f"q.typed({n}) shows mine" in cell.source for n, cell in enumerate(typed, 1))


def minutes(path) -> float:
    """180 words a minute, 45 seconds a question, half as much a cell to type in, 4 minutes a task or explorer."""
    cells = nbformat.read(path, as_version=4).cells
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    questions = len(re.findall(r"\.check\((?:\.\.\.|\"…\")\)", code))
    typed = sum("type" in cell.metadata.get("tags", []) for cell in cells)
    long = len(re.findall(r"Explorer\(|q\.\w+\.check\([a-z]\w*\)", code))
    return words / 180 + questions * 0.75 + typed * 0.4 + long * 4


@every_notebook
def test_the_minutes_that_a_notebook_names_are_those_it_takes(path):
    first = nbformat.read(path, as_version=4).cells[0].source
    stated = int(re.search(r"about (\d+) minutes", first)[1])
    assert abs(stated - minutes(path)) <= 5, f"{minutes(path):.0f} by the rule"


def test_a_word_is_explained_in_the_notebook_that_the_glossary_names():
    texts = {path.name[:2]: "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")
             for path in NOTEBOOKS}
    for term in TERMS:
        word = re.split(r", | \(of", term.word.replace(" (UDP, TCP)", "** is the number"))[0]
        before = [text for at, text in texts.items() if at < term.notebook]
        assert re.search(rf"\b{re.escape(word)}", texts[term.notebook], re.IGNORECASE), f"{word} is not in {term.notebook}"
        assert not any(re.search(rf"\*\*{re.escape(word)}", text, re.IGNORECASE) for text in before), f"{word} is explained before"
