const facts = JSON.parse(document.getElementById("facts").textContent);
const panel = document.querySelector("aside");
const svg = document.querySelector("main > svg");

function line(tag, words, kind) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}
function explain(path) {
  const fact = facts[path];
  if (!fact) return;
  const head = document.createElement("p");
  head.append(line("b", fact.statement), line("small", fact.place));
  panel.replaceChildren(head);
  for (const words of fact.wrong) panel.append(line("p", words, "wrong"));
  if (fact.summary) panel.append(line("p", fact.summary));
  const sizes = document.createElement("p");
  for (const words of fact.arithmetic) sizes.append(line("code", words));
  panel.append(sizes);
}

// Where everything is while all is open. A rectangle is [left, top, right, bottom].
const NEAR = 5, MARGIN = 24;
const rectangle = one => {
  const box = one.getBBox();
  return [box.x, box.y, box.x + box.width, box.y + box.height];
};
const inside = (x, y, [left, top, right, bottom]) =>
  x >= left - .2 && x <= right + .2 && y >= top - .2 && y <= bottom + .2;
const around = svg.dataset.net ? svg.dataset.net.split(" ").map(Number) : [0, 0];
const frames = new Map([...svg.querySelectorAll("[data-frame]")].map(one => [one.dataset.frame, one]));
const folds = [...svg.querySelectorAll("[data-fold]")].map(one => {
  const frame = frames.get(one.dataset.box);
  // A line meets the box or the volume at its sides, and its words above and below.
  const sides = [...one.querySelectorAll("rect, polygon")].map(rectangle), [, top, , bottom] = rectangle(one);
  const closed = [Math.min(...sides.map(side => side[0])), top, Math.max(...sides.map(side => side[2])), bottom];
  return {one, frame, area: rectangle(frame), closed};
});
const within = (x, y) => folds.filter(fold => inside(x, y, fold.area));
const holding = ([left, top, right, bottom], own) => folds.filter(({area, one}) =>
  one !== own && inside(left, top, area) && inside(right, bottom, area));
const solids = [...svg.querySelectorAll("g[data-box], svg > polygon, svg > text, svg > rect:not(.g):not([fill])")].map(one => {
  const area = rectangle(one);
  const y = (area[1] + area[3]) / 2;
  const fold = folds.find(fold => fold.one === one);
  const outer = fold ? holding(fold.area, one) : within((area[0] + area[2]) / 2, y);
  return {one, area, fold, outer, out: y < around[0] - 4 ? -1 : y > around[1] + 4 ? 1 : 0};
});
const borders = [...svg.querySelectorAll("rect.g")].map(one => {
  const area = rectangle(one), own = folds.find(fold => fold.frame === one);
  return {one, area, own, outer: holding(area, own?.one)};
});
// The window of a kernel and its lines are seen with the volume that they lead to; where a block hides it, an arrow is.
const volumes = new Map(solids.filter(({one}) => one.dataset.box).map(solid => [solid.one.dataset.box, solid]));
const lines = [...svg.querySelectorAll("path.n, path.d, path.t")].map(one => {
  const points = one.getAttribute("d").match(/-?[\d.]+ -?[\d.]+/g).map(pair => pair.split(" ").map(Number));
  return {one, points, ends: [points[0], points.at(-1)].map(([x, y]) => within(x, y)), marker: one.getAttribute("marker-end")};
});
for (const fold of folds) {
  fold.outer = solids.find(solid => solid.one === fold.one).outer;
  fold.open = fold.outer.length < Number(document.querySelector("main").dataset.depth);
}
const [, , pageWidth, pageHeight] = svg.getAttribute("viewBox").split(" ").map(Number);
const widest = Math.max(...solids.filter(solid => solid.out).map(solid => solid.area[2]), 0);

// The outermost of these blocks that is closed.
const hiding = outer => outer.reduce((found, fold) =>
  fold.open || (found && found.outer.length < fold.outer.length) ? found : fold, undefined);

// Where a line that ended inside a block meets the closed box: as it comes, from above, below or a side.
function meet([x, y], [fromX, fromY], [left, top, right, bottom]) {
  if (Math.abs(fromX - x) < .1) return [x, fromY < y ? top : bottom];
  return [fromX < x ? left : right, Math.min(Math.max(y, top), bottom)];
}

// The map of one axis: what lies in a closed block and in nothing else is cut out.
function cut(holes, kept) {
  const edges = [...holes, ...kept].flat().sort((a, b) => a - b);
  const has = (list, place) => list.some(([start, end]) => start <= place && place <= end);
  const gone = [];
  for (let at = 0; at + 1 < edges.length; at += 1) {
    const middle = (edges[at] + edges[at + 1]) / 2;
    if (edges[at] < edges[at + 1] && has(holes, middle) && !has(kept, middle)) gone.push([edges[at], edges[at + 1]]);
  }
  return place => gone.reduce((moved, [start, end]) => moved - Math.max(0, Math.min(place, end) - start), place);
}

function arrange() {
  const closed = folds.filter(fold => !fold.open && !hiding(fold.outer));
  const holes = [0, 1].map(axis => closed.map(({area}) => [area[axis], area[axis + 2]]));
  const kept = [[], []];
  const keep = ([left, top, right, bottom], near) => {
    kept[0].push([left - near, right + near]);
    kept[1].push([top - near, bottom + near]);
  };
  for (const solid of solids) {
    const {one, area, fold} = solid;
    const {outer} = volumes.get(one.dataset.into) || solid;
    solid.shown = !hiding(outer) && !(fold && fold.open);
    one.classList.toggle("away", !solid.shown);
    if (solid.shown && !solid.out) keep(area, fold ? 0 : NEAR);
  }
  for (const border of borders) {
    border.shown = !hiding(border.outer) && !(border.own && !border.own.open);
    border.one.classList.toggle("away", !border.shown);
    if (border.shown) for (const side of [0, 2]) {
      kept[0].push([border.area[side] - NEAR, border.area[side] + NEAR]);
      kept[1].push([border.area[side + 1] - NEAR, border.area[side + 1] + NEAR]);
    }
  }
  for (const one of lines) {
    const {into, without} = one.one.dataset, [start, end] = into ? [] : one.ends.map(hiding);
    const target = volumes.get(into || without);
    one.shown = !(start && start === end) && !(target && Boolean(hiding(target.outer)) === Boolean(into));
    one.one.classList.toggle("away", !one.shown);
    if (!one.shown) continue;
    one.now = one.points.slice();
    if (start) one.now[0] = meet(one.points[0], one.points[1], start.closed);
    if (end) one.now[one.now.length - 1] = meet(one.points.at(-1), one.points.at(-2), end.closed);
    for (const [x, y] of one.now) keep([x, y, x, y], NEAR);
    if (end) one.one.setAttribute("marker-end", one.marker || `url(#${one.one.classList.contains("d") ? "d" : "a"})`);
    else if (one.marker) one.one.setAttribute("marker-end", one.marker);
    else one.one.removeAttribute("marker-end");
  }
  const [across, down] = [0, 1].map(axis => cut(holes[axis], kept[axis]));
  // The net stands in the middle of its title and legend, which keep their places.
  const ends = solids.filter(solid => solid.shown && !solid.out).map(solid => solid.area)
    .concat(borders.filter(border => border.shown).map(border => border.area))
    .concat(lines.filter(one => one.shown).flatMap(one => one.now.map(([x, y]) => [x, y, x, y])));
  const left = Math.min(...ends.map(area => across(area[0]))), right = Math.max(...ends.map(area => across(area[2])));
  const room = Math.max(right - left, widest - MARGIN);
  const moved = MARGIN + (room - right + left) / 2 - left;
  for (const {one, area, out} of solids)
    one.setAttribute("transform", `translate(${out ? 0 : across(area[0]) - area[0] + moved} ${down(area[1]) - area[1]})`);
  for (const {one, area} of borders) {
    const [x, y, toX, toY] = [across(area[0]), down(area[1]), across(area[2]), down(area[3])];
    for (const [name, value] of Object.entries({x: x + moved, y, width: toX - x, height: toY - y})) one.setAttribute(name, value);
  }
  for (const {one, now, shown} of lines) if (shown) {
    const places = now.map(([x, y]) => `${across(x) + moved} ${down(y)}`);
    // The points are those of the path: a start, then for each corner where it begins, itself and where it ends.
    one.setAttribute("d", places.map((place, at) => {
      if (at === 0) return `M${place}`;
      if (at === places.length - 1) return `L${place}`;
      return (at % 3 === 1 ? "L" : at % 3 === 2 ? "Q" : " ") + place;
    }).join(""));
  }
  const width = room + 2 * MARGIN, height = down(pageHeight);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", width);
  svg.parentElement.style.setProperty("--width", width);
  svg.setAttribute("height", height);
  for (const {one, frame, open} of folds) for (const button of [one, frame]) button.setAttribute("aria-expanded", open);
}

// A block that is open is reached through its frame, one that is closed through its box.
function toggle(fold) {
  const seen = () => (fold.open ? fold.frame : fold.one).getBoundingClientRect();
  const before = seen();
  fold.open = !fold.open;
  arrange();
  // What was clicked stays under the pointer.
  const after = seen(), main = document.querySelector("main");
  window.scrollBy(0, after.top - before.top);
  main.scrollBy(after.left - before.left, 0);
  (fold.open ? fold.frame : fold.one).focus({preventScroll: true});
}
const find = target => folds.find(fold => fold.one === target.closest("[data-fold]") || fold.frame === target);
const named = target => {
  const one = target.closest("[data-box], [data-frame]");
  return one && (one.dataset.box || one.dataset.frame);
};
document.addEventListener("click", event => {
  const path = named(event.target), fold = find(event.target);
  if (path) explain(path);
  if (fold) toggle(fold);
});
document.addEventListener("keydown", event => {
  const fold = find(event.target);
  if (!fold || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  toggle(fold);
});
for (const kind of ["mouseover", "focusin"]) document.addEventListener(kind, event => {
  const path = named(event.target);
  if (path) explain(path);
});
if (folds.length) arrange();
