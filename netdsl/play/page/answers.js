// What the front end says of a text, shown: its mistakes, its picture, its table.

import { rove } from "./access.js";
import { word } from "./words.js";

const COLUMNS = ["line", "layer", "out", "params", "macs"];

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function showMistakes(diagnostics, { fix, fixAll, go, explain }) {
  const list = document.getElementById("mistakes");
  const errors = diagnostics.filter(one => one.severity === "error").length;
  const summary = document.getElementById("summary");
  const told = diagnostics.length ? word("counts", { errors, warnings: diagnostics.length - errors }) : word("noMistakes");
  if (summary.textContent !== told) summary.textContent = told; // it is read out each time
  summary.className = errors ? "error" : diagnostics.length ? "warning" : "fine";
  const items = diagnostics.slice(0, 100).map((one, number) => {
    const item = element("li", { className: one.severity });
    const place = element("button", { className: "place", textContent: word("line", { line: one.line }), onclick: () => go(one) });
    const code = element("button", { className: "code", textContent: one.code, onclick: () => explain(one.code) });
    item.append(place, code, element("span", { textContent: one.message }));
    if (one.caption || one.labels.length) {
      const more = [one.caption, ...one.labels.map(label => `${word("line", { line: label.line })}: ${label.text}`)];
      item.append(element("small", { textContent: more.filter(Boolean).join(" · ") }));
    }
    if (one.help) item.append(element("small", { textContent: one.help }));
    if (one.fix) {
      const button = element("button", { className: "fix", textContent: `${word("fix")}: ${one.fix.message}`, onclick: () => fix(number) });
      if (!one.fix.safe) button.title = word("unsafe");
      item.append(button);
    }
    return item;
  });
  if (diagnostics.filter(one => one.fix?.safe).length > 1) {
    items.push(element("li", { className: "all" }, element("button", { className: "fix", textContent: word("fixAll"), onclick: fixAll })));
  }
  const more = diagnostics.length - items.length;
  if (more > 0) items.push(element("li", { className: "all", textContent: word("others", { count: more }) }));
  // The button that was pressed is gone: the next one is pressed next.
  const isHeld = list.contains(document.activeElement);
  list.replaceChildren(...items);
  if (isHeld) (list.querySelector(".fix, button") ?? document.getElementById("source")).focus();
}

export class Picture {
  constructor({ go, reopen }) {
    this.panel = document.getElementById("drawing");
    this.fact = document.getElementById("fact");
    this.facts = {};
    this.go = go;
    this.reopen = reopen;
    this.settle = rove(this.panel, "[data-box]");
    for (const kind of ["mouseover", "focusin"]) this.panel.addEventListener(kind, event => this.explain(event));
    this.panel.addEventListener("click", event => this.click(event));
    this.panel.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.click(event);
    });
  }

  show(answer) {
    this.facts = answer.facts || {};
    this.depth = answer.depth ?? 0;
    document.getElementById("less").disabled = !this.depth;
    document.getElementById("more").disabled = !answer.opens;
    if (!answer.picture) {
      this.shown = "";
      this.panel.textContent = answer.boxes ? word("tooLarge", { boxes: answer.boxes }) : "";
      return;
    }
    if (answer.picture === this.shown) return; // a comment is typed
    // The picture is netdsl's own SVG: every text in it is escaped, and the page's policy runs no script in it.
    const held = this.panel.contains(document.activeElement) ? document.activeElement.dataset.box : null;
    this.panel.innerHTML = this.shown = answer.picture;
    const boxes = [...this.panel.querySelectorAll("[data-box]")];
    for (const box of boxes) {
      box.setAttribute("role", "button");
      box.setAttribute("aria-label", this.facts[box.dataset.box]?.statement || box.textContent.trim());
    }
    // What stood open or closed there before.
    const found = held && (boxes.find(box => box.dataset.box === held) ?? boxes.find(({ dataset: { box } }) => box.startsWith(`${held}.`) || held.startsWith(`${box}.`)));
    (found ?? (held ? boxes[0] : null))?.focus({ preventScroll: true });
    this.settle();
  }

  explain(event) {
    const fact = this.facts[event.target.closest("[data-box]")?.dataset.box];
    if (!fact) return;
    const parts = [element("b", { textContent: fact.statement }), element("small", { textContent: fact.place })];
    for (const wrong of fact.wrong) parts.push(element("p", { className: "error", textContent: wrong }));
    if (fact.summary) parts.push(element("p", { textContent: fact.summary }));
    for (const formula of fact.arithmetic) parts.push(element("code", { textContent: formula }));
    this.fact.replaceChildren(...parts);
  }

  click(event) {
    const box = event.target.closest("[data-box]"), frame = event.target.closest("[data-frame]");
    if (box && "opens" in box.dataset) this.reopen(this.depth + 1);
    else if (box && this.facts[box.dataset.box]?.line) this.go(this.facts[box.dataset.box].line);
    else if (frame) this.reopen(Math.max(0, this.depth - 1));
  }
}

export class Table {
  constructor(go) {
    this.panel = document.getElementById("table");
    this.go = go;
    this.rows = new Map(); // those that are shown, by what stands in them
    this.settle = rove(this.panel, "td.line button");
    this.work = element("p", { className: "work", ariaLive: "polite" });
    for (const kind of ["mouseover", "focusin"]) {
      this.panel.addEventListener(kind, event => {
        const row = event.target.closest("tbody tr");
        if (row) this.work.replaceChildren(...row.arithmetic.map(formula => element("code", { textContent: formula })));
      });
    }
  }

  show(answer) {
    const head = element("tr", {}, ...word("headings").split(",").map(name => element("th", { textContent: name, scope: "col" })));
    const totals = Object.entries(answer.totals || {}).flatMap(([name, value]) => [
      element("dt", { textContent: name }), element("dd", { textContent: value })]);
    const parts = [
      element("p", { className: "shapes", textContent: answer.shapes || "" }),
      element("div", { className: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...this.body(answer.rows || [])))),
      this.work, element("dl", {}, ...totals)];
    if (answer.cut) parts.splice(2, 0, element("p", { textContent: word("cut", { rows: answer.rows.length }) }));
    this.work.replaceChildren();
    this.panel.replaceChildren(...parts);
    this.settle();
  }

  // Most rows are those of the text before: a row that has not changed is taken from there.
  body(rows) {
    const before = this.rows;
    this.rows = new Map();
    return rows.map(row => {
      const key = JSON.stringify(row), made = before.get(key)?.pop() ?? this.row(row);
      this.rows.set(key, [...this.rows.get(key) ?? [], made]);
      return made;
    });
  }

  row(row) {
    const cells = COLUMNS.map(name => element("td", { textContent: row[name], className: name }));
    const made = element("tr", { className: row.composite ? "composite" : "", arithmetic: row.arithmetic }, ...cells);
    const line = parseInt(row.line);
    if (line) {
      cells[0].replaceChildren(element("button", { textContent: row.line, ariaLabel: `${word("line", { line })}: ${row.layer.trim()}` }));
      made.onclick = () => this.go(line);
    }
    return made;
  }
}
