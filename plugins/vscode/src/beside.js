// The picture and the table of a net, beside its text and renewed as one types.
"use strict";

const path = require("node:path");
const vscode = require("vscode");
const { drawArguments, shapesArguments, explainFailure } = require("./commandLine");
const { execute } = require("./execute");
const { picturePage, tablePage } = require("./pages");

const PAUSE = 150; // milliseconds without a key before the view is renewed

/** A view of one document; there is one of each kind. */
class Beside {
  /**
   * @param {string} kind
   * @param {string} title
   * @param {(document: vscode.TextDocument) => Promise<string>} render the page of a document
   */
  constructor(kind, title, render) {
    this.kind = kind;
    this.title = title;
    this.render = render;
    this.panel = undefined;
    this.document = undefined;
    this.turn = 0;
  }

  show(document) {
    this.document = document;
    if (!this.panel) {
      const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      this.panel = vscode.window.createWebviewPanel(`netdsl.${this.kind}`, "", column, { enableScripts: false });
      this.panel.onDidDispose(() => (this.panel = undefined));
    }
    this.panel.title = `${this.title}: ${path.basename(document.fileName)}`;
    return this.renew();
  }

  changed(document) {
    if (document !== this.document || !this.panel) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), PAUSE);
  }

  async renew() {
    const turn = ++this.turn;
    const page = await this.render(this.document);
    // A later key may have been answered first.
    if (turn === this.turn && this.panel) this.panel.webview.html = page;
  }
}

/**
 * @param {() => Promise<{command: string[], plugins: string[], style: string}>} settings
 */
function makeViews(settings) {
  const run = async (document, words) => {
    const { command } = await settings();
    const folder = document.uri.scheme === "file" ? path.dirname(document.fileName) : undefined;
    try {
      return await execute([...command, ...words], { input: document.getText(), folder });
    } catch (error) {
      return { output: "", errors: explainFailure(error, command), status: null };
    }
  };
  const isDark = () =>
    [vscode.ColorThemeKind.Dark, vscode.ColorThemeKind.HighContrast].includes(vscode.window.activeColorTheme.kind);
  return [
    new Beside("draw", "Net", async (document) => {
      const { plugins, style } = await settings();
      return picturePage(await run(document, drawArguments({ plugins, style, dark: isDark() })));
    }),
    new Beside("shapes", "Shapes", async (document) => {
      const { plugins } = await settings();
      return tablePage(await run(document, shapesArguments(plugins)));
    }),
  ];
}

module.exports = { makeViews };
