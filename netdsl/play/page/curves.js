// The curves of training: the loss of both parts over the epochs, and what is measured on the test set.

import { word } from "./words.js";

const SPACE = "http://www.w3.org/2000/svg";
const LEFT = 46, RIGHT = 10, TOP = 10, BOTTOM = 22;
const MOST_POINTS = 600;

function shape(tag, attributes, text = "") {
  const made = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

export function drawCurves(figure, epochs, criterion) {
  const svg = figure.querySelector("svg"), caption = figure.querySelector("figcaption");
  // One unit is one pixel: on a narrow screen the numbers stay as large as elsewhere.
  const width = Math.max(svg.clientWidth || 640, 220), height = width < 480 ? 150 : 200;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const every = Math.ceil(epochs.length / MOST_POINTS);
  const shown = epochs.map((epoch, index) => ({ ...epoch, index })).filter(({ index }) => index % every === 0 || index === epochs.length - 1);
  const series = [["train", "train/epoch_loss"], ["test", "test/loss"]];
  const values = shown.flatMap(epoch => series.map(([, name]) => epoch[name])).filter(value => value > 0 && isFinite(value));
  const parts = [];
  const high = values.length ? Math.max(...values) : 1, low = values.length ? Math.min(...values) : 0;
  // A loss falls by orders of magnitude: over more than one, the axis is logarithmic.
  const log = low > 0 && high / low > 20;
  const scale = value => log ? Math.log(Math.max(value, low)) : value;
  const from = log ? scale(low) : 0, to = scale(high) || 1;
  const x = index => LEFT + (width - LEFT - RIGHT) * (epochs.length > 1 ? index / (epochs.length - 1) : 0.5);
  const y = value => TOP + (height - TOP - BOTTOM) * (1 - (scale(value) - from) / (to - from || 1));
  for (const value of log ? [low, Math.sqrt(low * high), high] : [0, high / 2, high]) {
    parts.push(shape("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value), class: "rule" }));
    parts.push(shape("text", { x: LEFT - 6, y: y(value) + 4, class: "tick", "text-anchor": "end" }, value.toPrecision(2)));
  }
  shown.forEach((epoch, at) => {
    if (at && epoch.folder !== shown[at - 1].folder) parts.push(shape("line", { x1: x(epoch.index), x2: x(epoch.index), y1: TOP, y2: height - BOTTOM, class: "seam" }));
  });
  for (const [kind, name] of series) {
    const points = shown.filter(epoch => isFinite(epoch[name])).map(epoch => `${x(epoch.index).toFixed(1)},${y(epoch[name]).toFixed(1)}`);
    if (points.length === 1) parts.push(shape("circle", { cx: points[0].split(",")[0], cy: points[0].split(",")[1], r: 3, class: kind }));
    parts.push(shape("polyline", { points: points.join(" "), class: kind }));
  }
  if (epochs.length) parts.push(shape("text", { x: width - RIGHT, y: height - 6, class: "tick", "text-anchor": "end" }, epochs.length));
  svg.replaceChildren(...parts);
  const last = epochs.at(-1);
  caption.replaceChildren();
  for (const [kind, name, label] of [["train", "train/epoch_loss", "trainLoss"], ["test", "test/loss", "testLoss"]]) {
    caption.append(key(kind, word(label), last ? last[name] : null));
  }
  for (const [name, value] of Object.entries(last || {})) {
    if (name.startsWith("test/") && name !== "test/loss") caption.append(key("metric", name.slice(5), value, /accuracy/.test(name)));
  }
  const best = criterion && criterion !== "loss" ? epochs.map(epoch => epoch[`test/${criterion}`]).filter(isFinite) : [];
  figure.dataset.best = best.length ? Math.max(...best) : "";
}

function key(kind, label, value, percent = false) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = `${label} `;
  const number = document.createElement("b");
  number.textContent = value === null || value === undefined ? "–" : percent ? `${(100 * value).toFixed(1)} %` : Number(value).toPrecision(3);
  made.append(number);
  return made;
}
