// Prints the tokens that the TextMate grammar cuts out of files: {file: [[start, end, scope], …]}, in UTF-16 units.
import { readFileSync } from "node:fs";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const here = (path) => new URL(path, import.meta.url);
await oniguruma.loadWASM(readFileSync(here("../node_modules/vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => JSON.parse(readFileSync(here("../syntaxes/netdsl.tmLanguage.json"), "utf8")),
});
const grammar = await registry.loadGrammar("source.netdsl");

function tokens(text) {
  const found = [];
  let state = textmate.INITIAL;
  let offset = 0;
  for (const line of text.split("\n")) {
    const read = grammar.tokenizeLine(line, state);
    state = read.ruleStack;
    for (const token of read.tokens) {
      if (token.scopes.length > 1) {
        const end = Math.min(token.endIndex, line.length);
        found.push([offset + token.startIndex, offset + end, token.scopes.at(-1)]);
      }
    }
    offset += line.length + 1;
  }
  return found;
}

const files = process.argv.slice(2);
console.log(JSON.stringify(Object.fromEntries(files.map((file) => [file, tokens(readFileSync(file, "utf8"))]))));
