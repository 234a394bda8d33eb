// What leaves the page: a table (CSV), a picture (PNG), each with the settings and the line on treatment.
import { make } from "./dom.js";
import { drawPanel, FONT } from "./charts.js";
import { shown } from "./controls.js";
import { frameOf, PANELS } from "./panels.js";
import { colours } from "./theme.js";
import { say } from "./words.js";

export function save(name, blob) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const about = (settings) => CarsimModel.settings.map((setting) => `${say(setting.name)}: ${shown(setting, settings[setting.name])}`);

// Comment lines, a heading with units, and a row for each time: numbers with a point, whatever the language.
export function csvOf(run, settings, twin, seed) {
  const columns = [
    ["time_days", run.time], ["car_t_cells", run.carT],
    ...run.clones.map((clone) => [`leukaemia_cells.${clone.name}`, clone.cells]),
    ["b_cells_per_uL", run.bCells], ["fludarabine_mg_per_L", run.fludarabine], ["cytokine_drive_share", run.cytokine],
    ["marrow_blasts_share", run.marrowBlasts],
  ];
  const who = twin === null ? say("typical") : `twin ${twin + 1}, seed ${seed}`;
  const head = [`# carsim ${CarsimModel.version}, classroom page. ${say("notForTreatment")}`,
    `# ${who}; ${JSON.stringify(settings)}`];
  const rows = Array.from(run.time, (_, k) => columns.map(([, values]) => +values[k].toPrecision(7)).join(","));
  return [...head, columns.map(([name]) => name).join(","), ...rows, ""].join("\n");
}

// The verdict and all panels in one picture.
export function pictureOf(panels, first, texts, settings) {
  const width = 1000, margin = 36, ratio = 2;
  const frames = PANELS.map((name) => [name, frameOf(name, width - 2 * margin, first)]);
  const canvas = make("canvas");
  const context = canvas.getContext("2d");
  context.font = `24px ${FONT}`;
  const lines = wrap(context, texts[0], width - 2 * margin);
  context.font = `12px ${FONT}`;
  const small = [...wrap(context, about(settings).join(" · "), width - 2 * margin), say("notForTreatment") + " carsim " + CarsimModel.version];
  const top = margin + 34 * lines.length + 30;
  const height = top + frames.reduce((sum, [, frame]) => sum + frame.height + 16, 0) + 18 * small.length + margin;
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  context.scale(ratio, ratio);
  const tone = colours();
  context.fillStyle = tone.card;
  context.fillRect(0, 0, width, height);
  context.fillStyle = tone.ink;
  context.textBaseline = "alphabetic";
  context.font = `24px ${FONT}`;
  lines.forEach((line, k) => context.fillText(line, margin, margin + 24 + 34 * k));
  context.font = `13px ${FONT}`;
  context.fillStyle = tone.soft;
  context.fillText(texts[1], margin, top - 18);
  let y = top;
  for (const [name, frame] of frames) {
    context.save();
    context.translate(margin, y);
    drawPanel(context, panels[name], { ...frame, showX: true });
    context.restore();
    y += frame.height + 16;
  }
  context.textAlign = "left";
  context.font = `12px ${FONT}`;
  context.fillStyle = tone.soft;
  small.forEach((line, k) => context.fillText(line, margin, y + 12 + 18 * k));
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}

function wrap(context, text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
    if (context.measureText(longer).width > width && lines[lines.length - 1]) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

// Copies a text; where the browser does not allow it, says the text itself so that it can be copied by hand.
export async function copy(text, status, otherwise) {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = say("copied");
  } catch {
    status.textContent = otherwise;
  }
}
