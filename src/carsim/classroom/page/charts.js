// One small chart on a canvas: lines over days or months, on a linear or logarithmic axis, with labels that do not collide.
import { power, short } from "./numbers.js";
import { colours, onPaper } from "./theme.js";

export const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const BREAK = { day: 30, share: 0.4, gap: 14 }; // the first month takes two fifths of the width, as in carsim's figures

// Where a day lies: two linear pieces with a gap at day 30; one piece where the axis has no break.
export function dayScale(first, last, left, right) {
  const middle = left + (right - left) * BREAK.share;
  return (day) => (day <= BREAK.day ? left + ((day - first) / (BREAK.day - first)) * (middle - left)
    : middle + BREAK.gap + ((day - BREAK.day) / (last - BREAK.day)) * (right - middle - BREAK.gap));
}

export function dayAt(x, first, last, left, right) {
  const middle = left + (right - left) * BREAK.share;
  const day = x <= middle ? first + ((x - left) / (middle - left)) * (BREAK.day - first)
    : BREAK.day + (Math.max(0, x - middle - BREAK.gap) / (right - middle - BREAK.gap)) * (last - BREAK.day);
  return Math.min(last, Math.max(first, day));
}

export function prepare(canvas, width, height) {
  const ratio = onPaper() ? 3 : window.devicePixelRatio || 1; // on paper as crisp as on a good screen
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function axisY(panel, top, bottom) {
  const [low, high] = panel.range;
  if (!panel.log) return (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  const base = Math.log10(low), span = Math.log10(high) - base;
  return (value) => bottom - ((Math.log10(Math.max(value, low * 0.5)) - base) / span) * (bottom - top);
}

function ticksY(panel, height) {
  const [low, high] = panel.range;
  if (!panel.log) return [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low)).filter((_, k) => height > 110 || k % 2 === 0);
  const first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / Math.max(2, Math.floor(height / 34))));
  const found = [];
  for (let k = first; k <= last; k += step) found.push(10 ** k);
  return found;
}

const label = (panel, value) => (panel.log ? power(Math.round(Math.log10(value))) : short(value));

// frame: {x, y, width, height, ticksX: [{at, text}], scaleX, showX, axisX, titleSize}; panel: see panels.js.
export function drawPanel(context, panel, frame) {
  const tone = colours();
  const { left, right, top, bottom } = frame;
  const scaleY = axisY(panel, top, bottom);
  context.lineJoin = "round";
  context.textBaseline = "middle";
  drawTitle(context, panel, frame, tone);
  context.font = `${frame.small}px ${FONT}`;
  context.lineWidth = 1;
  for (const value of ticksY(panel, bottom - top)) {
    const y = Math.round(scaleY(value)) + 0.5;
    context.strokeStyle = tone.line;
    stroke(context, [[left, y], [right, y]]);
    context.fillStyle = tone.soft;
    context.textAlign = "right";
    context.fillText(label(panel, value), left - 7, y);
  }
  if (panel.right) drawRightAxis(context, panel.right, frame, tone);
  drawTicksX(context, frame, tone);
  for (const mark of panel.levels || []) drawLevel(context, mark, frame, scaleY, tone);
  context.save();
  context.beginPath();
  context.rect(left - 1, top - 2, right - left + 2, bottom - top + 4);
  context.clip();
  for (const line of panel.lines) {
    const scale = line.right ? axisY(panel.right, top, bottom) : scaleY;
    drawLine(context, line, frame, scale, tone);
  }
  if (panel.band) drawSteps(context, panel, frame, scaleY, tone);
  if (panel.veil) drawVeil(context, panel.veil, frame, scaleY, tone);
  context.restore();
  for (const cross of panel.crosses || []) drawCross(context, cross, frame, scaleY, tone);
  for (const mark of panel.marks || []) drawMark(context, mark, frame, tone);
  labelLines(context, panel, frame, scaleY, tone);
}

export function stroke(context, points) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function drawTitle(context, panel, frame, tone) {
  context.textAlign = "left";
  context.fillStyle = tone.ink;
  context.font = `600 ${frame.titleSize}px ${FONT}`;
  context.fillText(panel.title, frame.titleLeft, frame.top - 4 - frame.titleSize);
  const width = context.measureText(panel.title).width;
  context.font = `${frame.small}px ${FONT}`;
  context.fillStyle = tone.soft;
  context.fillText(panel.unit, frame.titleLeft + width + 9, frame.top - 3.5 - frame.titleSize);
}

function drawRightAxis(context, panel, frame, tone) {
  const scale = axisY(panel, frame.top, frame.bottom);
  context.fillStyle = tone[panel.colour];
  context.textAlign = "left";
  for (const value of [0, 0.5, 1]) context.fillText(short(value), frame.right + 6, scale(value));
}

function drawTicksX(context, frame, tone) {
  context.strokeStyle = tone.soft;
  context.fillStyle = tone.soft;
  context.textAlign = "center";
  const y = frame.bottom + 0.5;
  const pieces = frame.breakAt ? [[frame.left, frame.breakAt], [frame.breakAt + BREAK.gap, frame.right]] : [[frame.left, frame.right]];
  for (const [from, to] of pieces) stroke(context, [[from, y], [to, y]]);
  if (frame.breakAt) {
    for (const x of [frame.breakAt, frame.breakAt + BREAK.gap]) stroke(context, [[x - 2.5, y + 4], [x + 2.5, y - 4]]);
  }
  for (const tick of frame.ticksX) {
    const x = Math.round(frame.scaleX(tick.at)) + 0.5;
    stroke(context, [[x, y], [x, y + 4]]);
    if (frame.showX) context.fillText(tick.text, x, y + 14);
  }
  if (frame.showX && frame.axisX) context.fillText(frame.axisX, (frame.left + frame.right) / 2, y + 33);
}

function drawLevel(context, mark, frame, scaleY, tone) {
  context.strokeStyle = tone.soft;
  context.setLineDash([1.5, 3]);
  context.lineWidth = 1;
  const points = mark.values ? [...mark.values].map((value, k) => [frame.scaleX(mark.x[k]), scaleY(value)])
    : [[frame.left, scaleY(mark.value)], [frame.right, scaleY(mark.value)]];
  stroke(context, points);
  context.setLineDash([]);
  context.fillStyle = tone.soft;
  context.textAlign = "right";
  context.font = `${frame.small}px ${FONT}`;
  context.fillText(mark.text, frame.right, points[points.length - 1][1] - 7);
}

// A line over its days up to `until`; below the axis it leaves the picture, and the gap of the axis is jumped over.
function drawLine(context, line, frame, scale, tone) {
  context.strokeStyle = tone[line.colour];
  context.globalAlpha = line.faint ? 0.5 : 1;
  context.lineWidth = line.faint ? 1.2 : 2.1;
  context.setLineDash(line.dash || []);
  context.beginPath();
  const { x, values } = line;
  let before = NaN;
  for (let k = 0; k < x.length; k++) {
    if (x[k] > line.until) break;
    const jumped = before <= BREAK.day && x[k] > BREAK.day && frame.breakAt;
    const at = frame.scaleX(x[k]), y = scale(values[k]);
    if (Number.isNaN(before) || jumped) context.moveTo(at, y);
    else if (line.step) { context.lineTo(at, scale(values[k - 1])); context.lineTo(at, y); } else context.lineTo(at, y);
    before = x[k];
  }
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

// What is not shown: all after a day, and what lies below a level until then.
function drawVeil(context, veil, frame, scaleY, tone) {
  const x = frame.scaleX(veil.from);
  context.fillStyle = tone.paper;
  context.globalAlpha = 0.8;
  context.fillRect(x, frame.top - 2, frame.right - x + 2, frame.bottom - frame.top + 2);
  if (veil.below) {
    context.beginPath();
    context.moveTo(frame.left, frame.bottom);
    veil.below.x.forEach((day, k) => day <= veil.from && context.lineTo(frame.scaleX(day), scaleY(veil.below.values[k])));
    context.lineTo(x, frame.bottom);
    context.fill();
  }
  context.globalAlpha = 1;
  context.fillStyle = tone.soft;
  context.textAlign = "center";
  context.font = `${frame.small + 1}px ${FONT}`;
  if (veil.text) context.fillText(veil.text, (x + frame.right) / 2, (frame.top + frame.bottom) / 2);
  if (veil.textBelow) context.fillText(veil.textBelow, (frame.left + x) / 2, frame.bottom - 22);
}

function drawSteps(context, panel, frame, scaleY, tone) {
  const { x, low, high, colour } = panel.band;
  context.fillStyle = tone[colour];
  context.globalAlpha = 0.14;
  context.beginPath();
  x.forEach((at, k) => {
    if (k) context.lineTo(frame.scaleX(at), scaleY(high[k - 1]));
    context.lineTo(frame.scaleX(at), scaleY(high[k]));
  });
  for (let k = x.length - 1; k >= 0; k--) {
    context.lineTo(frame.scaleX(x[k]), scaleY(low[k]));
    if (k) context.lineTo(frame.scaleX(x[k]), scaleY(low[k - 1]));
  }
  context.fill();
  context.globalAlpha = 1;
}

function drawCross(context, cross, frame, scaleY, tone) {
  const x = frame.scaleX(cross.at), y = scaleY(cross.value);
  context.strokeStyle = tone[cross.colour];
  context.lineWidth = 2;
  stroke(context, [[x - 4, y - 4], [x + 4, y + 4]]);
  stroke(context, [[x - 4, y + 4], [x + 4, y - 4]]);
}

function drawMark(context, mark, frame, tone) {
  const x = Math.round(frame.scaleX(mark.at)) + 0.5;
  context.strokeStyle = tone.ink;
  context.lineWidth = 1.2;
  context.setLineDash(mark.dash || [4, 3]);
  stroke(context, [[x, frame.top], [x, frame.bottom]]);
  context.setLineDash([]);
  if (!mark.text) return;
  context.font = `600 ${frame.small}px ${FONT}`;
  context.fillStyle = tone.ink;
  const width = context.measureText(mark.text).width;
  context.textAlign = x + width + 8 > frame.right ? "right" : "left";
  context.fillText(mark.text, x + (context.textAlign === "right" ? -6 : 6), mark.high ? frame.top + 10 : frame.bottom - 24 - 16 * (mark.row || 0));
}

// Names at the right end of their lines, pushed apart; where the frame has no room beside it, in a row beside the title.
function labelLines(context, panel, frame, scaleY, tone) {
  const named = panel.lines.filter((line) => line.name && !line.faint);
  context.font = `600 ${frame.small}px ${FONT}`;
  if (!frame.labelsBeside || panel.right) return drawKey(context, named, frame, tone);
  context.textAlign = "left";
  const spots = named.map((line) => {
    let last = line.x.length - 1;
    while (last > 0 && line.x[last] > line.until) last--;
    return { line, y: Math.min(frame.bottom - 6, Math.max(frame.top + 6, scaleY(line.values[last]))) };
  }).sort((a, b) => a.y - b.y);
  for (let k = 1; k < spots.length; k++) spots[k].y = Math.max(spots[k].y, spots[k - 1].y + 15);
  for (let k = spots.length - 1; k >= 0; k--) {
    const limit = k === spots.length - 1 ? frame.bottom : spots[k + 1].y - 15;
    spots[k].y = Math.min(spots[k].y, limit);
  }
  for (const { line, y } of spots) {
    context.fillStyle = tone[line.colour];
    context.fillText(line.name, frame.right + 9, y);
  }
  return undefined;
}

function drawKey(context, named, frame, tone) {
  let x = frame.keyLeft, y = frame.keyTop;
  context.textAlign = "left";
  for (const line of named) {
    const width = context.measureText(line.name).width;
    if (x + 24 + width > frame.right + frame.spare && x > frame.keyLeft) [x, y] = [frame.keyLeft, y + 15];
    context.strokeStyle = tone[line.colour];
    context.lineWidth = 2.1;
    context.setLineDash(line.dash || []);
    stroke(context, [[x, y], [x + 20, y]]);
    context.setLineDash([]);
    context.fillStyle = tone[line.colour];
    context.fillText(line.name, x + 25, y);
    x += width + 42;
  }
}
