// Numbers as people read them, and the positions of a slider.
import { currentLanguage, say } from "./words.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export const STEPS = 400; // positions of a slider; a class code holds them, so the number is part of its meaning

export function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[+digit]).join("");
  return "10" + (exponent < 0 ? "⁻" : "") + digits;
}

// A decimal sign as the language has it.
export const local = (text) => (currentLanguage() === "de" ? text.replace(".", ",") : text);

// Two significant figures; beyond 10⁴ and below 0.01 as a power of ten.
export function short(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 0.0095 && size < 9950) return local(String(+value.toPrecision(2)));
  let exponent = Math.floor(Math.log10(size));
  let mantissa = +(value / 10 ** exponent).toPrecision(2);
  if (mantissa === 10) [mantissa, exponent] = [1, exponent + 1];
  return (mantissa === 1 ? "" : local(String(mantissa)) + "\u202f×\u202f") + power(exponent);
}

export const twoFigures = (value) => +value.toPrecision(2);

// Cells counted: below one there is none.
export function cells(value) {
  if (value < 1) return say("gone");
  const whole = value < 9950 ? String(Math.round(value)) : short(value);
  return whole === "1" ? say("oneCellEach") : say("manyCells", { number: whole });
}

// "one cell in ten million", from a fraction.
export function oneIn(fraction) {
  let exponent = Math.ceil(-Math.log10(fraction) - 1e-9);
  let count = twoFigures(fraction * 10 ** exponent);
  if (count >= 10) [count, exponent] = [1, exponent - 1];
  const number = say(`n${Math.min(9, Math.max(1, exponent))}`);
  return count === 1 ? say("cellIn", { number }) : say("cellsIn", { k: local(String(count)), number });
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// Value of a setting at a slider's position, and the nearest position of a value. Position 0 of a setting that can be
// zero means zero; the rest of its range begins at 1.
export function valueAt(setting, position) {
  if (setting.zero && position === 0) return 0;
  const first = setting.zero ? 1 : 0;
  const share = (position - first) / (STEPS - first);
  if (setting.kind === "log") return clamp(twoFigures(setting.low * (setting.high / setting.low) ** share), setting.low, setting.high);
  const step = setting.unit === "d" ? 1 : 0.1;
  return clamp(+(Math.round((setting.low + share * (setting.high - setting.low)) / step) * step).toFixed(1), setting.low, setting.high);
}

export function positionOf(setting, value) {
  if (setting.zero && value === 0) return 0;
  const first = setting.zero ? 1 : 0;
  const share = setting.kind === "log" ? Math.log(value / setting.low) / Math.log(setting.high / setting.low)
    : (value - setting.low) / (setting.high - setting.low);
  return clamp(Math.round(first + share * (STEPS - first)), first, STEPS);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// 95 % interval of a share (Wilson 1927).
export function wilson(count, total) {
  const z = 1.959964, p = count / total, centre = p + z * z / (2 * total);
  const half = z * Math.sqrt(p * (1 - p) / total + z * z / (4 * total * total));
  const scale = 1 + z * z / total;
  return [Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)];
}

export const percent = (share) => local(String(Math.round(share * 100)));
