// The front end, in Python, beside the page: typing never waits for it. It answers one question after the other.

import { loadPyodide } from "./pyodide.mjs";

async function read(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.arrayBuffer();
}

async function start() {
  const archive = read("front-end.zip");
  // The archive holds the parser's tables, where Lark looks for them.
  const env = { HOME: "/home/pyodide", XDG_CACHE_HOME: "/site/cache" };
  const python = await loadPyodide({ indexURL: new URL(".", import.meta.url).href, env });
  python.unpackArchive(await archive, "zip", { extractDir: "/site" });
  python.runPython("import sys; sys.path.append('/site')");
  return python.pyimport("netdsl.play.static.front_end").answer;
}

try {
  const answer = await start();
  addEventListener("message", ({ data }) => {
    try {
      postMessage({ answer: JSON.parse(answer(JSON.stringify(data))) });
    } catch (error) {
      postMessage({ failure: lastLine(error) });
    }
  });
  postMessage({ ready: true });
} catch (error) {
  postMessage({ failure: lastLine(error) });
}

// The message of an error of Python is its traceback, and that of others may end in a stack.
function lastLine(error) {
  return String(error.message ?? error).split("\n").filter(line => line.trim() && !/^\s+at /.test(line)).at(-1).trim();
}
