"""Puts the compiled modules into the wheels in /wheels, so that no browser compiles them again; run by Pyodide (bytecode.mjs).

Bytecode belongs to one version of Python, and Pyodide's is not the one that builds the site. Left out are jedi's descriptions of
libraries that no browser has here: 5,000 files, which take longer to unpack than all the rest.
"""

import os
import sys
import warnings
from pathlib import Path
from py_compile import PycInvalidationMode, PyCompileError, compile
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

UNUSED = "jedi/third_party/typeshed/stubs/", "jedi/third_party/django-stubs/"

warnings.simplefilter("ignore", SyntaxWarning)
with TemporaryDirectory() as name:
    source, bytecode = Path(name, "source.py"), Path(name, "source.pyc")
    for wheel in Path("/wheels").glob("*.whl"):
        with ZipFile(wheel) as old, ZipFile(f"{wheel}.new", "w", ZIP_DEFLATED) as new:
            for info in old.infolist():
                if info.filename.startswith(UNUSED):
                    continue
                data = old.read(info)
                new.writestr(info, data)
                if info.filename.endswith(".py"):
                    source.write_bytes(data)
                    try:
                        place = compile(str(source), str(bytecode), dfile=info.filename, doraise=True,
                                        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
                    except PyCompileError:
                        continue  # a template, or for another Python
                    path = Path(info.filename)
                    new.write(place, str(path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"))
        os.replace(f"{wheel}.new", wheel)
