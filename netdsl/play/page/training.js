// The run: its buttons, its curves, the plane as the net sees it, and a canvas to draw an image on.

import { element } from "./answers.js";
import { say } from "./access.js";
import { call, hasServer } from "./backend.js";
import { drawCurves } from "./curves.js";
import { Plane } from "./plane.js";
import { Pad } from "./pad.js";
import { word } from "./words.js";

const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const MOST_PREVIEWED = 20_000; // samples

export class Training {
  constructor({ program, setText, notify }) {
    this.program = program;
    this.setText = setText;
    this.notify = notify;
    this.state = { status: "idle", run: {}, epochs: [] };
    this.plane = new Plane();
    this.pad = new Pad();
    this.on("train", () => this.start({}));
    this.on("step", () => this.start({ one_epoch: true }));
    this.on("pause", () => this.act("pause"));
    this.on("reset", () => this.act("reset"));
    for (const name of ["rate", "batch"]) {
      const slider = document.getElementById(name);
      slider.addEventListener("input", () => this.showSlider(name, this.value(name)));
      slider.addEventListener("change", () => this.change(name));
    }
    this.waiting = false;
    new ResizeObserver(() => { this.show(); this.plane.redraw(); }).observe(document.getElementById("training"));
  }

  on(name, act) { document.getElementById(name).addEventListener("click", act); }

  async act(name, message = {}) {
    const answer = await call(name, message);
    if (answer.problem) this.notify(answer.problem);
    return answer;
  }

  start(how) { return this.act("train", { ...this.program(), ...how }); }

  value(name) {
    const at = Number(document.getElementById(name).value);
    return name === "rate" ? Number((10 ** at).toPrecision(2)) : BATCHES[at];
  }

  showSlider(name, value) {
    document.getElementById(`${name}-value`).value = value;
    document.getElementById(name).setAttribute("aria-valuetext", value);
  }

  // A slider writes into the text, which is all that a run is made of. A run that is going on is saved; another goes on
  // with its weights, as `netdsl run --init-from` does.
  async change(name) {
    const busy = ["starting", "running"].includes(this.state.status);
    const setting = name === "rate" ? "optimizer.lr" : "data.batch";
    const answer = await call("ask", { ask: "set", ...this.program(), setting, value: this.value(name) });
    if (answer.problem) return this.notify(answer.problem);
    this.setText(answer.text);
    if (busy) await this.start({ keeps: true });
  }

  // What the text allows.
  showExperiment(experiment, wrong) {
    this.experiment = experiment;
    const trainable = Boolean(experiment) && hasServer;
    document.getElementById("trainable").hidden = !trainable;
    const note = document.getElementById("untrainable");
    note.hidden = trainable;
    const reason = !hasServer ? "noServer" : wrong ? "wrong" : "noData";
    note.textContent = word(reason, { example: "`data spirals`" });
    if (!trainable) return;
    if (experiment.rate !== null) {
      document.getElementById("rate").value = Math.log10(experiment.rate || 1e-5);
      this.showSlider("rate", experiment.rate);
    }
    const nearest = BATCHES.reduce((best, one) => Math.abs(one - experiment.batch) < Math.abs(best - experiment.batch) ? one : best);
    document.getElementById("batch").value = BATCHES.indexOf(nearest);
    this.showSlider("batch", experiment.batch);
    document.getElementById("plane").hidden = document.getElementById("outcome").hidden = !experiment.plane;
    document.getElementById("image").hidden = !experiment.image;
    if (experiment.image) this.pad.fit(experiment);
    this.showButtons();
    this.preview();
  }

  // The net before its first step, so that the plane is not empty: once nobody types, and where no run is shown.
  preview() {
    clearTimeout(this.soon);
    this.soon = setTimeout(async () => {
      const program = this.program(), isSeen = !document.getElementById("training").hidden;
      const small = this.experiment?.plane && this.experiment.samples <= MOST_PREVIEWED;
      if (!isSeen || !small || this.state.status !== "idle" || program.text === this.previewed) return;
      this.previewed = program.text;
      await call("preview", program);
    }, 300);
  }

  take(message) {
    switch (message.event) {
      case "state":
        this.state = message;
        if (message.status === "idle") {
          this.plane.clear();
          this.previewed = null;
          this.preview();
        }
        break;
      case "epoch":
        this.state.epochs.push(message);
        this.pad.refresh();
        break;
      case "step":
        this.state.run.step = message.step;
        break;
      case "points":
        this.plane.setPoints(message.points);
        return;
      case "picture":
        this.plane.show(message);
        return;
    }
    // Many epochs of a small net end between two frames of the screen.
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.show(); });
    }
  }

  show() {
    this.showButtons();
    drawCurves(document.getElementById("curves"), this.state.epochs, this.state.run.criterion);
    if (this.state.status === "paused" || this.state.status === "finished") this.pad.refresh();
  }

  showButtons() {
    const { status, run, epochs } = this.state;
    const busy = status === "starting" || status === "running";
    const program = this.program();
    const isOfThisText = run.text === program.text && run.file === program.file;
    const same = status === "paused" && isOfThisText;
    const train = document.getElementById("train");
    train.disabled = document.getElementById("step").disabled = busy;
    train.textContent = word(same ? "goOn" : "train");
    document.getElementById("pause").disabled = !busy;
    // What is shown belongs to the text that was trained, and says so where another one stands in the editor.
    const outdated = document.getElementById("outdated"), isOutdated = status !== "idle" && !isOfThisText;
    const told = isOutdated ? word(busy ? "outdatedRunning" : "outdated") : "";
    if (outdated.textContent !== told) outdated.textContent = told;
    outdated.hidden = !isOutdated;
    document.getElementById("trainable").classList.toggle("outdated", isOutdated);
    document.getElementById("reset").disabled = status === "idle";
    const fields = { epoch: epochs.at(-1)?.epoch ?? 0, step: run.step ?? 0, steps: run.steps ?? "", folder: run.folder ?? "" };
    const shown = document.getElementById("status");
    const problem = status === "failed" ? run.problem : null;
    const now = problem ? `${word("failed")}: ${problem.message}` : word(status, fields);
    // Steps and epochs are many in a second: only what becomes of the run is read out.
    if (shown.dataset.status && shown.dataset.status !== status) say(now);
    shown.dataset.status = status;
    shown.replaceChildren(element("span", { textContent: now }));
    if (problem?.help) shown.append(element("small", { textContent: problem.help }));
  }
}
