// A cohort: Kaplan–Meier curve, relapse by phenotype as competing events, and a table, from outcomes of many patients.
import { drawPanel, prepare } from "./charts.js";
import { table } from "./controls.js";
import { percent, wilson } from "./numbers.js";
import { UNTIL } from "./panels.js";
import { say } from "./words.js";
import { colourOf, fate, groups, nameOf } from "./verdict.js";

const MONTH = 30.4375;
const Z = 1.959964;

// Steps of the share alive without relapse, with the 95 % interval of Greenwood on the log-log scale. Non-response is an
// event on day 1; who has none is followed to the end, so nobody is censored before.
export function kaplanMeier(outcomes) {
  const days = outcomes.map(fate).filter(({ mode }) => mode !== "remission").map(({ mode, day }) => (mode === "no_response" ? 1 : day)).sort((a, b) => a - b);
  const x = [0], share = [1], low = [1], high = [1];
  let risk = outcomes.length, value = 1, greenwood = 0;
  for (let k = 0; k < days.length;) {
    let events = 0;
    while (k < days.length && days[k] === days[k - events]) { events += 1; k += 1; }
    const day = days[k - 1];
    value *= 1 - events / risk;
    greenwood += risk > events ? events / (risk * (risk - events)) : 0;
    risk -= events;
    const spread = value > 0 && value < 1 ? (Z * Math.sqrt(greenwood)) / Math.abs(Math.log(value)) : 0;
    x.push(day / MONTH); share.push(value); low.push(value ** Math.exp(spread)); high.push(value ** Math.exp(-spread));
  }
  const last = share.length - 1;
  x.push(UNTIL / MONTH); share.push(share[last]); low.push(low[last]); high.push(high[last]);
  return { x, share, low, high };
}

// Share of patients with each kind of relapse until each day. Nobody is censored before the end, so shares are counts.
export function incidences(outcomes) {
  return groups(outcomes).filter(({ mode }) => mode === "relapse").map((group) => {
    const days = outcomes.map(fate).filter(({ kind }) => kind === group.kind).map(({ day }) => day).sort((a, b) => a - b);
    const x = [0, ...days.map((day) => day / MONTH), UNTIL / MONTH];
    const values = x.map((_, k) => Math.min(k, days.length) / outcomes.length);
    return { group, x, values };
  });
}

export function frame(canvas, axisX, ticks, last, height = 290, beside = false) {
  const width = canvas.clientWidth || 480;
  const left = 42, right = width - (beside ? 120 : 18), top = 46, bottom = height - 44;
  const scaleX = (value) => left + (value / last) * (right - left);
  return { left, right, top, bottom, width, height, scaleX, ticksX: ticks.map((at) => ({ at, text: String(at) })), showX: true, axisX,
    titleLeft: 2, titleSize: 15, small: 12, labelsBeside: beside, keyLeft: left + 8, keyTop: top + 10, spare: 0 };
}

const hundred = (values) => values.map((value) => 100 * value);

export function drawKaplanMeier(canvas, outcomes) {
  const curve = kaplanMeier(outcomes);
  const own = frame(canvas, say("axisMonths"), [0, 6, 12, 18, 24], UNTIL / MONTH);
  const panel = { title: say("kmTitle"), unit: say("kmUnit"), range: [0, 100],
    band: { x: curve.x, low: hundred(curve.low), high: hundred(curve.high), colour: "calm" },
    lines: [{ x: curve.x, values: hundred(curve.share), until: Infinity, step: true, colour: "calm" }] };
  show(canvas, panel, own, `${panel.title}: ${percent(curve.share[curve.share.length - 1])} %`);
}

export function drawIncidences(canvas, outcomes) {
  const own = frame(canvas, say("axisMonths"), [0, 6, 12, 18, 24], UNTIL / MONTH);
  const found = incidences(outcomes);
  const dashes = [[], [9, 4], [2, 3], [8, 3, 2, 3]];
  const most = Math.max(0.1, ...found.map(({ values }) => values[values.length - 1]));
  const panel = { title: say("ciTitle"), unit: say("ciUnit"), range: [0, 100 * Math.min(1, Math.ceil(most * 12) / 10)],
    lines: found.map(({ group, x, values }, k) => ({ x, values: hundred(values), until: Infinity, step: true, colour: colourOf(group), dash: dashes[k % 4], name: nameOf(group) })) };
  show(canvas, panel, own, `${panel.title}: ${found.map(({ group }) => `${nameOf(group)} ${percent(group.count / outcomes.length)} %`).join(", ")}`);
}

export function show(canvas, panel, own, words) {
  const context = prepare(canvas, own.width, own.height);
  context.clearRect(0, 0, own.width, own.height);
  drawPanel(context, panel, own);
  canvas.setAttribute("aria-label", words);
}

export function cohortWords(outcomes) {
  const n = outcomes.length;
  const fine = outcomes.filter((outcome) => fate(outcome).mode === "remission").length;
  const [low, high] = wilson(fine, n);
  const responders = n - outcomes.filter((outcome) => fate(outcome).mode === "no_response").length;
  return [say("cohortHead", { percent: percent(fine / n), low: percent(low), high: percent(high) }), say("cohortRest", { n, responders })];
}

export function cohortTable(outcomes) {
  return table([
    [say("outcome"), say("patients"), `${say("share")}, %`, say("medianDay")],
    ...groups(outcomes).map((group) => [nameOf(group), String(group.count), percent(group.count / outcomes.length), group.day === null ? "–" : String(group.day)]),
  ], "numbers");
}
