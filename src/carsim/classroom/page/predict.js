// Predict first, then reveal: the courses end on day 28 until the viewer has said what comes next, or asked to be shown.
import { by, make, on } from "./dom.js";
import { say } from "./words.js";
import { fate } from "./verdict.js";

export const LAST_SEEN = 28; // day on which a first remission is judged
const GUESSES = { remission: "remission", positive: "CD19-positive", negative: "CD19-negative", none: "no_response" };

export class Prediction {
  constructor(revealed) {
    this.open = false; // whether a prediction is awaited
    this.guess = null;
    this.revealed = revealed;
    for (const guess of Object.keys(GUESSES)) {
      const button = make("button", { type: "button" });
      button.dataset.word = `predict_${guess}`;
      on(button, "click", () => this.say(guess));
      by("choices").append(button);
    }
    on(by("show-me"), "click", () => this.say(null));
  }

  ask() {
    this.open = true;
    this.guess = null;
  }

  say(guess) {
    this.open = false;
    this.guess = guess;
    this.revealed();
  }

  show() {
    by("prediction").hidden = !this.open;
    by("verdict").hidden = this.open;
    by("twins-figure").hidden = this.open;
    document.body.classList.toggle("predicting", this.open);
  }

  // What became of the guess, once all twins are known.
  judge(outcomes) {
    const element = by("judged");
    element.hidden = this.guess === null;
    if (this.guess === null) return;
    const meant = GUESSES[this.guess];
    const same = outcomes.filter((outcome) => { const { mode, kind } = fate(outcome); return mode === meant || kind === meant; }).length;
    const right = 2 * same >= outcomes.length;
    element.textContent = say(right ? "judgedRight" : "judgedWrong", { guess: say(`predict_${this.guess}`), same, count: outcomes.length });
    element.dataset.right = right;
  }
}
