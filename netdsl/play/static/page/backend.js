// Who answers the page: the front end in a worker of the browser. It offers what the server's backend.js does.

import { spoken, word } from "./words.js";

export const hasServer = false;

const PATIENCE = 10_000; // milliseconds that an answer may take, once the front end has started

let worker = null, begun = null, turn = Promise.resolve();

// A worker that is ready for questions. One that has failed or was stopped is replaced at the next question.
function start() {
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  begun = receive(Infinity).then(message => {
    if (message.ready) return;
    stop();
    throw new Error(message.failure);
  });
  return begun;
}

function stop() {
  worker?.terminate();
  worker = begun = null;
}

function receive(patience) {
  return new Promise(resolve => {
    const timer = patience < Infinity ? setTimeout(resolve, patience, { late: true }) : null;
    const take = message => { clearTimeout(timer); resolve(message); };
    worker.onmessage = ({ data }) => take(data);
    worker.onerror = event => { event.preventDefault(); take({ failure: event.message || "worker.js" }); };
  });
}

function ask(question) {
  const answered = turn.then(async () => {
    await (begun ?? start());
    worker.postMessage({ language: spoken(), ...question });
    const { answer, late, failure } = await receive(PATIENCE);
    if (answer) return answer;
    stop();
    return { problem: late ? word("tooLong", { seconds: PATIENCE / 1000 }) : failure };
  });
  turn = answered.catch(() => {});
  return answered;
}

async function begin() {
  return (await fetch("begin.json")).json();
}

const ACTS = {
  ask,
  begin,
  read: async () => (await begin()).opened, // no other file is known
  save: async ({ file, text }) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = file;
    link.click();
    URL.revokeObjectURL(link.href);
    return { mark: null };
  },
};

// What needs a server is not offered by the page: nobody asks for it.
export async function call(name, message = {}) {
  return ACTS[name] ? ACTS[name](message) : {};
}

// No run goes on here, so that nothing happens unasked.
export async function listen() {}

start().then(() => navigator.serviceWorker?.register("service-worker.js")).catch(() => {});
