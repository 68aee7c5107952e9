// Runs a command with a text on its standard input.
"use strict";

const { spawn } = require("node:child_process");

/**
 * @param {string[]} command
 * @param {{input: string, folder?: string}} options
 * @returns {Promise<{output: string, errors: string, status: number | null}>} rejected where the command does not start
 */
function execute(command, { input, folder }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { cwd: folder });
    const output = [];
    const errors = [];
    child.on("error", reject);
    child.stdout.on("data", (part) => output.push(part));
    child.stderr.on("data", (part) => errors.push(part));
    child.on("close", (status) =>
      resolve({ output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString(), status }),
    );
    // A command that ends before it has read everything says itself why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

module.exports = { execute };
