"use strict";

const assert = require("node:assert/strict");
const test = require("node:test");
const { execute } = require("../src/execute");
const { picturePage, tablePage } = require("../src/pages");

const node = (script) => [process.execPath, "-e", script];

test("a command reads the text and answers on both streams", async () => {
  const answered = await execute(node("process.stdin.pipe(process.stdout); console.error('e'); process.exitCode = 3"), {
    input: "卷积 conv",
  });
  assert.deepEqual(answered, { output: "卷积 conv", errors: "e\n", status: 3 });
});

test("a command that ends before it has read its text is no fault", async () => {
  const answered = await execute(node("process.exit(1)"), { input: "x".repeat(1 << 22) });
  assert.equal(answered.status, 1);
});

test("a command that is not there is told", async () => {
  await assert.rejects(execute(["no-such-netdsl"], { input: "" }), { code: "ENOENT" });
});

test("a picture is shown; where there is none, what was said", () => {
  assert.match(picturePage({ output: '<?xml version="1.0"?><svg>net</svg>', errors: "warned" }), /<svg>net<\/svg>/);
  assert.match(picturePage({ output: "", errors: "a < b" }), /<pre>a &#60; b<\/pre>/);
});

test("a table is text and never markup", () => {
  assert.match(tablePage({ output: "<b>3x32x32", errors: "" }), /<pre>&#60;b&#62;3x32x32<\/pre>/);
  assert.match(tablePage({ output: "", errors: "error[NET201]" }), /error\[NET201\]/);
});
