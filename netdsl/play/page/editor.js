// The editor: a textarea, which keyboards and screen readers know, under a layer that colours it, marks the mistakes
// and writes the shapes behind the lines.

import { Completion } from "./completion.js";
import { Hover } from "./hover.js";

const TOKEN = /(#[^\n]*)|("[^"\n]*"?)|(->|[{};=(),])|(\b\d[\w.]*(?:e[+-]?\d+)?)|([A-Za-z_][\w.]*)|(\s+|.)/g;
const KINDS = ["comment", "string", "sign", "number", "name", "other"];

export class Editor {
  constructor({ onchange, complete, hover, explain }) {
    this.area = document.getElementById("source");
    this.overlay = document.getElementById("overlay");
    this.gutter = document.getElementById("gutter");
    this.kinds = new Map();
    this.marks = [];
    this.hints = new Map();
    this.onchange = onchange;
    this.explain = explain;
    this.completion = new Completion(this, complete);
    this.hover = new Hover(this, hover);
    this.area.addEventListener("input", event => {
      this.shift();
      this.draw();
      this.onchange();
      // Taking back and pasting write too, but nobody is in the middle of a word then.
      if (/^(insertText|insertCompositionText|deleteContentBackward)$/.test(event.inputType)) this.completion.update();
      else this.completion.close();
    });
    this.area.addEventListener("keydown", event => this.key(event));
    this.drawn = "";
  }

  get text() { return this.area.value; }

  // Replaces the whole text as one edit, which Ctrl+Z takes back.
  set text(text) {
    if (text === this.area.value) return;
    const place = this.area.selectionStart, focused = document.activeElement;
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(0, this.area.value.length);
    if (!document.execCommand("insertText", false, text)) {
      this.area.value = text;
      this.onchange();
    }
    this.area.setSelectionRange(place, place);
    // A slider or a button that has written keeps the focus.
    if (focused !== document.body) focused.focus({ preventScroll: true });
    this.draw();
  }

  load(text) {
    this.completion.close();
    this.area.value = text;
    this.marks = [];
    this.hints = new Map();
    this.draw();
    this.onchange();
  }

  show(answer) {
    this.marks = (answer.diagnostics || []).filter(one => one.place)
      .map(one => ({ start: one.place[0], end: Math.max(one.place[1], one.place[0] + 1), severity: one.severity }));
    this.hints = new Map((answer.hints || []).map(hint => [hint.line, hint.text]));
    this.draw();
  }

  // While an answer is awaited, marks and hints move with the text, so that nothing jumps.
  shift() {
    const before = this.drawn, after = this.area.value;
    let start = 0, tail = 0;
    const shortest = Math.min(before.length, after.length);
    while (start < shortest && before[start] === after[start]) start++;
    while (tail < shortest - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
    const moved = after.length - before.length, end = before.length - tail;
    this.marks = this.marks.filter(mark => mark.end <= start || mark.start >= end)
      .map(mark => mark.start >= end ? { ...mark, start: mark.start + moved, end: mark.end + moved } : mark);
    const lines = count(after) - count(before), line = count(before.slice(0, start));
    if (lines) this.hints = new Map([...this.hints].map(([at, hint]) => [at > line ? at + lines : at, hint]));
  }

  draw() {
    const text = this.drawn = this.area.value;
    const made = document.createDocumentFragment();
    let offset = 0;
    text.split("\n").forEach((line, index) => {
      const row = document.createElement("div");
      let first = true;
      for (const match of line.matchAll(TOKEN)) {
        const kind = KINDS[match.slice(1).findIndex(group => group !== undefined)];
        const named = kind === "name" && first ? `word ${this.kinds.get(match[0]) || ""}` : kind;
        if (kind === "name") first = false;
        if (match[0] === ";" || match[0] === "{" || match[0] === "}") first = true;
        this.append(row, match[0], named, offset + match.index);
      }
      const mark = this.marks.find(one => one.start === offset + line.length);
      if (mark) row.append(span(" ", mark.severity));
      const hint = this.hints.get(index + 1);
      row.append(hint ? span(`  → ${hint}`, "hint") : line ? "" : "\u200b");
      made.append(row);
      offset += line.length + 1;
    });
    this.overlay.replaceChildren(made);
    this.gutter.textContent = text.split("\n").map((_, index) => index + 1).join("\n");
    // The sheet scrolls as a whole: the textarea is as large as its text.
    this.area.style.height = this.area.style.width = "0";
    this.area.style.height = `${this.overlay.scrollHeight}px`;
    this.area.style.width = `${Math.max(this.overlay.scrollWidth, this.area.scrollWidth)}px`;
  }

  // A token, cut where a mark begins or ends in it.
  append(row, text, kind, offset) {
    const cuts = new Set([0, text.length]);
    for (const mark of this.marks) {
      for (const place of [mark.start - offset, mark.end - offset]) if (place > 0 && place < text.length) cuts.add(place);
    }
    const places = [...cuts].sort((one, other) => one - other);
    for (let at = 0; at + 1 < places.length; at++) {
      const mark = this.marks.find(one => one.start <= offset + places[at] && offset + places[at] < one.end);
      row.append(span(text.slice(places[at], places[at + 1]), mark ? `${kind} ${mark.severity}` : kind));
    }
  }

  // Writes over a part of the text, as a key press would.
  replace(start, end, text) {
    this.area.setSelectionRange(start, end);
    document.execCommand("insertText", false, text);
  }

  // Where a place of the text stands on the screen.
  locate(offset) {
    const before = this.text.slice(0, offset), line = count(before) - 1;
    let rest = offset - (before.lastIndexOf("\n") + 1);
    const range = document.createRange(), row = this.overlay.children[line];
    range.selectNodeContents(row);
    const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    for (let node; (node = texts.nextNode()); rest -= node.length) {
      if (rest <= node.length) {
        range.setStart(node, rest);
        break;
      }
    }
    const box = range.getBoundingClientRect();
    return { left: box.left, top: row.getBoundingClientRect().top, bottom: row.getBoundingClientRect().bottom };
  }

  key(event) {
    if (this.completion.key(event)) return;
    if (event.key === "F1") {
      this.explain(this.area.selectionStart);
      event.preventDefault();
    } else if (event.key === "Enter" && !event.isComposing) {
      const before = this.text.slice(0, this.area.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const indent = line.match(/^ */)[0] + (/\{\s*$/.test(line) ? "  " : "");
      event.preventDefault();
      document.execCommand("insertText", false, `\n${indent}`);
    }
  }

  // The character at a point of the screen; null where there is none.
  placeAt(x, y) {
    const first = this.overlay.firstElementChild.getBoundingClientRect(), line = Math.floor((y - first.top) / first.height);
    const lines = this.text.split("\n");
    if (line < 0 || line >= lines.length || x < first.left) return null;
    const start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0);
    const found = [...lines[line]].findIndex((_, at) => this.locate(start + at + 1).left > x);
    return found < 0 ? null : start + found;
  }

  select(start, end) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
    const sheet = document.getElementById("editor");
    const top = (count(this.text.slice(0, start)) - 1) * this.overlay.scrollHeight / Math.max(count(this.text), 1);
    if (top < sheet.scrollTop || top > sheet.scrollTop + sheet.clientHeight - 40) sheet.scrollTop = top - 60;
  }

  selectLine(number) {
    const lines = this.text.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    this.select(start, start + (lines[number - 1] || "").length);
  }
}

function span(text, kind) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = text;
  return made;
}

function count(text) {
  return text.split("\n").length;
}
