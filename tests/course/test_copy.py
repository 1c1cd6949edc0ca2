"""A learner's copy of the course: no answers in it, nothing of the learner's own written over."""

import json

import pytest

from labkit import LabError
from labkit.__main__ import main
from labkit.course import nb00
from labkit.course.copy import FIRST, LIST, copy_course
from labkit.course.files import find


def cells(path):
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def test_a_copy_has_every_notebook_without_outputs_and_the_data(tmp_path):
    done = copy_course(tmp_path / "my course")
    books = sorted(find("notebooks").glob("*.ipynb"))
    assert sorted(path.name for path in done.folder.glob("*.ipynb")) == [book.name for book in books]
    for book in books:
        stored, copied = cells(book), cells(done.folder / book.name)
        for one, other in zip(copied, stored, strict=True):
            assert one["source"] == other["source"] or one["metadata"]["tags"] == ["type"]
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in copied)
        assert any(cell["outputs"] for cell in stored), "readers see the outputs"
    assert (done.folder / "data/k8s-node2/ip-route.txt").read_bytes() == find("data/k8s-node2/ip-route.txt").read_bytes()
    assert done.kept == () and FIRST in str(done)


def test_the_lines_to_type_are_left_out_of_a_copy_and_told_when_asked_for(tmp_path):
    copied = [cell for cell in cells(copy_course(tmp_path).folder / FIRST) if "type" in cell["metadata"].get("tags", [])]
    source = "".join(copied[1]["source"])
    assert source.startswith("%%lab k8s-node2\n# delete the line") and source.endswith("q.typed(2) shows mine\n")
    assert not any("ip route del 10.20" in line for line in copied[1]["source"])
    assert nb00.typed(2).code == "%%lab k8s-node2\nip route del 10.20.92.0/24\nip route get 10.20.92.11"
    with pytest.raises(LabError, match="has 2 cells to type in"):
        nb00.typed(3)


def test_what_a_learner_changed_is_kept_and_what_is_as_it_was_is_brought_up_to_date(tmp_path):
    copy_course(tmp_path)
    mine, old, gone = (tmp_path / name for name in ("01-docker-network-modes.ipynb", "02-same-node-pods.ipynb", "03-veth-pairs.ipynb"))
    mine.write_text("my answers", encoding="utf-8")
    listed = json.loads((tmp_path / LIST).read_text())
    old.write_text("as an earlier course had it", encoding="utf-8")
    import hashlib

    listed[old.name] = hashlib.sha256(old.read_bytes()).hexdigest()
    (tmp_path / LIST).write_text(json.dumps(listed))
    gone.unlink()
    done = copy_course(tmp_path)
    assert (done.new, done.updated, done.kept) == ((gone.name,), (old.name,), (mine.name,))
    assert mine.read_text(encoding="utf-8") == "my answers" and cells(old) and cells(gone)
    assert "Yours, and left as they are: 01-docker-network-modes.ipynb" in str(done)
    assert copy_course(tmp_path).kept == (mine.name,), "nor the next time"


@pytest.mark.parametrize("listed", ["", "[]", "{", "\ufeff{}"])
def test_without_its_list_everything_that_is_there_is_the_learners(tmp_path, listed):
    (tmp_path / FIRST).write_text("mine", encoding="utf-8")
    (tmp_path / LIST).write_text(listed, encoding="utf-8")
    assert copy_course(tmp_path).kept == (FIRST,)


def test_a_link_is_not_written_through(tmp_path):
    (tmp_path / "elsewhere").write_text("mine", encoding="utf-8")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / FIRST).symlink_to(tmp_path / "elsewhere")
    assert copy_course(tmp_path / "copy").kept == (FIRST,) and (tmp_path / "elsewhere").read_text() == "mine"


def test_where_it_cannot_be_it_says_what_would_be_right(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="is a file; name a folder"):
        copy_course(tmp_path / "file")
    with pytest.raises(LabError, match="cannot be copied to .* name a folder that you may write to"):
        copy_course(tmp_path / "file" / "below")
    with pytest.raises(LabError, match="where the course itself lies"):
        copy_course(find("notebooks"))


def test_the_command_says_what_it_did_and_how_to_begin(tmp_path, capsys):
    assert main(["course", str(tmp_path / "c")]) == 0
    said = capsys.readouterr().out
    assert "files are new: 00-start-here.ipynb" in said and said.endswith(f"jupyter lab {tmp_path / 'c' / FIRST}\n")
    (tmp_path / "file").write_text("")
    assert main(["course", str(tmp_path / "file")]) == 1
    assert "is a file" in capsys.readouterr().err
