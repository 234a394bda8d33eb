// The marrow on one day: dots coloured by antigen, equally many for each tenfold of cells, and a lens in true proportion.
//
// Dots lie on a hexagonal grid and are given out from the centre: the rarest cells first, with rims made uneven by a fixed
// wave. The lens shows DISCS discs, each of 10^k cells: as many of the kind it lies on as there are, the rest in proportion.
import { on } from "./dom.js";
import { prepare } from "./charts.js";
import { cells, power, short } from "./numbers.js";
import { cloneName, indexOf, marrowCells } from "./panels.js";
import { colours, lookOf } from "./theme.js";
import { say } from "./words.js";

const PER_TENFOLD = 25;
const SPACING = 8.4;
const LENS = 66; // radius of the lens in pixels of a picture 300 wide
const SIZE = 300;
export const COARSEST = 12; // the first step of the lens: one disc is 10^11 cells, the last: one cell

let grid = null;

function gridPoints() {
  if (grid) return grid;
  grid = [];
  const rows = Math.floor(SIZE / (SPACING * 0.866));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < SIZE / SPACING; column++) {
      const x = (column + (row % 2) / 2 + 0.5) * SPACING, y = (row + 0.5) * SPACING * 0.866;
      const dx = x - SIZE / 2, dy = y - SIZE / 2, radius = Math.hypot(dx, dy), angle = Math.atan2(dy, dx);
      const wave = 5 * Math.sin(3 * angle + 0.7) + 4 * Math.sin(5 * angle + 2) + 3 * Math.sin(9 * angle + radius / 9);
      if (radius < SIZE / 2 - 3) grid.push({ x, y, key: radius + wave * Math.min(1, radius / 40) * Math.max(0, 1 - radius / 130) });
    }
  }
  grid.sort((a, b) => a.key - b.key);
  return grid;
}

// Kinds of cells in the marrow on a day, the rarest first; `rare` is the first leukaemic clone without an antigen.
// With `limit` as an assay sees it: leukaemic clones below that share of the marrow are not told from its other cells.
export function census(run, day, limit = 0) {
  const k = indexOf(run.time, day);
  const total = marrowCells(run)[k];
  const kinds = run.clones.map((clone) => ({ name: cloneName(clone), count: clone.marrow[k], antigens: clone.antigens, ...lookOf(clone) }));
  const carT = { name: say("clone_carT"), count: run.carTMarrow[k], colour: "cart", kind: "carT", antigens: {} };
  const seen = kinds.filter((kind) => kind.count >= Math.max(1, limit * total));
  const known = seen.reduce((sum, kind) => sum + kind.count, 0) + carT.count;
  const other = { name: say("clone_other"), count: Math.max(0, total - known), colour: "marrow", kind: "other", antigens: {} };
  const there = [...seen, carT].filter((kind) => kind.count >= 1).sort((a, b) => a.count - b.count);
  const hiding = there.filter((kind) => Object.values(kind.antigens).includes("absent"));
  return { total: Math.max(total, known), kinds: [...there, other], rare: hiding[0] || null, hidden: limit > 0 };
}

export class Marrow {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.x = SIZE / 2;
    this.y = SIZE / 2;
    this.step = 0;
    const move = (event) => {
      const box = canvas.getBoundingClientRect();
      this.moveTo(((event.clientX - box.left) / box.width) * SIZE, ((event.clientY - box.top) / box.height) * SIZE);
    };
    on(canvas, "pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); move(event); });
    on(canvas, "pointermove", (event) => event.buttons && move(event));
    on(canvas, "keydown", (event) => this.key(event));
  }

  moveTo(x, y) {
    [this.x, this.y] = [Math.min(SIZE - 20, Math.max(20, x)), Math.min(SIZE - 20, Math.max(20, y))];
    this.changed();
  }

  key(event) {
    const by = { ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12] }[event.key];
    if (!by) return;
    event.preventDefault();
    this.moveTo(this.x + by[0], this.y + by[1]);
  }

  // Draws the census; returns what the lens shows: {kind, shown, perDisc}, or null without a lens.
  draw(found) {
    const width = this.canvas.clientWidth || SIZE;
    const context = prepare(this.canvas, width, width);
    context.scale(width / SIZE, width / SIZE);
    context.clearRect(0, 0, SIZE, SIZE);
    const dots = assign(found.kinds);
    for (const [kind, points] of dots) drawDots(context, points, kind);
    if (!this.step) return null;
    const under = nearest(dots, this.x, this.y);
    const perDisc = 10 ** (COARSEST - this.step);
    return { ...drawLens(context, this, under, found, perDisc), perDisc };
  }
}

function assign(kinds) {
  const points = gridPoints();
  let next = 0;
  return kinds.map((kind) => {
    const wanted = kind.count < 1 ? 0 : 1 + Math.round(PER_TENFOLD * Math.log10(kind.count)); // one cell is one dot
    const taken = points.slice(next, next + wanted);
    next += taken.length;
    return [kind, taken];
  });
}

function drawDots(context, points, kind) {
  context.fillStyle = colours()[kind.colour];
  context.globalAlpha = kind.kind === "other" ? 0.7 : 1;
  context.beginPath();
  const radius = kind.kind === "other" ? 2.4 : 3.4;
  for (const { x, y } of points) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
  context.globalAlpha = 1;
}

function nearest(dots, x, y) {
  let best = dots[0][0], least = Infinity;
  for (const [kind, points] of dots) {
    for (const point of points) {
      const distance = Math.hypot(point.x - x, point.y - y);
      if (distance < least) [best, least] = [kind, distance];
    }
  }
  return best;
}

function lensSpots(x, y) {
  const spots = [{ x, y }];
  for (let ring = 1; ring <= 4; ring++) {
    for (let k = 0; k < 6 * ring; k++) {
      const angle = (2 * Math.PI * k) / (6 * ring) + ring;
      spots.push({ x: x + ring * 13.4 * Math.cos(angle), y: y + ring * 13.4 * Math.sin(angle) });
    }
  }
  return spots;
}

function drawLens(context, lens, under, found, perDisc) {
  const tone = colours();
  const spots = lensSpots(lens.x, lens.y);
  const shown = Math.min(spots.length, Math.floor(under.count / perDisc));
  const others = shares(found.kinds.filter((kind) => kind !== under), spots.length - shown);
  context.fillStyle = tone.card;
  context.strokeStyle = tone.ink;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(lens.x, lens.y, LENS, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  spots.forEach((spot, k) => drawCell(context, spot, k < shown ? under : others[k - shown], perDisc === 1, tone));
  return { kind: under, shown };
}

// Kinds of `count` discs in proportion to their cells, mixed by a fixed step so that they do not lie in blocks.
function shares(kinds, count) {
  const total = kinds.reduce((sum, kind) => sum + kind.count, 0) || 1;
  const list = [];
  let owed = 0;
  for (const kind of [...kinds].sort((a, b) => a.count - b.count)) {
    owed += (kind.count / total) * count;
    while (list.length < Math.round(owed)) list.push(kind);
  }
  while (list.length < count) list.push(kinds[kinds.length - 1]);
  return list.map((_, k) => list[(k * 23) % list.length]);
}

function drawCell(context, { x, y }, kind, single, tone) {
  context.fillStyle = tone[kind.colour];
  context.globalAlpha = kind.kind === "other" ? 0.5 : 0.9;
  context.beginPath();
  context.arc(x, y, 4.7, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1;
  if (!single) return;
  context.lineWidth = 1;
  spikes(context, x, y, { positive: 8, dim: 3 }[kind.antigens.CD19] || 0, 0, tone.positive);
  spikes(context, x, y, { positive: 5, dim: 2 }[kind.antigens.CD22] || 0, 0.4, tone.other);
  if (kind.kind === "carT") spikes(context, x, y, 6, 0.2, tone.cart);
}

function spikes(context, x, y, count, turn, colour) {
  context.strokeStyle = colour;
  context.beginPath();
  for (let k = 0; k < count; k++) {
    const angle = turn + (2 * Math.PI * k) / count;
    context.moveTo(x + 4.7 * Math.cos(angle), y + 4.7 * Math.sin(angle));
    context.lineTo(x + 7.2 * Math.cos(angle), y + 7.2 * Math.sin(angle));
  }
  context.stroke();
}

// Words under the picture.
export function marrowWords(found, seen) {
  const { rare, total, hidden } = found;
  const absent = say(hidden ? "marrowUnseen" : "marrowNoRare");
  const lines = [rare ? say("marrowRare", { name: rare.name, cells: cells(rare.count), ratio: short(total / rare.count) }) : absent];
  if (seen) lines.push(seen.shown ? say("lensSome", { count: seen.shown, name: seen.kind.name }) : say("lensNone", { name: seen.kind.name }));
  if (seen && seen.perDisc === 1) lines.push(say("lensSpikes"));
  return lines.join(" ");
}

export const lensText = (step) => (step ? say("lensOut", {
  cells: step === COARSEST ? say("oneCellEach") : say("manyCells", { number: power(COARSEST - step) }),
}) : say("lensOff"));
