// The page: what is typed is asked of the front end at once, and what it answers is shown.

import { Picture, Table, element, showMistakes } from "./answers.js";
import { call, hasServer, listen } from "./backend.js";
import { Editor } from "./editor.js";
import { EXAMPLES } from "./examples.js";
import { render } from "./hover.js";
import { makeLink, readLink } from "./share.js";
import { Training } from "./training.js";
import { showWords, switchLanguage, word } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const find = id => document.getElementById(id);
const file = { name: "", mark: null, saved: "" };
let depth = null, style = "blocks", view = "picture", asking = false, stale = false;

const editor = new Editor({
  onchange: changed,
  complete: place => call("ask", { ask: "complete", ...program(), place }),
  hover: place => call("ask", { ask: "hover", ...program(), place }),
  explain: explainAt,
});
const picture = new Picture({ go: line => editor.selectLine(line), reopen: level => { depth = level; ask(); } });
const table = new Table(line => editor.selectLine(line));
const training = new Training({ program, setText: text => { editor.text = text; }, notify });

function program() {
  return { text: editor.text, file: file.name || "untitled.net" };
}

function notify(text, lasting = false) {
  const notice = find("notice");
  notice.textContent = text;
  notice.hidden = !text;
  clearTimeout(notify.timer);
  if (text && !lasting) notify.timer = setTimeout(() => { notice.hidden = true; }, 6000);
}

function changed() {
  // Kept in the browser too: a reload, or a server that is gone, loses nothing.
  localStorage.setItem("draft", JSON.stringify({ ...file, text: editor.text }));
  showTitle();
  ask();
}

function showTitle() {
  const unsaved = editor.text !== file.saved;
  document.title = `${unsaved ? "• " : ""}${file.name || word("untitled")} – netdsl play`;
  find("save").classList.toggle("unsaved", unsaved);
}

// One question is on its way at a time; what is typed meanwhile is asked next, and nothing in between.
async function ask() {
  stale = true;
  if (asking) return;
  asking = true;
  while (stale) {
    stale = false;
    const began = performance.now(), text = editor.text, seen = view;
    try {
      // Of what no tab shows, nothing is made: a press of a key has no time for it.
      const found = await call("ask", { ask: "check", ...program(), view, theme: dark.matches ? "dark" : "light", depth, style });
      if (found.problem) notify(found.problem);
      else if (editor.text === text) show(found, seen);
      document.body.dataset.milliseconds = (performance.now() - began).toFixed(1);
    } catch (error) {
      notify(word(hasServer ? "lost" : "notLoaded", { reason: error.message }), true);
      break;
    }
  }
  asking = false;
}

function show(found, seen) {
  editor.show(found);
  showMistakes(found.diagnostics, {
    fix: number => rewrite({ ask: "apply", number }),
    fixAll: () => rewrite({ ask: "fix" }),
    go: one => one.place ? editor.select(...one.place) : editor.selectLine(one.line),
    explain,
  });
  if (seen === "picture") picture.show(found);
  if (seen === "table") table.show(found);
  training.showExperiment(found.experiment, found.diagnostics.some(one => one.severity === "error"));
}

async function rewrite(question) {
  const found = await call("ask", { ...question, ...program() });
  if (found.problem) notify(found.problem);
  else editor.text = found.text;
}

async function explain(name) {
  const found = await call("ask", { ask: "explain", word: name });
  tell(element("pre", { textContent: found.page || found.problem }));
}

async function explainAt(place) {
  const found = await call("ask", { ask: "hover", ...program(), place });
  tell(...render(found.markdown || found.problem || word("nothingToSay")));
}

// The panel below the text; where the focus was, it goes back to.
function tell(...parts) {
  const panel = find("explanation");
  if (!panel.contains(document.activeElement)) tell.asked = document.activeElement;
  panel.hidden = false;
  find("told").replaceChildren(...parts);
}

function closeExplanation() {
  find("explanation").hidden = true;
  if (tell.asked?.isConnected) tell.asked.focus();
  else editor.area.focus();
}

async function load(found) {
  Object.assign(file, { name: found.name, mark: found.mark, saved: found.text });
  depth = null;
  editor.load(found.text);
  chooseFile(found.name);
  await call("take-up", program());
  training.preview();
}

function chooseFile(name) {
  const files = find("files");
  if (![...files.options].some(option => option.value === name)) files.querySelector("optgroup").before(new Option(name, name));
  files.value = name;
}

async function save() {
  const name = file.name || prompt(word("name"), "my.net");
  if (!name) return;
  const text = editor.text;
  const found = await call("save", { file: name, text, mark: file.name === name ? file.mark : null });
  if (found.problem) {
    notify([found.problem, found.help].filter(Boolean).join(": "));
    return;
  }
  Object.assign(file, { name, mark: found.mark, saved: text });
  chooseFile(name);
  notify(word("saved", { file: name }));
  changed();
}

async function share() {
  const link = await makeLink(editor.text);
  try {
    await navigator.clipboard.writeText(link);
    notify(word("copied"));
  } catch {
    prompt(word("link"), link);
  }
}

function choose(tab) {
  for (const one of find("tabs").children) {
    const chosen = one === tab;
    one.setAttribute("aria-selected", chosen);
    one.tabIndex = chosen ? 0 : -1;
    find(one.getAttribute("aria-controls")).hidden = !chosen;
  }
  localStorage.setItem("tab", tab.id);
  view = tab.getAttribute("aria-controls");
  ask();
  if (tab.id === "tab-training") {
    call("warm");
    training.show();
    training.plane.redraw();
    training.preview();
  }
}

function prepareTabs() {
  const tabs = [...find("tabs").children];
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", event => {
      const at = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
      if (at === undefined) return;
      const next = tabs.at(at % tabs.length);
      event.preventDefault();
      next.focus();
      choose(next);
    });
  });
  choose(find(localStorage.getItem("tab")) || tabs[0]);
}

async function begin() {
  showWords();
  notify("");
  find("summary").textContent = word("loading");
  const found = await call("begin");
  if (found.problem) {
    notify(word("noToken"), true);
    return;
  }
  find("files").append(new Option(word("newFile"), ""), ...found.files.map(name => new Option(name, name)));
  const group = Object.assign(document.createElement("optgroup"), { label: word("examples") });
  group.append(...EXAMPLES.map(([name], index) => new Option(name, `example ${index}`)));
  find("files").append(group);
  const shared = await readLink();
  const draft = JSON.parse(localStorage.getItem("draft") || "null");
  if (shared !== null) load({ name: "", mark: null, text: shared });
  // What was typed and not saved goes before the file that it was made from.
  else if (draft && (!found.opened || draft.name === found.opened.name)) {
    load({ name: draft.name, mark: draft.mark, text: draft.text });
    file.saved = draft.saved;
    showTitle();
  } else load(found.opened || { name: "", mark: null, text: EXAMPLES[0][1] });
  prepareTabs();
  call("ask", { ask: "words" }).then(({ words = [] }) => {
    editor.kinds = new Map(words.map(one => [one.name, (one.family || one.kind).replaceAll(" ", "-")]));
    editor.draw();
  });
  listen(message => { notify.lost = false; training.take(message); }, () => { if (!notify.lost) notify(word("lost"), true); notify.lost = true; });
}

find("files").addEventListener("change", async event => {
  const name = event.target.value;
  if (editor.text !== file.saved && !confirm(`${file.name || word("untitled")}: ${word("unsaved")}`)) {
    event.target.value = file.name;
    return;
  }
  const example = EXAMPLES[name.match(/^example (\d+)$/)?.[1]];
  const found = example || !name ? { name: "", mark: null, text: example?.[1] ?? "" } : await call("read", { file: name });
  if (found.problem) notify(found.problem);
  else load(found);
});
find("save").addEventListener("click", save);
find("format").addEventListener("click", () => rewrite({ ask: "format" }));
find("share").addEventListener("click", share);
find("language").addEventListener("click", () => { switchLanguage(); ask(); training.show(); showTitle(); });
find("close").addEventListener("click", closeExplanation);
find("explanation").addEventListener("keydown", event => { if (event.key === "Escape") closeExplanation(); });
find("less").addEventListener("click", () => { depth = Math.max(0, picture.depth - 1); ask(); });
find("more").addEventListener("click", () => { depth = picture.depth + 1; ask(); });
find("volumes").addEventListener("click", event => {
  style = style === "blocks" ? "volumes" : "blocks";
  event.target.setAttribute("aria-pressed", style === "volumes");
  ask();
});
dark.addEventListener("change", ask);
addEventListener("keydown", event => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    save();
  }
});
addEventListener("hashchange", async () => {
  const shared = await readLink();
  if (shared !== null) load({ name: "", mark: null, text: shared });
});
begin();
