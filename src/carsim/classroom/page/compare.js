// A pinned run beside the one shown now: what was changed, and what it changed.
import { make } from "./dom.js";
import { shown, table } from "./controls.js";
import { cells } from "./numbers.js";
import { say } from "./words.js";
import { fate, shortWords } from "./verdict.js";

const most = (values) => values.reduce((high, value) => Math.max(high, value), 0);

// pinned, now: {run, settings, outcomes}.
export function comparison(pinned, now) {
  const box = document.createDocumentFragment();
  const changed = CarsimModel.settings.filter(({ name }) => pinned.settings[name] !== now.settings[name])
    .map((setting) => `${say(setting.name)} ${shown(setting, pinned.settings[setting.name])} → ${shown(setting, now.settings[setting.name])}`);
  const words = make("p", { className: "note" });
  words.textContent = changed.length ? say("compareChanged", { list: changed.join("; ") }) : say("compareSame");
  const row = (key, value) => [say(key), value(pinned), value(now)];
  const count = (test) => ({ outcomes }) => (outcomes.length ? `${outcomes.filter((outcome) => test(fate(outcome))).length}/${outcomes.length}` : "…");
  box.append(words, table([
    ["", say("comparePinned"), say("compareNow")],
    row("compareTwins", count(({ mode }) => mode === "relapse")),
    row("compareNegative", count(({ kind }) => kind === "CD19-negative")),
    row("compareOutcome", ({ run }) => shortWords(run)),
    row("comparePeak", ({ run }) => cells(most(run.carT))),
    row("compareFewest", ({ run }) => cells(run.verdict.smallest.total)),
  ], "numbers"));
  return box;
}
