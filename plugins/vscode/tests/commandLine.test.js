"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const line = require("../src/commandLine");

test("the settings go before the chosen Python, and that before the path", () => {
  assert.deepEqual(line.findCommand(["py", "-m", "netdsl"], "/env/python"), ["py", "-m", "netdsl"]);
  assert.deepEqual(line.findCommand([], "/env/python"), ["/env/python", "-P", "-m", "netdsl"]);
  assert.deepEqual(line.findCommand([], undefined), ["netdsl"]);
});

test("plugins are named to every command", () => {
  const plugins = ["a b.py", "c.py"];
  const options = ["--plugin", "a b.py", "--plugin", "c.py"];
  assert.deepEqual(line.serverArguments(plugins), ["lsp", ...options]);
  assert.deepEqual(line.shapesArguments(plugins), ["shapes", "-", ...options]);
  assert.deepEqual(line.runArguments("网 络.net", plugins), ["run", "网 络.net", ...options]);
  const drawn = line.drawArguments({ plugins, style: "volumes", dark: true });
  assert.deepEqual(drawn, ["draw", "-", "--style", "volumes", "--theme", "dark", ...options]);
});

test("a command that is not there says how to install it", () => {
  const missing = line.explainFailure({ code: "ENOENT", message: "spawn netdsl ENOENT" }, ["netdsl"]);
  assert.equal(missing, '`netdsl` is not installed here: `pip install "netdsl[lsp]"`, or set netdsl.command');
  assert.match(line.explainFailure({ code: "EACCES", message: "no" }, ["a", "b"]), /`a b` cannot be started: no/);
});
