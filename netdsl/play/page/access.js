// What keyboards and screen readers need beyond the elements themselves.

// Many things are one stop of Tab: arrow keys go from one to the next, Home and End to the first and the last.
// What is returned is called once the things have been made anew.
export function rove(container, selector) {
  const items = () => [...container.querySelectorAll(selector)];
  const choose = chosen => { for (const one of items()) one.setAttribute("tabindex", one === chosen ? 0 : -1); };
  container.addEventListener("focusin", event => {
    const found = event.target.closest(selector);
    if (found) choose(found);
  });
  container.addEventListener("keydown", event => {
    const all = items(), at = all.indexOf(event.target.closest(selector));
    const next = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || !all[next]) return;
    event.preventDefault();
    all[next].focus();
  });
  return () => choose(items().find(one => one === document.activeElement) ?? items()[0]);
}

// Tells a screen reader what has come about elsewhere.
export function say(text) {
  document.getElementById("said").textContent = text;
}
