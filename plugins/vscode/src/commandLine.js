// The command lines of netdsl, as lists of words; nothing here needs an editor.
"use strict";

/**
 * The command that starts netdsl.
 * @param {string[]} configured what the settings say; empty: not said
 * @param {string | undefined} python the Python that the user has chosen
 * @returns {string[]}
 */
function findCommand(configured, python) {
  if (configured.length > 0) return configured;
  // `-P`: a folder with nets must not bring modules of its own.
  return python ? [python, "-P", "-m", "netdsl"] : ["netdsl"];
}

/** The options that name plugins. */
function pluginOptions(plugins) {
  return plugins.flatMap((file) => ["--plugin", file]);
}

function serverArguments(plugins) {
  return ["lsp", ...pluginOptions(plugins)];
}

/** Draws the text that comes on standard input. */
function drawArguments({ plugins, style, dark }) {
  return ["draw", "-", "--style", style, "--theme", dark ? "dark" : "light", ...pluginOptions(plugins)];
}

/** The table of the text that comes on standard input. */
function shapesArguments(plugins) {
  return ["shapes", "-", ...pluginOptions(plugins)];
}

function runArguments(file, plugins) {
  return ["run", file, ...pluginOptions(plugins)];
}

/**
 * What to tell a user whose netdsl does not start.
 * @param {{code?: string, message: string}} error
 * @param {string[]} command
 */
function explainFailure(error, command) {
  if (error.code === "ENOENT") {
    return `\`${command[0]}\` is not installed here: \`pip install "netdsl[lsp]"\`, or set netdsl.command`;
  }
  return `\`${command.join(" ")}\` cannot be started: ${error.message}`;
}

module.exports = { findCommand, serverArguments, drawArguments, shapesArguments, runArguments, explainFailure };
