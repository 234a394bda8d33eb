// The square of twins: one button each, coloured by what becomes of it; a click shows that twin.
import { make, on } from "./dom.js";
import { say } from "./words.js";
import { colourOf, fate, groups, nameOf } from "./verdict.js";

export const TWINS = 100;

export class Twins {
  constructor(root, legend, chosen) {
    this.root = root;
    this.legend = legend;
    this.buttons = Array.from({ length: TWINS }, (_, twin) => {
      const button = make("button", { type: "button", tabIndex: twin ? -1 : 0, disabled: true });
      button.dataset.colour = "empty";
      on(button, "click", () => {
        chosen(button.getAttribute("aria-pressed") === "true" ? null : Number(button.dataset.twin));
      });
      return button;
    });
    on(root, "keydown", (event) => this.key(event));
    root.append(...this.buttons);
  }

  key(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10 }[event.key];
    const now = this.buttons.indexOf(document.activeElement);
    if (!by || now < 0) return;
    event.preventDefault();
    const next = Math.min(TWINS - 1, Math.max(0, now + by));
    this.buttons[now].tabIndex = -1;
    this.buttons[next].tabIndex = 0;
    this.buttons[next].focus();
  }

  // Colours the twins that are known, in the order of their fates, so that the square reads as a bar.
  show(outcomes, twin) {
    const order = groups(outcomes).map(({ mode, kind }) => `${mode}/${kind}`);
    const rank = (outcome) => { const { mode, kind } = fate(outcome); return order.indexOf(`${mode}/${kind}`); };
    const sorted = [...outcomes].sort((a, b) => rank(a) - rank(b) || a.twin - b.twin);
    this.buttons.forEach((button, k) => {
      const outcome = sorted[k], pressed = String(Boolean(outcome) && outcome.twin === twin);
      const label = outcome ? say("twin", { number: outcome.twin + 1, what: nameOf(fate(outcome)) }) : "…";
      if (button.getAttribute("aria-label") === label && button.getAttribute("aria-pressed") === pressed) return; // the label says who and what
      button.disabled = !outcome;
      button.dataset.colour = outcome ? colourOf(fate(outcome)) : "empty";
      button.dataset.twin = outcome ? outcome.twin : "";
      button.setAttribute("aria-label", label);
      button.setAttribute("aria-pressed", pressed);
    });
    this.legend.replaceChildren(...groups(outcomes).map((group) => key(colourOf(group), `${group.count} ${nameOf(group)}`)));
  }
}

export function key(colour, text) {
  const item = make("span", { className: "key" });
  const dot = make("i");
  dot.dataset.colour = colour;
  item.append(dot, text);
  return item;
}
