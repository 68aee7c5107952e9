// netdsl in VS Code: the language server, the net beside its text, and runs in a terminal.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");
const { makeViews } = require("./beside");
const { findCommand, serverArguments, runArguments, explainFailure } = require("./commandLine");

let client;

/** The Python of the Python extension, where that is installed and has chosen one. */
async function chosenPython(document) {
  const extension = vscode.extensions.getExtension("ms-python.python");
  if (!extension) return undefined;
  const { environments } = await extension.activate();
  const environment = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(document?.uri));
  return environment?.executable?.uri?.fsPath;
}

async function readSettings(document) {
  const configuration = vscode.workspace.getConfiguration("netdsl", document);
  const command = findCommand(configuration.get("command", []), await chosenPython(document));
  return { command, plugins: configuration.get("plugins", []), style: configuration.get("draw.style", "blocks") };
}

async function startServer() {
  const { command, plugins } = await readSettings();
  const [program, ...words] = command;
  const server = { command: program, args: [...words, ...serverArguments(plugins)] };
  client = new LanguageClient("netdsl", "netdsl", server, {
    documentSelector: [{ language: "netdsl" }],
    synchronize: { configurationSection: "netdsl" },
    initializationOptions: vscode.workspace.getConfiguration("netdsl"),
  });
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(explainFailure(error, command));
  }
}

async function stopServer() {
  const running = client;
  client = undefined;
  // One that never started cannot be stopped.
  if (running?.isRunning()) await running.stop();
}

async function runInTerminal(document) {
  if (document.isUntitled || !(await document.save())) {
    vscode.window.showWarningMessage("save the file first: `netdsl run` trains what is on the disk");
    return;
  }
  const { command, plugins } = await readSettings(document);
  // A process of its own instead of a line for a shell, whose quotes differ.
  const [program, ...words] = [...command, ...runArguments(document.fileName, plugins)];
  const execution = new vscode.ProcessExecution(program, words);
  const task = new vscode.Task({ type: "netdsl" }, vscode.TaskScope.Workspace, "run", "netdsl", execution);
  await vscode.tasks.executeTask(task);
}

/** Registers a command that acts on the net in the editor. */
function onNet(name, act) {
  return vscode.commands.registerCommand(name, () => {
    const document = vscode.window.activeTextEditor?.document;
    return document?.languageId === "netdsl" ? act(document) : undefined;
  });
}

async function activate(context) {
  const [picture, table] = makeViews(() => readSettings(vscode.window.activeTextEditor?.document));
  context.subscriptions.push(
    onNet("netdsl.runInTerminal", runInTerminal),
    onNet("netdsl.drawBeside", (document) => picture.show(document)),
    onNet("netdsl.shapesBeside", (document) => table.show(document)),
    vscode.commands.registerCommand("netdsl.restartServer", async () => {
      await stopServer();
      await startServer();
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => [picture, table].forEach((view) => view.changed(document))),
  );
  await startServer();
}

module.exports = { activate, deactivate: stopServer };
