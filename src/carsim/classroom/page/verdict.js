// From outcomes to words: what happens to the twins, to the one shown, and why.
import { median, oneIn } from "./numbers.js";
import { say } from "./words.js";

export const MODES = ["remission", "relapse", "no_response", "death"];
export const KINDS = ["CD19-positive", "CD19-negative", "CD19-dim", "CD22-negative", "CD22-dim", "double-negative", "lineage switch", "mixed"];

// The kind of a relapse as the page names it.
export function kindOf(phenotype) {
  if (KINDS.includes(phenotype)) return phenotype;
  return "mixed";
}

// What became of a twin: {mode, kind, day}. A death after a relapse counts as that relapse.
export function fate(outcome) {
  if (!outcome.remission) return { mode: "no_response", kind: null, day: null };
  if (outcome.relapseDay !== null) return { mode: "relapse", kind: kindOf(outcome.phenotype), day: outcome.relapseDay };
  if (outcome.deathDay !== null) return { mode: "death", kind: null, day: outcome.deathDay };
  return { mode: "remission", kind: null, day: null };
}

// The same of a run that is shown.
export function fateOfRun(run) {
  const { mode, phenotype, relapseDay, deathDay } = run.verdict;
  return fate({ remission: mode !== "no_response", relapseDay: mode === "relapse" ? relapseDay : null, phenotype, deathDay });
}

// Groups of outcomes, the largest first: [{mode, kind, count, day}]; day is a median.
export function groups(outcomes) {
  const found = new Map();
  for (const outcome of outcomes) {
    const { mode, kind, day } = fate(outcome);
    const key = `${mode}/${kind}`;
    if (!found.has(key)) found.set(key, { mode, kind, days: [] });
    found.get(key).days.push(day);
  }
  return [...found.values()]
    .map(({ mode, kind, days }) => ({ mode, kind, count: days.length, day: mode === "relapse" ? Math.round(median(days)) : null }))
    .sort((a, b) => b.count - a.count);
}

const words = (group, form, total) => say(`${form}_${group.mode}`, {
  k: group.count, n: total, day: group.day, kind: group.kind ? say(`kind_${group.kind}`) : "",
});

// The headline: the commonest relapse where a fifth of the twins or more relapse, else what most of them do; then why.
export function headline(outcomes, settings, run) {
  const all = groups(outcomes);
  const relapse = all.find((group) => group.mode === "relapse");
  const first = relapse && relapse.count >= 0.2 * outcomes.length ? relapse : all[0];
  const others = all.filter((group) => group !== first);
  const why = reason(first, settings, run);
  return {
    first, text: words(first, "of", outcomes.length) + (why || "."),
    rest: others.length ? say("rest", { list: others.map((group) => words(group, "rest")).join(", ") }) : "",
  };
}

function reason(group, settings, run) {
  if (group.mode === "remission") return run && run.verdict.mode === "remission" && run.verdict.smallest.total < 1 ? say("why_remission") : "";
  if (group.mode !== "relapse") return "";
  if (group.kind === "CD19-negative" || group.kind === "double-negative") {
    return settings.negative_fraction > 0 ? say("why_negative", { share: oneIn(settings.negative_fraction) }) : say("why_negative_none");
  }
  if (group.kind === "CD19-positive" && run) {
    return run.verdict.lastCarTDay !== null && run.verdict.lastCarTDay < group.day ? say("why_positive") : say("why_positive_kept");
  }
  return "";
}

export function oneWords(run) {
  const { mode, kind, day } = fateOfRun(run);
  const shown = mode === "remission" ? run.verdict.until : day;
  return say(`one_${mode}`, { kind: kind ? say(`kind_${kind}`) : "", day: shown === null ? "" : Math.round(shown) });
}

export function shortWords(run) {
  const { mode, day } = fateOfRun(run);
  return say(`short_${mode}`, { day: day === null ? "" : Math.round(day) });
}

// Colour of an outcome, by name in the style sheet.
export function colourOf({ mode, kind }) {
  if (mode === "remission") return "calm";
  if (mode === "no_response") return "ink";
  if (mode === "death") return "soft";
  return { "CD19-positive": "positive", "CD19-negative": "negative", "CD19-dim": "dim", "CD22-dim": "drug" }[kind] || "other";
}

export function nameOf({ mode, kind }) {
  return mode === "relapse" ? say(`clone_${kind}`) : say(`legend_${mode}`);
}
