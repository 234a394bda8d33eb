// The page: one state, and what is drawn from it. A change of a setting simulates the one shown at once, draws it, and asks
// the workers for the twins.
import { by, make, on, tell } from "./dom.js";
import { ClassView } from "./classview.js";
import { cohortTable, cohortWords, drawIncidences, drawKaplanMeier } from "./cohort.js";
import { comparison } from "./compare.js";
import { Controls, fillPresets } from "./controls.js";
import { copy, csvOf, pictureOf, save } from "./keep.js";
import { showLesson } from "./learn.js";
import { census, lensText, Marrow, marrowWords } from "./marrow.js";
import { clamp } from "./numbers.js";
import { describe, dayUnder, indexOf, MRD_LIMIT, paint, PANELS, spoken, UNTIL } from "./panels.js";
import { LAST_SEEN, Prediction } from "./predict.js";
import { decode, encode } from "./share.js";
import { applyTheme, currentTheme, nextTheme, setPaper } from "./theme.js";
import { key as legendKey, Twins, TWINS } from "./twins.js";
import { headline, oneWords } from "./verdict.js";
import { currentLanguage, LANGUAGES, say, setLanguage, translate } from "./words.js";
import { Pool } from "./workers.js";

const WAIT = 60; // ms before the twins are asked for: a drag sends many changes
const ENOUGH = 10; // twins before words are said: the same ones at each move, so that what differs is the setting

const state = { settings: null, view: "one", twin: null, seed: 1, run: null, outcomes: [], pinned: null, day: 120, cursor: null, panels: null, cohort: null };
const canvases = {};
const frames = {};
const twinWorkers = new Pool(), otherWorkers = new Pool();
let controls, twins, marrow, prediction, waiting = 0, asked = 0, answering = false, again = false, changedAt = null, unasked = null, unanswered = null, spokenLater = 0, drawn = false;

const firstDay = () => state.run.time[0];
const until = () => (prediction.open ? LAST_SEEN : UNTIL);
const shownDay = () => Math.min(state.day, until());

function simulate() {
  state.run = CarsimModel.simulate(state.settings, { twin: state.twin, seed: state.seed, until: UNTIL, fast: true });
}

// A change of what is shown: draws in the next frame, whatever number of changes came before it.
function change(values, { stamp = null, predict = false } = {}) {
  Object.assign(state, values);
  if (predict) prediction.ask();
  if (stamp !== null) [changedAt, unasked] = [changedAt ?? stamp, unasked ?? stamp];
  if (!waiting) waiting = requestAnimationFrame(redraw);
}

function redraw() {
  waiting = 0;
  try {
    simulate();
  } catch (error) {
    refuse([say("failed", { why: error.message })]);
    return;
  }
  draw();
  if (changedAt !== null) {
    performance.measure("carsim:redraw", { start: changedAt, end: performance.now() });
    changedAt = null;
  }
  if (!drawn) performance.mark("carsim:drawn");
  drawn = true;
  asked ||= setTimeout(askTwins, WAIT);
}

function draw() {
  controls.show(state.settings);
  by("preset").value = state.settings.preset;
  prediction.show();
  state.panels = describe(state.run, { until: until(), pinned: prediction.open ? null : state.pinned && state.pinned.run, settings: state.settings, assay: prediction.open });
  drawPanels();
  drawMarrow();
  drawWords();
  clearTimeout(spokenLater);
  spokenLater = setTimeout(afterwards, 150);
}

// What may wait until a drag rests: words for screen readers, the address, the comparison.
function afterwards() {
  for (const name of PANELS) canvases[name].setAttribute("aria-label", spoken(state.panels[name]));
  history.replaceState(null, "", `#${linkPart()}`);
  by("comparison").replaceChildren(...(state.pinned ? [comparison(state.pinned, state)] : []));
  by("unpin").hidden = !state.pinned;
}

function drawPanels() {
  for (const name of PANELS) frames[name] = paint(canvases[name], name, state.panels[name], firstDay(), state.cursor);
}

function drawMarrow() {
  const day = shownDay(), found = census(state.run, day, prediction.open ? MRD_LIMIT : 0);
  const seen = marrow.draw(found);
  by("day").value = Math.round(((day - firstDay()) / (until() - firstDay())) * 400);
  tell("day-out", String(Math.round(day)));
  by("day").setAttribute("aria-valuetext", say("unit_day", { day: Math.round(day) }));
  tell("lens-out", lensText(marrow.step));
  by("lens").setAttribute("aria-valuetext", lensText(marrow.step));
  const words = marrowWords(found, seen);
  tell("marrow-words", words);
  by("marrow").setAttribute("aria-label", say("marrowSays", { words }));
  const names = found.kinds.map((kind) => kind.kind).join();
  if (by("marrow-legend").dataset.names !== names + currentLanguage()) {
    by("marrow-legend").dataset.names = names + currentLanguage();
    by("marrow-legend").replaceChildren(...found.kinds.map((kind) => legendKey(kind.colour, kind.name)));
  }
}

function drawWords() {
  const { outcomes, run, twin } = state;
  by("shown").textContent = twin === null ? say("shownTypical", { what: oneWords(run) }) : say("shownTwin", { number: twin + 1, what: oneWords(run) });
  by("verdict-kicker").textContent = outcomes.length === TWINS || !outcomes.length ? say("twinsKicker", { count: TWINS }) : say("twinsSoFar", { count: outcomes.length });
  if (!outcomes.length) { by("headline").textContent = say("counting"); return; }
  const { text, rest, first } = headline(outcomes, state.settings, run);
  tell("headline", text);
  by("headline").dataset.kind = first.kind || first.mode;
  tell("rest", rest);
}

// Words on the last question come first, or a drag would have none before it ends.
function askTwins() {
  asked = 0;
  if (state.view !== "one") return;
  if (answering) { again = true; return; }
  const { settings, seed } = state;
  [answering, again, unanswered, unasked] = [true, false, unasked, null];
  twinWorkers.ask({ settings, count: TWINS, seed }, (outcomes, done) => {
    if (!done && outcomes.length < ENOUGH) return;
    state.outcomes = outcomes;
    drawWords();
    twins.show(outcomes, state.twin);
    if (unanswered !== null) performance.measure("carsim:verdict", { start: unanswered, end: performance.now() });
    [answering, unanswered] = [false, null];
    if (again) { askTwins(); return; }
    if (!done) return;
    prediction.judge(outcomes);
    performance.mark("carsim:twins");
    afterwards();
  }, (why) => { answering = false; refuse([say("failed", { why })]); });
}

function refuse(sentences, after = "") {
  const box = by("refusal"), list = make("ul");
  list.append(...sentences.map((text) => make("li", { textContent: text })));
  box.replaceChildren(...(after ? [make("p", { textContent: say("refused") })] : []), list, ...(after ? [make("p", { textContent: after })] : []));
  box.hidden = false;
}

const linkPart = () => encode({ ...state, language: currentLanguage() });

function setView(view) {
  state.view = view;
  for (const section of document.querySelectorAll("section.view")) section.hidden = section.dataset.view !== view;
  for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
  document.body.dataset.view = view;
  if (state.run) change({});
  if (view === "cohort" && state.cohort) drawCohort();
}

function setWords() {
  translate();
  by("language").textContent = currentLanguage() === "en" ? "Deutsch" : "English";
  by("language").lang = currentLanguage() === "en" ? "de" : "en";
  tell("theme", say(`theme${currentTheme()[0].toUpperCase()}${currentTheme().slice(1)}`));
  tell("version", say("version", { version: CarsimModel.version }));
  tell("figure-mode", say(document.body.classList.contains("figure") ? "leaveFigure" : "figureMode"));
  fillPresets(by("preset"), state.settings.preset);
  controls.build(state.settings);
  showLesson((start) => { setSettings({ ...CarsimModel.defaults(start.preset), ...start }, true); setView("one"); });
  if (!state.cohort) by("cohort-headline").textContent = say("cohortIdle");
  for (const id of ["km", "phenotypes", "pool-km", "pool-students"]) by(id).hidden = !(state.cohort && ["km", "phenotypes"].includes(id));
  if (state.cohort) drawCohort();
}

function setSettings(settings, predict = false, stamp = null) {
  change({ settings, outcomes: predict ? [] : state.outcomes, twin: predict ? null : state.twin }, { predict, stamp });
}

function setFigure(on) {
  document.body.classList.toggle("figure", on);
  by("figure-mode").setAttribute("aria-pressed", String(on));
  setWords();
  change({});
}

function runCohort() {
  const count = Number(by("cohort-size").value), bar = by("cohort-progress");
  bar.hidden = false;
  tell("cohort-headline", say("counting"));
  otherWorkers.ask({ settings: state.settings, count, seed: state.seed }, (outcomes, done) => {
    bar.value = outcomes.length / count;
    if (!done) return;
    bar.hidden = true;
    state.cohort = outcomes;
    drawCohort();
  }, (why) => { by("cohort-headline").textContent = say("failed", { why }); });
}

function drawCohort() {
  [by("cohort-headline").textContent, by("cohort-rest").textContent] = cohortWords(state.cohort);
  for (const id of ["km", "phenotypes"]) by(id).hidden = false;
  drawKaplanMeier(by("km"), state.cohort);
  drawIncidences(by("phenotypes"), state.cohort);
  by("cohort-table").replaceChildren(cohortTable(state.cohort));
}

async function saveScenario() {
  try {
    const answer = await fetch("scenario", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(state.settings) });
    if (answer.ok) saved("classroom.yaml", await answer.blob());
    else by("kept").textContent = await answer.text();
  } catch {
    tell("kept", say("serverGone"));
  }
}

function saved(name, blob) {
  save(name, blob);
  tell("kept", say("saved", { name }));
}

function connectCharts() {
  for (const name of PANELS) {
    const canvas = make("canvas", { id: `panel-${name}` });
    canvas.setAttribute("role", "img");
    canvases[name] = canvas;
    by("charts").append(canvas);
    const point = (event) => {
      const day = dayUnder(frames[name], event.clientX - canvas.getBoundingClientRect().left, firstDay());
      setDay(clamp(day, firstDay(), until()), true);
    };
    on(canvas, "pointermove", point);
    on(canvas, "pointerdown", point);
    on(canvas, "pointerleave", () => { state.cursor = null; drawPanels(); });
  }
}

function setDay(day, pointed) {
  state.day = state.run.time[indexOf(state.run.time, day)];
  state.cursor = pointed ? state.day : null;
  drawPanels();
  drawMarrow();
}

function connect() {
  on(by("preset"), "change", () => setSettings(CarsimModel.defaults(by("preset").value), true));
  on(by("reset"), "click", () => setSettings(CarsimModel.defaults(state.settings.preset)));
  on(by("again"), "click", () => change({}, { predict: true }));
  on(by("day"), "input", () => setDay(firstDay() + (Number(by("day").value) / 400) * (until() - firstDay()), false));
  on(by("lens"), "input", () => { marrow.step = Number(by("lens").value); drawMarrow(); });
  on(by("pin"), "click", () => change({ pinned: { run: state.run, settings: { ...state.settings }, outcomes: state.outcomes } }));
  on(by("unpin"), "click", () => change({ pinned: null }));
  on(by("csv"), "click", () => saved("carsim_classroom.csv", new Blob([csvOf(state.run, state.settings, state.twin, state.seed)], { type: "text/csv" })));
  on(by("png"), "click", async () => saved("carsim_classroom.png", await pictureOf(state.panels, firstDay(), [by("headline").textContent, by("shown").textContent], state.settings)));
  on(by("print"), "click", () => window.print());
  on(by("link"), "click", () => {
    const link = `${location.href.split("#")[0]}#${linkPart()}`;
    copy(link, by("kept"), say("linkIs", { link }));
  });
  by("scenario").hidden = !by("model").src;
  on(by("scenario"), "click", saveScenario);
  on(by("cohort-run"), "click", runCohort);
  for (const tab of document.querySelectorAll(".tabs button")) on(tab, "click", () => setView(tab.dataset.view));
  on(by("figure-mode"), "click", () => setFigure(!document.body.classList.contains("figure")));
  on(document, "keydown", (event) => { if (event.key === "Escape" && document.body.classList.contains("figure")) setFigure(false); });
  on(by("theme"), "click", () => { nextTheme(); setWords(); change({}); });
  on(by("language"), "click", () => { setLanguage(LANGUAGES.find((name) => name !== currentLanguage())); setWords(); change({}); });
  on(window, "resize", () => change({}));
  on(window, "hashchange", () => open(location.hash));
  on(matchMedia("(prefers-color-scheme: dark)"), "change", () => { applyTheme(); draw(); });
  for (const name of ["beforeprint", "afterprint"]) { // not when the medium changes: sheets are counted before that is told
    on(window, name, () => { setPaper(name === "beforeprint"); draw(); });
  }
}

function open(fragment) {
  by("refusal").hidden = true;
  const { settings, rest, problems } = decode(fragment);
  setLanguage(rest.lang ?? currentLanguage());
  Object.assign(state, { settings, twin: rest.twin === undefined ? null : Number(rest.twin), seed: Number(rest.seed ?? 1), outcomes: [] });
  setWords();
  if (problems.length) refuse(problems, say("refusedAfter"));
  if (rest.predict === "0") prediction.open = false; else prediction.ask();
  if (rest.class) by("code").value = rest.class;
  setView(rest.view ?? (rest.class ? "class" : "one"));
  change({});
}

// The engine of the browser makes the model quick after a few runs; they are better done before the first drag.
function warmUp() {
  for (let twin = 0; twin < 3; twin++) CarsimModel.simulate(state.settings, { twin, seed: state.seed, until: UNTIL, fast: true });
}

function start() {
  applyTheme();
  setLanguage(navigator.language.startsWith("de") ? "de" : "en");
  connectCharts();
  controls = new Controls(by("settings"), (name, value, stamp) => setSettings({ ...state.settings, [name]: value }, false, stamp));
  twins = new Twins(by("twins"), by("twins-legend"), (twin) => { change({ twin }); twins.show(state.outcomes, twin); });
  marrow = new Marrow(by("marrow"), () => state.run && drawMarrow());
  prediction = new Prediction(() => change({}));
  new ClassView(() => state, otherWorkers, (known) => setSettings(known.settings));
  by("cohort-progress").hidden = true;
  connect();
  open(location.hash || document.documentElement.dataset.start);
  setTimeout(warmUp, 200);
}

start();
