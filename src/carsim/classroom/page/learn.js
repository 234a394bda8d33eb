// The page of questions, with buttons that set up a case, the teacher's note, the glossary, and what the model leaves out.
import { fill, make, on } from "./dom.js";
import { GLOSSARY, QUESTIONS, TEACHER, UNKNOWN } from "./lesson.js";
import { say } from "./words.js";

// What each question starts from: {preset, ...settings}.
const STARTS = {
  q1: { preset: "cd19_negative_escape" }, q2: { preset: "cd19_negative_escape" }, q3: { preset: "cd19_negative_escape", negative_fraction: 0 },
  q4: { preset: "eliana_child" }, q5: { preset: "eliana_child" }, q6: { preset: "weak_arm" }, q7: { preset: "sequential" },
};

export function showLesson(start) {
  fill("questions", QUESTIONS.map((key) => {
    const item = make("li"), button = make("button", { className: "quiet", type: "button", textContent: say("tryIt") });
    on(button, "click", () => start(STARTS[key]));
    item.append(make("p", { textContent: say(key) }), button);
    return item;
  }));
  fill("teacher", TEACHER.map((key) => make("p", { textContent: say(key) })));
  fill("unknown", UNKNOWN.map((key) => {
    const [first, ...others] = say(key).split(/(?<=\.) /);
    const item = make("li");
    item.append(make("strong", { textContent: first }), ` ${others.join(" ")}`);
    return item;
  }));
  const words = GLOSSARY.map((key) => [say(`g_${key}`), say(`d_${key}`)]).sort(([a], [b]) => a.localeCompare(b));
  fill("glossary", words.map(([term, meaning]) => {
    const pair = make("div");
    pair.append(make("dt", { textContent: term }), make("dd", { textContent: meaning }));
    return pair;
  }));
}

