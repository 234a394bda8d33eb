// The class view: a code for the board, a student's own patients, and the pool of all of them.
import { by, make, on, tell } from "./dom.js";
import { BadCode, classCode, pool, readClassCode, resultCode } from "./classcode.js";
import { drawKaplanMeier, frame, show } from "./cohort.js";
import { copy } from "./keep.js";
import { percent, wilson } from "./numbers.js";
import { say } from "./words.js";
import { fate } from "./verdict.js";

const relapses = (outcomes) => outcomes.filter((outcome) => fate(outcome).mode === "relapse").length;

export class ClassView {
  // `state()` is what the page shows; `opened(known)` takes over the settings of a class.
  constructor(state, workers, opened) {
    this.state = state;
    this.workers = workers;
    this.opened = opened;
    on(by("make-code"), "click", () => this.makeCode());
    on(by("do-share"), "click", () => this.treat());
    on(by("copy-result"), "click", () => copy(by("result-code").textContent, by("share-words"), by("share-words").textContent));
    on(by("results"), "input", () => this.drawPool());
    on(by("code"), "change", () => this.drawPool());
  }

  makeCode() {
    const students = Number(by("students").value), portion = Number(by("portion").value);
    if (!Number.isInteger(students) || !Number.isInteger(portion) || students < 2 || students > 99 || portion < 5 || portion > 25) {
      tell("class-code", say("badClassSize"));
      return;
    }
    const seed = 1 + crypto.getRandomValues(new Uint16Array(1))[0] % 4095;
    tell("class-code", classCode({ settings: this.state().settings, students, portion, seed }));
    by("code").value = by("class-code").textContent;
    this.drawPool();
  }

  known() {
    return readClassCode(by("code").value);
  }

  treat() {
    const words = by("share-words");
    let known;
    try {
      known = this.known();
    } catch (error) {
      if (!(error instanceof BadCode)) throw error;
      words.textContent = say("badClassCode", { why: say(error.why) });
      return;
    }
    const number = Number(by("number").value);
    if (!Number.isInteger(number) || number < 1 || number > known.students) {
      words.textContent = say("badNumber", { students: known.students });
      return;
    }
    this.opened(known);
    words.textContent = say("counting");
    this.workers.ask({ ...known, count: known.portion, first: (number - 1) * known.portion }, (outcomes, done) => {
      if (!done) return;
      const negative = outcomes.filter((outcome) => fate(outcome).kind === "CD19-negative").length;
      words.textContent = say("shareSays", { n: outcomes.length, k: relapses(outcomes), negative });
      tell("result-code", resultCode(known.tag, number, outcomes));
      by("copy-result").hidden = false;
    }, (why) => { words.textContent = say("failed", { why }); });
  }

  drawPool() {
    const text = by("results").value;
    const headline = by("pool-headline"), list = by("pool-problems");
    list.replaceChildren();
    headline.textContent = "";
    for (const id of ["pool-km", "pool-students"]) by(id).hidden = true;
    if (!text.trim()) return;
    let known;
    try {
      known = this.known();
    } catch (error) {
      if (!(error instanceof BadCode)) throw error;
      headline.textContent = say("badClassCode", { why: say(error.why) });
      return;
    }
    const { students, problems } = pool(text, known);
    list.append(...problems.map(([key, values]) => make("li", {
      textContent: say(key, values.why ? { ...values, why: say(values.why) } : values),
    })));
    if (students.length) this.drawStudents(students, headline);
  }

  drawStudents(students, headline) {
    for (const id of ["pool-km", "pool-students"]) by(id).hidden = false;
    const all = students.flatMap(({ outcomes }) => outcomes);
    const [low, high] = wilson(relapses(all), all.length);
    const own = students.map(({ outcomes }) => relapses(outcomes) / outcomes.length);
    headline.textContent = say("poolHead", {
      students: students.length, n: all.length, percent: percent(relapses(all) / all.length), low: percent(low), high: percent(high),
      least: percent(Math.min(...own)), most: percent(Math.max(...own)),
    });
    drawKaplanMeier(by("pool-km"), all);
    drawSpread(by("pool-students"), own, relapses(all) / all.length);
  }
}

// How many students found each share of relapses, and the pooled share.
function drawSpread(canvas, own, pooled) {
  const found = frame(canvas, say("studentsAxis"), [0, 20, 40, 60, 80, 100], 100);
  const counts = Array(11).fill(0);
  for (const share of own) counts[Math.round(share * 10)] += 1;
  const x = [], values = [];
  counts.forEach((count, k) => { x.push(Math.max(0, 10 * k - 4), Math.min(100, 10 * k + 4)); values.push(count, 0); });
  const panel = { title: say("studentsTitle"), unit: say("studentsUnit"), range: [0, 4 * Math.ceil(Math.max(...counts) / 4)],
    band: { x, low: values.map(() => 0), high: values, colour: "positive" },
    lines: [{ x, values, until: Infinity, step: true, colour: "positive" }], marks: [{ at: 100 * pooled, text: `${say("pooled")} ${percent(pooled)} %`, high: true }] };
  show(canvas, panel, found, `${panel.title}: ${own.map(percent).join(", ")} %`);
}
