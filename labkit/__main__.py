"""`python -m labkit course [FOLDER]`: a copy of the course to work in. `python -m labkit answers [NUMBER]`: the instructor's key."""

import argparse
import sys
from importlib import import_module

from .errors import LabError


def main(words: list[str] | None = None) -> int:
    """Do what the words say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m labkit", description="The course in container networking.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    course = verbs.add_parser("course", help="put the notebooks, without outputs, and the data into a folder of your own")
    course.add_argument("folder", nargs="?", default="my-course", help="the folder; %(default)s if none is named")
    answers = verbs.add_parser("answers", help="print every answer and solution, for the instructor")
    answers.add_argument("number", nargs="?", help="of one notebook only, such as 03")
    given = parser.parse_args(words)
    try:
        print(_course(given.folder) if given.verb == "course" else _answers(given.number))
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _course(folder: str) -> str:
    from .course.copy import FIRST, copy_course

    done = copy_course(folder)
    return f"{done}\nTo begin: jupyter lab {done.folder / FIRST}"


def _answers(number: str | None) -> str:
    from .course.files import find

    books = {book.name[:2]: book.stem for book in sorted(find("notebooks").glob("[0-9][0-9]-*.ipynb"))}
    if number is not None and number.zfill(2) not in books:
        raise LabError(f"there is no notebook {number}; there are {', '.join(books)}")
    chosen = books if number is None else {number.zfill(2): books[number.zfill(2)]}
    return "\n".join(f"## {stem}\n\n{import_module(f'labkit.course.nb{at}').CHAPTER.key()}" for at, stem in chosen.items())


if __name__ == "__main__":
    sys.exit(main())
