// The controls of the settings, built from what the model says of each: sliders, choices, and what depends on a choice.
import { make, on } from "./dom.js";
import { local, positionOf, short, STEPS, valueAt } from "./numbers.js";
import { say, sayOr } from "./words.js";

const DEPENDS = { second_day: "second", transplant_day: "transplant" }; // shown only where the other is given
const UNITS = { "cells/kg": "unit_cells_kg", "mg*h/L": "unit_auc" };

// A value as the control shows it, with its unit.
export function shown(setting, value) {
  if (setting.kind === "choice") return sayOr(`choice_${value}`, value);
  if (value === 0 && setting.zero) return say("none_fraction");
  if (value === 0) return say("none");
  if (setting.unit === "d") return say("unit_day", { day: value });
  if (setting.name === "marrow_blasts") return `${local(String(+(value * 100).toPrecision(2)))}\u202f%`;
  return short(value) + (setting.unit ? ` ${say(UNITS[setting.unit])}` : "");
}

export class Controls {
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.fields = new Map();
  }

  build(settings) {
    this.root.replaceChildren();
    this.fields.clear();
    for (const setting of CarsimModel.settings) {
      const field = setting.kind === "choice" ? this.choice(setting) : this.slider(setting);
      this.fields.set(setting.name, field);
      this.root.append(field.box);
    }
    this.show(settings);
  }

  slider(setting) {
    const box = make("div", { className: "field" });
    const input = make("input", { type: "range", min: 0, max: STEPS, step: 1, id: `set-${setting.name}` });
    const label = make("label", { htmlFor: input.id, textContent: say(setting.name) });
    const output = make("output", { htmlFor: input.id });
    on(input, "input", (event) => this.changed(setting.name, valueAt(setting, Number(input.value)), event.timeStamp));
    box.append(label, output, input);
    return { box, show: (value) => {
      const position = positionOf(setting, value);
      if (Number(input.value) !== position) input.value = position;
      output.textContent = shown(setting, value);
      input.setAttribute("aria-valuetext", output.textContent);
      input.style.setProperty("--share", `${(position / STEPS) * 100}%`);
    } };
  }

  choice(setting) {
    const box = make("fieldset", { className: "field pick" });
    const inputs = new Map();
    box.append(make("legend", { textContent: say(setting.name) }));
    const row = make("div", { className: "segments" });
    for (const option of setting.choices) {
      const label = make("label");
      const input = make("input", { type: "radio", name: `set-${setting.name}`, value: option });
      on(input, "change", (event) => this.changed(setting.name, option, event.timeStamp));
      inputs.set(option, input);
      label.append(input, make("span", { textContent: sayOr(`choice_${option}`, option) }));
      row.append(label);
    }
    box.append(row);
    return { box, show: (value) => { for (const [option, input] of inputs) input.checked = option === value; } };
  }

  show(settings) {
    for (const setting of CarsimModel.settings) {
      const field = this.fields.get(setting.name);
      field.show(settings[setting.name]);
      const on = DEPENDS[setting.name];
      field.box.hidden = Boolean(on) && settings[on] === "none";
    }
  }
}

export function fillPresets(select, chosen) {
  select.replaceChildren(...CarsimModel.presets.map(({ name, title }) => make("option", {
    value: name, textContent: sayOr(`preset_${name}`, title), selected: name === chosen,
  })));
}

// A table of rows; the first row is its heading.
export function table(rows, className = "") {
  const element = make("table", { className });
  const line = (row, tag) => {
    const tr = make("tr");
    row.forEach((cell, k) => {
      const td = make(cell !== "" && (tag === "th" || k === 0) ? "th" : "td"); // an empty corner heads nothing
      if (td.tagName === "TH") td.scope = tag === "th" ? "col" : "row";
      td.append(cell);
      tr.append(td);
    });
    return tr;
  };
  const head = make("thead"), body = make("tbody");
  head.append(line(rows[0], "th"));
  body.append(...rows.slice(1).map((row) => line(row, "td")));
  element.append(head, body);
  return element;
}
