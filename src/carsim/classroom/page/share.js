// The link that carries the settings, and the sentences with which a bad one is refused.
import { short } from "./numbers.js";
import { say, sayOr } from "./words.js";

const KEPT = ["view", "twin", "seed", "lang", "predict", "class"]; // beside the settings

export const settingOf = (name) => CarsimModel.settings.find((setting) => setting.name === name);

// The part of a link after `#`: the case, what differs from it, and what is shown.
export function encode({ settings, view, twin, seed, language }) {
  const found = new URLSearchParams({ preset: settings.preset });
  const usual = CarsimModel.defaults(settings.preset);
  for (const { name } of CarsimModel.settings) if (settings[name] !== usual[name]) found.set(name, String(settings[name]));
  if (view !== "one") found.set("view", view);
  if (twin !== null) found.set("twin", String(twin));
  if (seed !== 1) found.set("seed", String(seed));
  if (language !== "en") found.set("lang", language);
  return found.toString();
}

// {settings, rest, problems}: with problems the settings are those of the case, or of the first case.
export function decode(fragment) {
  const first = CarsimModel.presets[0].name;
  let asked;
  try {
    decodeURIComponent(fragment.replace(/^#/, "")); // URLSearchParams would read a broken escape as text
    asked = new URLSearchParams(fragment.replace(/^#/, ""));
  } catch {
    return { settings: CarsimModel.defaults(first), rest: {}, problems: [say("bad_link")] };
  }
  const preset = asked.get("preset") ?? first;
  if (!CarsimModel.presets.some(({ name }) => name === preset)) {
    return { settings: CarsimModel.defaults(first), rest: {}, problems: [say("bad_preset", { got: preset })] };
  }
  const settings = CarsimModel.defaults(preset), rest = {};
  for (const [name, text] of asked) {
    if (name === "preset") continue;
    if (KEPT.includes(name)) rest[name] = text;
    else settings[name] = read(name, text);
  }
  const problems = [...CarsimModel.check(settings).map(sentence), ...oddities(rest)];
  return problems.length ? { settings: CarsimModel.defaults(preset), rest: {}, problems } : { settings, rest, problems };
}

function read(name, text) {
  const setting = settingOf(name);
  if (!setting || setting.kind === "choice") return text;
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function oddities(rest) {
  const whole = (name, most) => rest[name] === undefined || (/^\d{1,9}$/.test(rest[name]) && Number(rest[name]) <= most) ? []
    : [say("bad_not_a_number", { name, got: rest[name] })];
  const among = (name, choices) => rest[name] === undefined || choices.includes(rest[name]) ? []
    : [say("bad_not_a_choice", { name, got: rest[name], choices: choices.join(", ") })];
  return [...whole("twin", 9999), ...whole("seed", 999999999), ...among("view", ["one", "cohort", "class", "learn"]),
    ...among("lang", ["en", "de"]), ...among("predict", ["0", "1"])];
}

function sentence({ name, code, got, low, high, choices }) {
  const text = (value) => (typeof value === "number" ? short(value) : String(value).slice(0, 40));
  const values = { name: sayOr(name, name), got: text(got), low: text(low), high: text(high), choices: (choices || []).join(", ") };
  return say(`bad_${code}`, code === "unknown" ? { got: String(name).slice(0, 40) } : values);
}
