// What there is to say of a word: under the pointer in a card beside it, at the cursor (F1) in the panel below the text.

import { element } from "./answers.js";

const REST = 350; // milliseconds that the pointer has to rest

// As Markdown: paragraphs, lists, code; and in a line what is bold, and code.
export function render(markdown) {
  return markdown.split(/(```[^\n]*\n[\s\S]*?\n```)/).flatMap(part => part.startsWith("```")
    ? [element("pre", { textContent: part.replace(/^```[^\n]*\n|\n```$/g, "") })]
    : part.split(/\n{2,}/).filter(one => one.trim()).map(paragraph));
}

function paragraph(text) {
  const lines = text.trim().split("\n");
  if (!lines.every(line => line.startsWith("- "))) return element("p", {}, ...inline(text.trim()));
  return element("ul", {}, ...lines.map(line => element("li", {}, ...inline(line.slice(2)))));
}

function inline(text) {
  return text.split(/(\*\*.+?\*\*|`[^`]+`)/).filter(Boolean).map(part =>
    part.startsWith("**") ? element("b", { textContent: part.slice(2, -2) })
      : part.startsWith("`") ? element("code", { textContent: part.slice(1, -1) }) : part);
}

export class Hover {
  // `ask` is given a place of the text and answers with what there is to say of its word.
  constructor(editor, ask) {
    this.editor = editor;
    this.ask = ask;
    this.card = document.getElementById("hover");
    this.place = null; // of the word that the card is about
    editor.area.addEventListener("mousemove", event => this.rest(event));
    editor.area.addEventListener("mouseleave", event => { if (!this.card.contains(event.relatedTarget)) this.hide(); });
    this.card.addEventListener("mouseleave", () => this.hide());
    for (const kind of ["keydown", "pointerdown"]) editor.area.addEventListener(kind, () => this.hide());
    document.getElementById("editor").addEventListener("scroll", () => this.hide());
    addEventListener("keydown", event => { if (event.key === "Escape") this.hide(); });
  }

  rest({ clientX, clientY, buttons }) {
    clearTimeout(this.timer);
    const place = this.editor.placeAt(clientX, clientY);
    if (this.place && place !== null && this.place[0] <= place && place <= this.place[1]) return;
    if (place === null || buttons) return this.hide();
    this.timer = setTimeout(() => this.show(place), REST);
  }

  async show(place) {
    const text = this.editor.text, { markdown, place: word } = await this.ask(place).catch(() => ({}));
    this.hide();
    if (!markdown || text !== this.editor.text) return;
    this.place = word;
    this.card.replaceChildren(...render(markdown));
    this.card.hidden = false;
    const spot = this.editor.locate(word[0]), box = this.card.getBoundingClientRect();
    const above = spot.bottom + box.height > innerHeight && spot.top > box.height;
    this.card.style.left = `${Math.max(4, Math.min(spot.left, innerWidth - box.width - 8))}px`;
    this.card.style.top = `${above ? spot.top - box.height : spot.bottom}px`;
  }

  hide() {
    clearTimeout(this.timer);
    this.place = null;
    this.card.hidden = true;
  }
}
