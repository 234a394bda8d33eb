// Colours of the pictures, read from the style sheet so that light, dark and print are stated once.

const NAMES = ["ink", "soft", "line", "paper", "card", "positive", "negative", "dim", "other", "cart", "calm", "bcell", "drug", "drive", "marrow"];

let cached = null;

export function colours() {
  if (!cached) {
    const style = getComputedStyle(document.documentElement);
    cached = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return cached;
}

const THEMES = ["auto", "light", "dark"];

let theme = "auto", paper = false;

export const currentTheme = () => theme;

export function nextTheme() {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  applyTheme();
}

export const onPaper = () => paper;

// Pictures are drawn for paper before it is laid out, and again for the screen after.
export function setPaper(on) {
  paper = on;
  applyTheme();
}

// Light or dark as chosen, or as the system has it; the style sheet knows these two only. Paper is light.
export function applyTheme() {
  const dark = !paper && (theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches));
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  cached = null;
}

// A clone looks the same in every picture: by its CD19 where it differs, else by its CD22. Dashes tell lines apart in grey.
export function lookOf(clone) {
  const { CD19, CD22 } = clone.antigens;
  if (CD19 === "absent" && CD22 === "absent") return { colour: "other", dash: [8, 3, 2, 3], kind: "double-negative" };
  if (CD19 === "absent") return { colour: "negative", dash: [9, 4], kind: "CD19-negative" };
  if (CD22 === "absent") return { colour: "other", dash: [8, 3, 2, 3], kind: "CD22-negative" };
  if (CD22 === "dim") return { colour: "drug", dash: [3, 3], kind: "CD22-dim" };
  if (CD19 === "dim") return { colour: "dim", dash: [2, 3], kind: "CD19-dim" };
  return { colour: "positive", dash: [], kind: "CD19-positive" };
}
