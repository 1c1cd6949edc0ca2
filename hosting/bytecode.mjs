// Runs a Python file by Pyodide with a folder of this machine before it: node bytecode.mjs CORE SCRIPT FOLDER
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [core, script, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${core}/pyodide.mjs`));
const python = await loadPyodide({ indexURL: `${core}/` });
python.FS.mkdirTree("/wheels");
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/wheels");
python.runPython(readFileSync(script, "utf8"));
