// Outcomes of many twins, by the model in a few workers that share them out; a new question replaces the one before.

import { by } from "./dom.js";

const AT_MOST = 4;

function newWorker() {
  const model = by("model");
  if (model.src) return new Worker(model.src);
  const url = URL.createObjectURL(new Blob([model.textContent], { type: "text/javascript" }));
  return new Worker(url);
}

export class Pool {
  // One core is left to the page, which simulates too and draws: with none a slider follows half as quickly.
  constructor(size = Math.min(AT_MOST, Math.max(1, (navigator.hardwareConcurrency || 2) - 1))) {
    this.size = size;
    this.workers = null;
    this.asked = 0;
  }

  // Simulates twins first..first+count-1; `told(outcomes, done)` is called as they come, sorted by twin.
  ask({ settings, count, seed, first = 0 }, told, failed) {
    this.workers ??= Array.from({ length: this.size }, newWorker);
    const id = ++this.asked;
    const found = [];
    const share = Math.ceil(count / this.workers.length);
    let open = 0;
    this.workers.forEach((worker, k) => {
      const from = k * share, own = Math.min(share, count - from);
      if (own <= 0) { worker.postMessage({ type: "cancel", id: id - 1 }); return; }
      open += 1;
      worker.onmessage = ({ data }) => {
        if (data.id !== id || id !== this.asked) return;
        if (data.type === "failed") { failed(data.message); return; }
        if (data.type === "progress") found.push(...data.outcomes);
        if (data.type === "done") open -= 1;
        told([...found].sort((a, b) => a.twin - b.twin), open === 0);
      };
      worker.onerror = (event) => failed(event.message);
      worker.postMessage({ type: "cohort", id, settings, count: own, seed, first: first + from });
    });
  }

  cancel() {
    this.asked += 1;
    for (const worker of this.workers || []) worker.postMessage({ type: "cancel", id: this.asked - 1 });
  }
}
