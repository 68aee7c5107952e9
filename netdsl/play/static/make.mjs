// Makes what the page loads, with the Pyodide that it will run on: `node make.mjs PYODIDE SOURCES FOLDER`.
//
// PYODIDE is the folder of its npm package, SOURCES a zip file of netdsl and the packages that it stands on. FOLDER gets
// the archives of both, trimmed and compiled, once they have answered every question that a page asks.

import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, sources, folder] = process.argv.slice(2).map(path => resolve(path));
const HOME = "netdsl.play.static";

// Without the columns of every instruction, which only Python's own error reports show, bytecode is a quarter smaller.
// The parser's tables lie where Lark looks for them: to make them takes as long as ten key presses.
const env = { HOME: "/home/pyodide", XDG_CACHE_HOME: "/site/cache", PYTHONNODEBUGRANGES: "1" };

async function start(stdLibURL, archive) {
  const { loadPyodide } = await import(pathToFileURL(join(pyodide, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: pyodide, stdLibURL, lockFileContents: lock, env });
  python.unpackArchive(new Uint8Array(readFileSync(archive)), "zip", { extractDir: "/site" });
  python.runPython("import sys; sys.path.append('/site')");
  return python;
}

const lock = { info: JSON.parse(readFileSync(join(pyodide, "pyodide-lock.json"))).info, packages: {} };
const library = join(pyodide, "python_stdlib.zip");
const [packedLibrary, packedSources] = [join(folder, "python_stdlib.zip"), join(folder, "front-end.zip")];

try {
  const python = await start(library, sources);
  python.unpackArchive(new Uint8Array(readFileSync(library)), "zip", { extractDir: "/library" });
  python.pyimport(`${HOME}.packing`).pack("/library", "/site", "/library.zip", "/site.zip");
  writeFileSync(packedLibrary, python.FS.readFile("/library.zip"));
  writeFileSync(packedSources, python.FS.readFile("/site.zip"));
  writeFileSync(join(folder, "pyodide-lock.json"), JSON.stringify(lock));
  const asked = python.pyimport(`${HOME}.front_end`).rehearse().toJs();
  const trimmed = await start(packedLibrary, packedSources);
  const answered = trimmed.pyimport(`${HOME}.front_end`).rehearse().toJs();
  if (JSON.stringify(asked) !== JSON.stringify(answered)) throw new Error("the trimmed front end answers otherwise");
} catch (error) {
  // Node itself would begin with the line of the source that throws: a megabyte of Pyodide's.
  console.error(error.message ?? error);
  process.exit(1);
}
