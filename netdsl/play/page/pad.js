// A canvas to draw an image on, and what each layer of the net makes of it.

import { say } from "./access.js";
import { element } from "./answers.js";
import { call } from "./backend.js";
import { decode, paint } from "./plane.js";
import { word } from "./words.js";

const SIZE = 256;

export class Pad {
  constructor() {
    this.canvas = document.getElementById("pad");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.layers = document.getElementById("layers");
    this.shape = [1, 8, 8];
    this.names = [];
    this.question = null;
    this.asking = false;
    this.clear();
    this.canvas.addEventListener("pointerdown", event => this.begin(event));
    this.canvas.addEventListener("pointermove", event => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.canvas.addEventListener(kind, () => { this.last = null; });
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.pen = [SIZE / 2, SIZE / 4]; // where a keyboard draws
    this.isDown = false;
    for (const kind of ["focus", "blur"]) this.canvas.addEventListener(kind, () => this.showPen());
    document.getElementById("clear").addEventListener("click", () => this.clear());
    document.getElementById("sample").addEventListener("click", () => this.ask({ number: Math.floor(Math.random() * 1e6) }));
  }

  fit(experiment) {
    this.shape = experiment.image;
    this.names = experiment.names;
  }

  clear() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIZE, SIZE);
    this.question = null;
    this.layers.replaceChildren();
    document.getElementById("chances").replaceChildren();
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * SIZE / box.width, (event.clientY - box.top) * SIZE / box.height];
  }

  begin(event) {
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    if (this.question && !this.question.pixels) this.clear();
    this.last = this.place(event);
    this.move(event);
  }

  move(event) {
    if (this.last) this.draw(this.place(event));
  }

  // By keyboard: Space puts the pen down and lifts it, arrow keys move it.
  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.clear();
    if (!step) return;
    event.preventDefault();
    if (event.key === " ") this.isDown = !this.isDown;
    if (this.isDown && this.question && !this.question.pixels) this.clear();
    this.last = this.pen;
    this.pen = this.pen.map((at, axis) => Math.max(0, Math.min(SIZE, at + step[axis] * SIZE / 16)));
    if (this.isDown) this.draw(this.pen);
    this.last = null;
    if (event.key === " ") say(word(this.isDown ? "penDown" : "penUp"));
    this.showPen();
  }

  showPen() {
    const mark = document.getElementById("pen");
    mark.hidden = !this.canvas.matches(":focus-visible");
    mark.className = this.isDown ? "down" : "";
    [mark.style.left, mark.style.top] = this.pen.map(at => `${100 * at / SIZE}%`);
  }

  draw(next) {
    const context = this.context;
    Object.assign(context, { strokeStyle: "#fff", lineWidth: SIZE / 11, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(...this.last);
    context.lineTo(...next);
    context.stroke();
    this.last = next;
    this.ask({ pixels: this.pixels() });
  }

  // The drawing in the pixels of the net: moved to the middle and made as large as digits of the data sets are, then
  // each pixel is the mean of what it covers.
  pixels() {
    const [, height, width] = this.shape;
    const data = this.context.getImageData(0, 0, SIZE, SIZE).data;
    let [left, top, right, bottom] = [SIZE, SIZE, 0, 0];
    for (let at = 0; at < SIZE * SIZE; at++) {
      if (data[4 * at] > 60) {
        const x = at % SIZE, y = (at - x) / SIZE;
        [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
      }
    }
    if (right < left) return Array(height * width).fill(0);
    const margin = height > 12 ? 0.14 : 0, side = Math.max(right - left, bottom - top) + 1, room = SIZE * (1 - 2 * margin);
    const scaled = element("canvas", { width: SIZE, height: SIZE }), context = scaled.getContext("2d", { willReadFrequently: true });
    context.fillRect(0, 0, SIZE, SIZE);
    const grow = room / side, wide = (right - left + 1) * grow, high = (bottom - top + 1) * grow;
    context.drawImage(this.canvas, left, top, right - left + 1, bottom - top + 1, (SIZE - wide) / 2, (SIZE - high) / 2, wide, high);
    const from = context.getImageData(0, 0, SIZE, SIZE).data, found = [];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0, count = 0;
        for (let py = Math.floor(y * SIZE / height); py < (y + 1) * SIZE / height; py += 2) {
          for (let px = Math.floor(x * SIZE / width); px < (x + 1) * SIZE / width; px += 2) { sum += from[4 * (py * SIZE + px)]; count++; }
        }
        found.push(Number((sum / count / 255).toFixed(3)));
      }
    }
    return found;
  }

  refresh() { if (this.question) this.ask(this.question); }

  // One question at a time; of those that come meanwhile the newest is asked next.
  async ask(question) {
    this.question = this.next = question;
    if (this.asking) return;
    this.asking = true;
    while (this.next) {
      const now = this.next;
      this.next = null;
      const answer = await call("look", now);
      document.getElementById("look-problem").textContent = answer.problem || "";
      if (!answer.problem && this.question) this.show(answer);
    }
    this.asking = false;
  }

  show(answer) {
    const chances = (answer.chances || []).map((value, index) => ({ value, index }));
    document.getElementById("chances").replaceChildren(...chances.map(({ value, index }) => {
      const name = this.names[index] ?? index;
      const item = element("li", { className: value === Math.max(...answer.chances) ? "best" : "" },
        element("span", { textContent: name }), element("meter", { value, max: 1, ariaHidden: "true" }), element("b", { textContent: `${(100 * value).toFixed(0)} %` }));
      if (answer.target === index) item.classList.add("target");
      return item;
    }));
    // While one draws, answers come one after the other: the last is read out.
    clearTimeout(this.telling);
    const best = chances.find(({ value }) => value === Math.max(...answer.chances));
    if (best) this.telling = setTimeout(() => say(`${this.names[best.index] ?? best.index}: ${(100 * best.value).toFixed(0)} %`), 800);
    this.layers.replaceChildren(...answer.layers.map(layer => {
      const cells = layer.maps ? maps(layer) : layer.numbers ? [bars(layer.numbers)] : [];
      const more = layer.all > (layer.maps || layer.numbers?.length || 0) ? ` (${layer.maps || layer.numbers.length} / ${layer.all})` : "";
      return element("div", { className: "layer" },
        element("p", {}, element("code", { textContent: layer.statement }), element("small", { textContent: `${layer.shape || ""}${more}` })),
        element("div", { className: "maps" }, ...cells));
    }));
    if (!this.question.pixels) this.showSample(answer.layers[0]);
  }

  showSample({ pixels, width, height }) {
    const small = element("canvas", { width, height }), context = small.getContext("2d");
    const image = context.createImageData(width, height), bytes = decode(pixels);
    const low = Math.min(...bytes.subarray(0, width * height)), high = Math.max(...bytes.subarray(0, width * height));
    for (let at = 0; at < width * height; at++) {
      const grey = 255 * (bytes[at] - low) / (high - low || 1);
      image.data.set([grey, grey, grey, 255], 4 * at);
    }
    context.putImageData(image, 0, 0);
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(small, 0, 0, SIZE, SIZE);
  }
}

function maps(layer) {
  const bytes = decode(layer.pixels), size = layer.width * layer.height;
  return Array.from({ length: layer.maps }, (_, map) => {
    const canvas = element("canvas", { className: "map", title: `${layer.statement} · ${map + 1}` });
    paint(canvas, bytes.subarray(map * size, (map + 1) * size), layer.width, layer.height);
    return canvas;
  });
}

function bars(numbers) {
  const largest = Math.max(...numbers.map(Math.abs), 1e-6), canvas = element("canvas", { className: "bars" });
  paint(canvas, numbers.map(value => 127.5 + 127.5 * value / largest), numbers.length, 1);
  return canvas;
}
