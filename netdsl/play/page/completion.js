// What may stand at the cursor, offered below it: the editor stays a textarea, and the list is told to screen readers.

import { element } from "./answers.js";

const TYPED = /[\p{L}_][\p{L}\p{N}_.]*$/u;

export class Completion {
  // `ask` is given a place of the text and answers with what may stand there.
  constructor(editor, ask) {
    this.editor = editor;
    this.ask = ask;
    this.list = document.getElementById("completions");
    this.found = [];
    editor.area.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", event => {
      event.preventDefault(); // the textarea keeps the cursor
      const item = event.target.closest("li");
      if (item) this.accept([...this.list.children].indexOf(item));
    });
    document.getElementById("editor").addEventListener("scroll", () => this.close());
  }

  get isOpen() { return !this.list.hidden; }

  // After each key press: a list comes with the first letter of a word, and goes once the word is written.
  async update(wanted = false) {
    const { area } = this.editor, place = area.selectionStart, text = area.value;
    const typed = text.slice(0, place).match(TYPED)?.[0] ?? "";
    if (place !== area.selectionEnd || (!typed && !wanted)) return this.close();
    const answer = await this.ask(place);
    // A later key press has asked anew.
    if (area.value !== text || area.selectionStart !== place || document.activeElement !== area) return;
    const found = answer.completions ?? [];
    const isWritten = found.some(one => one.insert === text.slice(...one.place));
    if (!found.length || (isWritten && !wanted)) this.close();
    else this.open(found);
  }

  open(found) {
    this.found = found;
    this.list.replaceChildren(...found.map((one, index) => element("li", { role: "option", id: `completion-${index}` },
      element("i", { className: one.kind }), element("b", { textContent: one.label }), element("small", { textContent: one.detail }))));
    this.list.hidden = false;
    const spot = this.editor.locate(found[0].place[0]), box = this.list.getBoundingClientRect();
    const above = spot.bottom + box.height > innerHeight && spot.top > box.height;
    this.list.style.left = `${Math.max(4, Math.min(spot.left - 26, innerWidth - box.width - 8))}px`;
    this.list.style.top = `${above ? spot.top - box.height - 2 : spot.bottom + 2}px`;
    this.choose(0);
  }

  close() {
    this.list.hidden = true;
    this.editor.area.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    this.chosen = (index + this.found.length) % this.found.length;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", at === this.chosen));
    const item = this.list.children[this.chosen];
    this.list.scrollTop = Math.max(item.offsetTop + item.offsetHeight - this.list.clientHeight, Math.min(this.list.scrollTop, item.offsetTop));
    this.editor.area.setAttribute("aria-activedescendant", item.id);
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
    if (event.key === " " && event.ctrlKey) this.update(true);
    else if (!this.isOpen) return false;
    else if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen - 1);
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
