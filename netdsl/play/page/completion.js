// What may stand at the cursor, offered below it: the editor stays a textarea, and the list is told to screen readers.

import { element } from "./answers.js";

const TYPED = /[\p{L}_][\p{L}\p{N}_.]*$/u;

// A list goes once the word is written.
function isWritten(found, text) {
  return found.some(one => one.insert === text.slice(...one.place));
}

export class Completion {
  // `ask` is given a place of the text and answers with what may stand there.
  constructor(editor, ask) {
    this.editor = editor;
    this.ask = ask;
    this.list = document.getElementById("completions");
    this.offered = this.found = [];
    this.written = ""; // the text that `offered` fits
    this.asking = false;
    this.next = null; // the question that is to be answered
    this.picked = null; // the label that the reader has chosen
    editor.area.addEventListener("blur", () => this.close());
    editor.area.addEventListener("pointerdown", () => this.close());
    this.list.addEventListener("pointerdown", event => {
      event.preventDefault(); // the textarea keeps the cursor
      const item = event.target.closest("li");
      if (item) this.accept([...this.list.children].indexOf(item));
    });
    // Typing at the edge scrolls too: the list goes along.
    document.getElementById("editor").addEventListener("scroll", () => { if (this.isOpen) this.put(); });
  }

  get isOpen() { return !this.list.hidden; }

  // After each key press: a list comes with the first letter of a word.
  // What is shown fits the text at every moment; the answer, which may come late, adds to it.
  async update(wanted = false) {
    const { area } = this.editor;
    this.narrow();
    const typed = area.value.slice(0, area.selectionStart).match(TYPED)?.[0] ?? "";
    if (area.selectionStart !== area.selectionEnd || (!typed && !wanted)) return this.close();
    // One question is on its way at a time; of what is typed meanwhile only the last is asked.
    this.next = { text: area.value, place: area.selectionStart, wanted };
    if (this.asking) return;
    this.asking = true;
    for (let now; (now = this.next);) {
      const { completions: found } = await this.ask(now.place).catch(() => ({}));
      if (this.next !== now) continue;
      this.next = null;
      if (found && area.value === now.text && area.selectionStart === now.place && document.activeElement === area) this.take(found, now);
    }
    this.asking = false;
  }

  take(found, { text, wanted }) {
    this.offered = found;
    this.written = text;
    if (!found.length || (isWritten(found, text) && !wanted)) this.close();
    else this.open(found);
  }

  // Of what was offered, what still fits: the text differs only in the word that is being typed.
  narrow() {
    if (!this.isOpen) return;
    const { value: text, selectionStart: cursor } = this.editor.area, moved = text.length - this.written.length;
    const fitting = this.offered.map(one => ({ ...one, place: [one.place[0], one.place[1] + moved] })).filter(({ label, place: [start, end] }) =>
      start <= cursor && cursor <= end && label.includes(text.slice(start, cursor))
      && text.slice(0, start) === this.written.slice(0, start) && text.slice(end) === this.written.slice(end - moved));
    const begins = ({ label, place: [start] }) => label.startsWith(text.slice(start, cursor));
    const found = [...fitting.filter(begins), ...fitting.filter(one => !begins(one))];
    if (!found.length || isWritten(found, text)) this.close();
    else this.open(found);
  }

  open(found) {
    this.found = found;
    this.list.replaceChildren(...found.map((one, index) => element("li", { role: "option", id: `completion-${index}` },
      element("i", { className: one.kind }), element("b", { textContent: one.label }), element("small", { textContent: one.detail }))));
    this.list.hidden = false;
    // A late answer leaves the choice where it was.
    this.choose(Math.max(0, found.findIndex(one => one.label === this.picked)));
    this.put();
  }

  // Below the word, or above it where there is no room; away where the word is scrolled out of sight.
  put() {
    const spot = this.editor.locate(this.found[0].place[0]), box = this.list.getBoundingClientRect();
    const sheet = document.getElementById("editor").getBoundingClientRect();
    if (spot.bottom < sheet.top || spot.top > sheet.bottom) return this.close();
    const above = spot.bottom + box.height > innerHeight && spot.top > box.height;
    this.list.style.left = `${Math.max(4, Math.min(spot.left - 26, innerWidth - box.width - 8))}px`;
    this.list.style.top = `${above ? spot.top - box.height - 2 : spot.bottom + 2}px`;
  }

  close() {
    this.next = this.picked = null;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.editor.area.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    this.chosen = (index + this.found.length) % this.found.length;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", at === this.chosen));
    const item = this.list.children[this.chosen];
    this.list.scrollTop = Math.max(item.offsetTop + item.offsetHeight - this.list.clientHeight, Math.min(this.list.scrollTop, item.offsetTop));
    this.editor.area.setAttribute("aria-activedescendant", item.id);
  }

  pick(index) {
    this.choose(index);
    this.picked = this.found[this.chosen].label;
  }

  accept(index) {
    const { insert, place } = this.found[index];
    this.close();
    this.editor.replace(...place, insert);
    this.close(); // what is inserted asks anew
  }

  // Whether a key was for the list.
  key(event) {
    if (event.isComposing) return false;
    const isAskedFor = event.key === " " && event.ctrlKey;
    if (!this.isOpen && !isAskedFor) {
      if (event.key === "Escape") this.close(); // a list that is on its way does not come either
      return false;
    }
    if (isAskedFor) this.update(true);
    else if (event.key === "ArrowDown") this.pick(this.chosen + 1);
    else if (event.key === "ArrowUp") this.pick(this.chosen - 1);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.accept(this.chosen);
    else {
      // Other keys move the cursor, or write: then the list is asked for anew.
      if (event.key.length > 1 && event.key !== "Backspace" && event.key !== "Shift") this.close();
      return false;
    }
    event.preventDefault();
    return true;
  }
}
