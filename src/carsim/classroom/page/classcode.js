// Codes for a class: what every student computes, and what each found, short enough for a board and a chat.
//
// A code is bits in Crockford's base 32 (no I, L, O, U), the last two signs a checksum; 0 and O, 1 and I and L are one.
//   class  : page 10 | case 4 | which settings differ 1 each | slider position or choice 9 each | students 7 | portion 5 | seed 12
//   result : class 15 | student 7 | for each patient: outcome 4, and a day 10 where it has one
import { positionOf, valueAt } from "./numbers.js";
import { fate, KINDS } from "./verdict.js";

const SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const MODES = ["remission", "no_response", "death"];

// A code that cannot be read; `why` is a key of the dictionary.
export class BadCode extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

// FNV-1a, 32 bits.
function hash(text) {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.codePointAt(0), 0x01000193) >>> 0;
  return value;
}

const bits = (value, width) => value.toString(2).padStart(width, "0").slice(-width);
const pageTag = () => hash(CarsimModel.digest + CarsimModel.presets.map(({ name }) => name).join()) % 1024;

function seal(text) {
  const padded = text.padEnd(Math.ceil(text.length / 5) * 5, "0");
  let signs = "";
  for (let k = 0; k < padded.length; k += 5) signs += SIGNS[parseInt(padded.slice(k, k + 5), 2)];
  return grouped(signs + checksum(signs));
}

const checksum = (signs) => { const value = hash(signs) % 1024; return SIGNS[value >> 5] + SIGNS[value & 31]; };
const grouped = (signs) => signs.match(/.{1,4}/g).join("-");

function open(code) {
  const signs = code.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (!signs || [...signs].some((sign) => !SIGNS.includes(sign))) throw new BadCode("why_letters");
  const body = signs.slice(0, -2);
  if (body.length < 4 || checksum(body) !== signs.slice(-2)) throw new BadCode("why_check");
  const text = [...body].map((sign) => bits(SIGNS.indexOf(sign), 5)).join("");
  let at = 0;
  return (width) => {
    if (at + width > text.length) throw new BadCode("why_check");
    at += width;
    return parseInt(text.slice(at - width, at), 2);
  };
}

const position = (setting, value) => (setting.kind === "choice" ? setting.choices.indexOf(value) : positionOf(setting, value));
const valueOf = (setting, place) => (setting.kind === "choice" ? setting.choices[place] : valueAt(setting, place));

export function classCode({ settings, students, portion, seed }) {
  const usual = CarsimModel.defaults(settings.preset);
  const differs = CarsimModel.settings.map((setting) => settings[setting.name] !== usual[setting.name]);
  let text = bits(pageTag(), 10) + bits(CarsimModel.presets.findIndex(({ name }) => name === settings.preset), 4);
  text += differs.map(Number).join("");
  CarsimModel.settings.forEach((setting, k) => { if (differs[k]) text += bits(position(setting, settings[setting.name]), 9); });
  return seal(text + bits(students, 7) + bits(portion, 5) + bits(seed, 12));
}

// {settings, students, portion, seed, tag}; raises BadCode.
export function readClassCode(code) {
  const take = open(code);
  if (take(10) !== pageTag()) throw new BadCode("why_page");
  const preset = CarsimModel.presets[take(4)];
  if (!preset) throw new BadCode("why_page");
  const settings = CarsimModel.defaults(preset.name);
  const differs = CarsimModel.settings.map(() => take(1));
  CarsimModel.settings.forEach((setting, k) => { if (differs[k]) settings[setting.name] = valueOf(setting, take(9)); });
  const [students, portion, seed] = [take(7), take(5), take(12)];
  if (CarsimModel.check(settings).length || students < 2 || portion < 5) throw new BadCode("why_check");
  return { settings, students, portion, seed, tag: tagOf(code) };
}

const tagOf = (code) => hash(code.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1")) % 32768;

export function resultCode(tag, number, outcomes) {
  const parts = outcomes.map((outcome) => {
    const { mode, kind, day } = fate(outcome);
    return mode === "relapse" ? bits(MODES.length + KINDS.indexOf(kind), 4) + bits(Math.min(1023, Math.round(day)), 10)
      : bits(MODES.indexOf(mode), 4) + (mode === "death" ? bits(Math.min(1023, Math.round(day)), 10) : "");
  });
  return seal(bits(tag, 15) + bits(number, 7) + parts.join(""));
}

// {tag, number, outcomes}, `portion` of them; raises BadCode.
export function readResultCode(code, portion) {
  const take = open(code);
  const [tag, number] = [take(15), take(7)];
  const outcomes = [];
  if (portion === null) return { tag, number, outcomes };
  for (let k = 0; k < portion; k++) outcomes.push(readOutcome(take));
  return { tag, number, outcomes };
}

function readOutcome(take) {
  const place = take(4);
  const base = { remission: true, relapseDay: null, phenotype: null, deathDay: null };
  if (place === 0) return base;
  if (place === 1) return { ...base, remission: false };
  if (place === 2) return { ...base, deathDay: take(10) };
  if (!KINDS[place - MODES.length]) throw new BadCode("why_check");
  return { ...base, phenotype: KINDS[place - MODES.length], relapseDay: take(10) };
}

// All lines of a pool: {students: [{number, outcomes}], problems: [[key, values]]}.
export function pool(text, known) {
  const students = new Map(), problems = [];
  text.split("\n").forEach((line, k) => {
    if (!line.trim()) return;
    try {
      const { tag, number } = readResultCode(line, null);
      if (tag !== known.tag || number < 1 || number > known.students) problems.push(["line_other", { line: k + 1 }]);
      else if (students.has(number)) problems.push(["line_twice", { line: k + 1, number }]);
      else students.set(number, readResultCode(line, known.portion).outcomes);
    } catch (error) {
      if (!(error instanceof BadCode)) throw error;
      problems.push(["line_bad", { line: k + 1, why: error.why }]);
    }
  });
  return { students: [...students].map(([number, outcomes]) => ({ number, outcomes })), problems };
}
