// From a run of the model to the four panels of a patient: which curves, axes, levels and marks.
import { dayAt, dayScale, drawPanel, prepare, FONT } from "./charts.js";
import { cells, short } from "./numbers.js";
import { colours, lookOf, onPaper } from "./theme.js";
import { say, sayOr } from "./words.js";

export const PANELS = ["leukaemia", "carT", "bCells", "drugs"];
export const UNTIL = 730; // days of a course on the page
export const LOWEST = 0.5; // of a logarithmic axis of cells: below one cell a curve leaves the picture
const HEIGHTS = { leukaemia: 250, carT: 150, bCells: 118, drugs: 118 };
const TICKS = [0, 7, 14, 21, 28, 90, 180, 270, 360, 450, 540, 630, 720];

export const cloneName = (clone) => sayOr(`clone_${lookOf(clone).kind}`, clone.label);

// The panels of a run. `until`: last day shown; `pinned`: another run drawn faintly; `settings`: of the run, for its marks.
// `assay`: as a clinic sees it on the last day shown, without clones and without what lies below the limit of an assay.
export function describe(run, { until = UNTIL, pinned = null, settings = null, assay = false } = {}) {
  const both = (make) => [...(pinned ? make(pinned, true) : []), ...make(run, false)];
  const line = (source, faint, values, look) => ({ x: source.time, values, until, faint, ...look });
  const leukaemia = {
    title: say("panel_leukaemia"), unit: say("cellsInBody"), log: true, range: [LOWEST, 2e13],
    lines: both((source, faint) => source.clones.filter((clone) => faint || isThere(clone))
      .map((clone) => line(source, faint, clone.cells, { ...lookOf(clone), name: cloneName(clone) }))),
    levels: marrowLevels(run), crosses: extinctions(run, until), marks: events(run, settings, until),
  };
  const carT = {
    title: say("panel_carT"), unit: say("cellsInBody"), log: true, range: [1e4, 2e12],
    lines: both((source, faint) => carLines(source).map((look) => line(source, faint, look.values, look))),
  };
  const bCells = {
    title: say("panel_bCells"), unit: say("cellsPerMicrolitre"), log: true, range: [0.01, 1e4],
    lines: both((source, faint) => [line(source, faint, source.bCells, { colour: "bcell" })]),
    levels: [{ value: APLASIA, text: say("aplasia") }],
  };
  const most = Math.max(1e-3, ...run.fludarabine);
  const drugs = {
    title: say("panel_drugs"), unit: "mg/L", range: [0, niceAbove(most)], right: { range: [0, 1], colour: "drive" },
    lines: both((source, faint) => [
      line(source, faint, source.fludarabine, { colour: "drug", dash: [7, 3], name: say("flu") }),
      line(source, faint, source.cytokine, { colour: "drive", right: true, name: say("drive") }),
    ]),
  };
  const panels = { leukaemia, carT, bCells, drugs };
  if (assay) veil(panels, run, until);
  return panels;
}

function veil(panels, run, until) {
  for (const name of PANELS) panels[name].veil = { from: until };
  const below = panels.leukaemia.levels[1];
  const total = run.time.map((_, k) => run.clones.reduce((sum, clone) => sum + clone.cells[k], 0));
  const values = total.map((count, k) => (count >= below.values[k] ? count : NaN));
  panels.leukaemia.lines = [{ x: run.time, values, until, colour: "ink", dash: [], name: say("blasts") }];
  panels.leukaemia.crosses = [];
  panels.leukaemia.veil = { from: until, below, text: say("hidden"), textBelow: say("unseen") };
}

const APLASIA = 50; // B cells per µL of blood below which carsim speaks of aplasia
export const MRD_LIMIT = 1e-4; // of flow cytometry, blasts per nucleated marrow cell

const isThere = (clone) => clone.cells.some((count) => count >= 1);

function niceAbove(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * unit).find((top) => top >= value);
}

function carLines(run) {
  const looks = [{ colour: "cart", dash: [] }, { colour: "other", dash: [6, 3] }];
  if (run.products.length < 2) return [{ ...looks[0], values: run.carT }];
  return run.products.map((product, k) => ({ ...looks[k % 2], values: product.cells, name: product.name }));
}

// Leukaemic cells in the body at which the marrow holds 5 % blasts, and 0.01 %: shares of all its nucleated cells.
function marrowLevels(run) {
  const total = marrowCells(run);
  return [
    { x: run.time, values: total.map((count) => 0.05 * count), text: say("fivePercent") },
    { x: run.time, values: total.map((count) => MRD_LIMIT * count), text: say("mrdLevel") },
    { value: 1, text: say("oneCell") },
  ];
}

// Nucleated cells of the marrow; while no blast is left, as many as when the last one was.
export function marrowCells(run) {
  let last = 1e12;
  return run.time.map((_, k) => {
    const blasts = run.clones.reduce((sum, clone) => sum + clone.marrow[k], 0);
    if (blasts >= 1 && run.marrowBlasts[k] > 0) last = blasts / run.marrowBlasts[k];
    return last;
  });
}

function extinctions(run, until) {
  const found = [];
  for (const clone of run.clones) {
    if (!isThere(clone)) continue;
    const last = clone.cells.findLastIndex((count) => count >= 1);
    if (last < clone.cells.length - 1 && run.time[last] <= until && run.time[last] > 0) {
      found.push({ at: run.time[last], value: 1, colour: lookOf(clone).colour });
    }
  }
  return found;
}

function events(run, settings, until) {
  const marks = [];
  const add = (at, text, dash) => at !== null && at <= until && marks.push({ at, text, dash, row: marks.length });
  add(run.verdict.relapseDay, say("relapseMark", { day: Math.round(run.verdict.relapseDay) }));
  for (const { day, name } of given(run, settings)) add(day, say(name), [1, 3]);
  return marks;
}

// What is given after the first infusion, and when: as the model says it happened.
function given(run, settings) {
  if (!settings) return [];
  const found = [];
  if (settings.second !== "none") found.push({ day: settings.second_day, name: "secondInfusion" });
  if (settings.transplant === "yes") found.push({ day: settings.transplant_day, name: "transplantMark" });
  return found;
}

// Where the panels lie in a canvas of this width; narrow ones carry their names in a row, not beside the lines.
export function frameOf(name, width, first) {
  const narrow = width < 560;
  const big = !narrow && document.body.classList.contains("figure"); // for slides, read from the back row
  const last = name === PANELS[PANELS.length - 1];
  const left = narrow ? 40 : big ? 58 : 46;
  const right = width - (narrow ? 14 : big ? 168 : 128);
  const top = 34 + (narrow && name === "leukaemia" ? 16 : 0);
  const inner = HEIGHTS[name] * (big ? 1.2 : 1) - (narrow ? 30 : 0);
  const bottom = top + inner - 34;
  const scaleX = dayScale(first, UNTIL, left, right - (name === "drugs" && narrow ? 16 : 0));
  const breakAt = left + (right - (name === "drugs" && narrow ? 16 : 0) - left) * 0.4;
  return {
    left, right: right - (name === "drugs" && narrow ? 16 : 0), top, bottom, scaleX, breakAt, width, spare: narrow ? 10 : 110,
    height: bottom + (last ? 46 : 10), titleLeft: 2, titleSize: narrow ? 14 : big ? 20 : 15, small: big ? 16 : 12, labelsBeside: !narrow,
    keyLeft: name === "drugs" ? breakAt + 22 : left + 8, keyTop: narrow && name === "leukaemia" ? top - 2 : top + 8, showX: last || name === "leukaemia",
    axisX: last ? (narrow ? shortAxis() : say("axisDays")) : "",
    ticksX: TICKS.filter((day) => !narrow || [0, 14, 28, 180, 360, 540, 720].includes(day)).map((at) => ({ at, text: String(at) })),
  };
}

const shortAxis = () => say("axisDays").replace(/ \(.*/, "");

const PAPER = 840; // pixels across a sheet, whatever the window: two sheets hold a patient

// Draws one panel on its canvas and says in words what it shows.
export function paint(canvas, name, panel, first, cursor) {
  const width = onPaper() ? PAPER : canvas.clientWidth || 600;
  const frame = frameOf(name, width, first);
  if (frame.showX && name === "leukaemia") frame.height = frame.bottom + 26;
  const context = prepare(canvas, width, frame.height);
  context.clearRect(0, 0, width, frame.height);
  drawPanel(context, panel, frame);
  if (cursor !== null) drawCursor(context, panel, frame, cursor);
  return frame;
}

function drawCursor(context, panel, frame, day) {
  const tone = colours();
  context.strokeStyle = tone.soft;
  context.lineWidth = 1;
  const x = Math.round(frame.scaleX(day)) + 0.5;
  context.beginPath();
  context.moveTo(x, frame.top);
  context.lineTo(x, frame.bottom);
  context.stroke();
  const texts = panel.lines.filter((line) => !line.faint && day <= line.until).map((line) => {
    const value = valueOn(line, day);
    return { text: short(value < panel.range[0] ? 0 : value), colour: line.colour };
  });
  context.font = `600 12px ${FONT}`;
  const wide = Math.max(...texts.map(({ text }) => context.measureText(text).width), 0);
  const toLeft = x + wide + 14 > frame.right;
  context.fillStyle = tone.card;
  context.globalAlpha = 0.88;
  context.fillRect(toLeft ? x - wide - 12 : x + 4, frame.top + 2, wide + 8, texts.length * 15 + 4);
  context.globalAlpha = 1;
  context.textAlign = toLeft ? "right" : "left";
  texts.forEach(({ text, colour }, k) => {
    context.fillStyle = tone[colour];
    context.fillText(text, toLeft ? x - 8 : x + 8, frame.top + 11 + 15 * k);
  });
}

export function indexOf(time, day) {
  let low = 0, high = time.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (time[middle] <= day) low = middle; else high = middle - 1;
  }
  return low;
}

const valueOn = (line, day) => line.values[indexOf(line.x, day)];

export function dayUnder(frame, x, first) {
  return dayAt(x, first, UNTIL, frame.left, frame.right);
}

// The words of a panel for those who cannot see it.
export function spoken(panel) {
  const list = panel.lines.filter((line) => !line.faint).map((line) => {
    const end = indexOf(line.x, line.until);
    let peak = 0;
    for (let k = 0; k <= end; k++) if (line.values[k] > peak) peak = line.values[k];
    const counted = panel.range[0] >= LOWEST; // cells of the body, not a concentration
    const text = (value) => (!counted ? short(value) : value >= LOWEST ? cells(value) : say("gone"));
    return say("seriesSays", { name: line.name || panel.title, peak: text(peak), end: text(line.values[end]) });
  }).join("; ");
  return say("chartSays", { title: panel.title, unit: panel.unit, list });
}
