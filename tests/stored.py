"""What a notebook's cells gave, to be compared with what they give elsewhere: in a browser alone, or to a visitor without rights."""

from tests.regenerate import WIDGET


def cells(notebook: dict) -> list[dict]:
    """The code cells, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def outputs(cell: dict) -> dict[str, str]:
    """What a cell gave, by MIME type or stream; a widget's own id is left out."""
    found: dict[str, str] = {}
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            found["error"] = f"{output['ename']}: {output['evalue']}"
        for kind, text in {output.get("name"): output.get("text"), **output.get("data", {})}.items():
            if kind and kind != WIDGET:
                found[kind] = found.get(kind, "") + (text if isinstance(text, str) else "".join(text))
    return found


def may_differ(cell: dict) -> bool:
    """Whether a cell asks the machine itself, which is another elsewhere."""
    return "nbval-ignore-output" in cell["metadata"].get("tags", ())


def advice(cell: dict) -> list[str]:
    """The words in what a cell says that ask for a right, a password or an installer."""
    said = " ".join(outputs(cell).values())
    return [word for word in ("sudo", "password", "pip install", "apt install", "sysctl -w", "docker run", "chmod") if word in said]
