// Words of the page in two languages, from its one dictionary, words.json: each entry is [English, German], and `{name}` is
// filled in by `say`. The page carries it packed (assemble.py), since it is a quarter of all text.

export const LANGUAGES = ["en", "de"];

const WORDS = JSON.parse(CarsimModel.inflated(PACKED_WORDS));

let language = "en";

export function setLanguage(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : "en";
  document.documentElement.lang = language;
}

export const currentLanguage = () => language;

// The entry of a key with its `{names}` filled in. An unknown key is an error of the page, so it is thrown.
export function say(key, values = {}) {
  const entry = WORDS[key];
  if (!entry) throw new Error(`no words for ${key}`);
  return entry[LANGUAGES.indexOf(language)].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

// The entry where there is one; else the name itself, as for a clone that a scenario names.
export const sayOr = (key, name, values) => (WORDS[key] ? say(key, values) : name);

// Puts words into every element that names them.
export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
  }
  document.title = say("documentTitle");
}
