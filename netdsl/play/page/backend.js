// Who answers the page: the server that `netdsl play` started.

import { spoken } from "./words.js";

export const hasServer = true;

// The token comes with the link, and is kept for a reload; it is never part of an address that is sent.
function findToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    localStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return given || localStorage.getItem("token") || "";
}

const headers = { "Content-Type": "application/json", Authorization: `Bearer ${findToken()}` };

export async function call(name, message = {}) {
  const response = await fetch(`api/${name}`, { method: "POST", headers, body: JSON.stringify({ language: spoken(), ...message }) });
  return response.json();
}

// Calls `take` with every event, and `lose` when the server is gone; goes on once it is back.
export async function listen(take, lose) {
  for (;;) {
    try {
      const response = await fetch("api/events", { headers });
      if (!response.ok) throw new Error(response.statusText);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        for (const event of events) take(JSON.parse(event.slice("data: ".length)));
      }
    } catch { /* told below */ }
    lose();
    await new Promise(resolve => setTimeout(resolve, 1500));
  }
}
