// The plane as a net sees it: a small picture for each unit, the weights between them, and the surface of the whole net.

import { rove } from "./access.js";
import { element } from "./answers.js";
import { word } from "./words.js";

// By Okabe and Ito, whose colours the colour-blind can tell apart: https://jfly.uni-koeln.de/color/
export const COLORS = [[0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [213, 94, 0],
  [240, 228, 66], [125, 107, 158], [90, 90, 90], [150, 200, 120]];
const UNIT = 36, GAP = 8, BETWEEN = 64;

export function decode(text) {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

function isDark() {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// From blue over the page's ground to orange: −1, 0, 1.
export function signed(byte, ground) {
  const value = (byte - 127.5) / 127.5, color = value < 0 ? COLORS[0] : COLORS[1], share = Math.abs(value);
  return color.map((part, index) => Math.round(part * share + ground[index] * (1 - share)));
}

export function ground() {
  return isDark() ? [20, 25, 31] : [255, 255, 255];
}

export function paint(canvas, bytes, width, height) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d"), image = context.createImageData(width, height), base = ground();
  for (let at = 0; at < width * height; at++) image.data.set([...signed(bytes[at], base), 255], 4 * at);
  context.putImageData(image, 0, 0);
}

export class Plane {
  constructor() {
    this.units = document.getElementById("units");
    this.surface = document.getElementById("surface");
    this.small = document.createElement("canvas");
    this.testPoints = document.getElementById("test-points");
    this.testPoints.addEventListener("change", () => this.redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.points = this.picture = this.chosen = null;
    this.settle = rove(this.units, ".unit");
    // A unit that is pointed at shows its own picture in place of the whole net's.
    const choose = event => {
      const canvas = event.target.closest(".unit"), cells = canvas?.parentElement;
      const column = cells ? [...this.units.querySelectorAll(".cells")].indexOf(cells) : -1;
      this.chosen = column > 0 ? { column: column - 1, unit: [...cells.children].indexOf(canvas), name: canvas.title } : null;
      if (this.picture) this.drawSurface();
    };
    for (const kind of ["pointerover", "focusin"]) this.units.addEventListener(kind, choose);
    const leave = () => { this.chosen = null; if (this.picture) this.drawSurface(); };
    for (const kind of ["pointerleave", "focusout"]) this.units.addEventListener(kind, leave);
  }

  clear() {
    this.points = this.picture = null;
    this.units.replaceChildren();
    this.surface.getContext("2d").clearRect(0, 0, this.surface.width, this.surface.height);
  }

  setPoints(points) { this.points = points; this.redraw(); }

  show(picture) {
    this.picture = picture;
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.redraw(); });
    }
  }

  redraw() {
    if (!this.picture) return;
    this.drawUnits();
    this.drawSurface();
  }

  drawUnits() {
    const inputs = { statement: "x", shown: 2, units: 2, side: 2, pixels: null };
    const columns = [inputs, ...this.picture.columns];
    const tallest = Math.max(...columns.map(column => column.shown || 1)) * (UNIT + GAP);
    const key = JSON.stringify(columns.map(column => [column.path, column.statement, column.shown]));
    if (this.key !== key || !this.units.firstChild) {
      this.key = key;
      this.links = element("canvas", { className: "links" });
      const made = columns.map(column => {
        const canvases = Array.from({ length: column.shown || 0 }, (_, unit) => {
          const canvas = element("canvas", { className: "unit", title: `${column.statement} · ${unit + 1}` });
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", canvas.title);
          return canvas;
        });
        const more = column.units > (column.shown || 0) ? [element("small", { textContent: `+${column.units - (column.shown || 0)}` })] : [];
        return element("div", { className: "column" }, element("code", { textContent: column.statement }),
          element("div", { className: "cells" }, ...canvases), ...more);
      });
      this.units.replaceChildren(this.links, ...made);
      this.settle();
    }
    const cells = [...this.units.querySelectorAll(".cells")];
    columns.forEach((column, at) => {
      const bytes = column.pixels ? decode(column.pixels) : null, size = column.side ** 2;
      [...cells[at].children].forEach((canvas, unit) => {
        if (bytes) paint(canvas, bytes.subarray(unit * size, (unit + 1) * size), column.side, column.side);
        else paint(canvas, unit ? [255, 255, 0, 0] : [0, 255, 0, 255], 2, 2);
      });
    });
    this.drawLinks(cells, tallest);
  }

  // The weights as lines: the stronger, the thicker; blue is negative.
  drawLinks(cells) {
    const ratio = devicePixelRatio || 1, box = this.units.getBoundingClientRect();
    const width = this.units.scrollWidth, height = this.units.scrollHeight;
    Object.assign(this.links, { width: width * ratio, height: height * ratio });
    Object.assign(this.links.style, { width: `${width}px`, height: `${height}px` });
    const context = this.links.getContext("2d");
    context.scale(ratio, ratio);
    const place = canvas => {
      const found = canvas.getBoundingClientRect();
      return { left: found.left - box.left, right: found.right - box.left, y: found.top + found.height / 2 - box.top };
    };
    const places = cells.map(one => [...one.children].map(place));
    this.picture.links.forEach((link, at) => {
      if (!link) return;
      const bytes = decode(link.pixels);
      for (let out = 0; out < Math.min(link.out, places[at + 1].length); out++) {
        for (let into = 0; into < Math.min(link.in, places[at].length); into++) {
          const value = (bytes[out * link.in + into] - 127.5) / 127.5, start = places[at][into], end = places[at + 1][out];
          context.strokeStyle = `rgba(${COLORS[value < 0 ? 0 : 1]},${0.15 + 0.75 * Math.abs(value)})`;
          context.lineWidth = 0.3 + 3 * Math.abs(value);
          context.beginPath();
          context.moveTo(start.right, start.y);
          const middle = (start.right + end.left) / 2;
          context.bezierCurveTo(middle, start.y, middle, end.y, end.left, end.y);
          context.stroke();
        }
      }
    });
  }

  drawSurface() {
    const column = this.chosen && this.picture.columns[this.chosen.column];
    if (column?.pixels) {
      const size = column.side ** 2, bytes = decode(column.pixels);
      paint(this.small, bytes.subarray(this.chosen.unit * size, (this.chosen.unit + 1) * size), column.side, column.side);
    } else this.paintClasses();
    document.getElementById("shown").textContent = column?.pixels ? this.chosen.name : word("wholeNet");
    const context = this.surface.getContext("2d"), size = this.surface.width;
    context.imageSmoothingEnabled = true;
    context.drawImage(this.small, 0, 0, size, size);
    if (!this.points) return;
    const [x, y, half] = this.points.area;
    const draw = ({ points, classes: of }, open) => points.forEach(([px, py], index) => {
      context.beginPath();
      context.arc((px - x + half) / (2 * half) * size, (y + half - py) / (2 * half) * size, open ? 3.4 : 2.6, 0, 7);
      context.fillStyle = `rgb(${COLORS[of[index] % COLORS.length]})`;
      context.strokeStyle = open ? (isDark() ? "#fff" : "#000") : "#fff";
      context.lineWidth = open ? 1.3 : 0.7;
      context.fill();
      context.stroke();
    });
    draw(this.points.train, false);
    if (this.testPoints.checked) draw(this.points.test, true);
    this.surface.setAttribute("aria-label", word("surface"));
  }

  // Each point in the colour of the class that the net gives it, the paler the less sure it is.
  paintClasses() {
    const { side, classes, strength } = this.picture.surface, base = ground();
    const chosen = decode(classes), sure = decode(strength);
    this.small.width = this.small.height = side;
    const small = this.small.getContext("2d"), image = small.createImageData(side, side);
    for (let at = 0; at < side * side; at++) {
      const color = COLORS[chosen[at] % COLORS.length], share = 0.12 + 0.58 * sure[at] / 255;
      image.data.set([...color.map((part, index) => part * share + base[index] * (1 - share)), 255], 4 * at);
    }
    small.putImageData(image, 0, 0);
  }
}
