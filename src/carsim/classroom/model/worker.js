// The same text inside a worker: twins one after another, told in parts so that a page can follow and stop them.

const TOLD_EVERY = 40; // ms of work before the page is told, and may have said that something else is wanted

function serve(scope) {
  let latest = 0;
  scope.onmessage = ({data}) => {
    const own = ++latest; // whatever comes, what was running stops
    if (data.type !== "cohort") return;
    const {id, settings, count, seed, first = 0} = data, outcomes = [];
    const part = () => {
      if (own !== latest) return;
      const begun = Date.now(), from = outcomes.length;
      try {
        while (outcomes.length < count && (outcomes.length === from || Date.now() - begun < TOLD_EVERY)) {
          outcomes.push(outcomeOf(settings, seed, first + outcomes.length));
        }
      } catch (error) {
        scope.postMessage({type: "failed", id, message: String(error.message), problems: error.problems || []});
        return;
      }
      scope.postMessage({type: "progress", id, done: outcomes.length, count, outcomes: outcomes.slice(from)});
      if (outcomes.length < count) setTimeout(part, 0);
      else scope.postMessage({type: "done", id, outcomes});
    };
    part();
  };
}

if (typeof WorkerGlobalScope !== "undefined" && globalThis instanceof WorkerGlobalScope) serve(globalThis);
