// What the views show. A page runs no script and loads nothing.
"use strict";

const HEAD = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
  body { padding: 1rem; }
  pre { font-family: var(--vscode-editor-font-family, monospace); font-size: var(--vscode-editor-font-size, 13px); }
  .picture svg { max-width: 100%; height: auto; }
</style></head><body>`;

function escape(text) {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The picture; a net with mistakes is drawn with them in it, and what stops netdsl is said. */
function picturePage({ output, errors }) {
  const start = output.indexOf("<svg");
  const picture = start < 0 ? "" : `<div class="picture">${output.slice(start)}</div>`;
  return `${HEAD}${picture}${start < 0 ? `<pre>${escape(errors)}</pre>` : ""}</body></html>`;
}

/** The table, or the mistakes of a net that has none. */
function tablePage({ output, errors }) {
  return `${HEAD}<pre>${escape(output || errors)}</pre></body></html>`;
}

module.exports = { picturePage, tablePage, escape };
