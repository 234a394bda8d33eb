// What a page calls: settings to a patient, its schedule and its days, and from there to courses and a verdict.

const ACCURATE = 3e-7, QUICK = 3e-3; // relative tolerances: of one course, and of a course while a setting is dragged
const HOUR = 1 / 24, UNTIL = 24 * DATA.visits.month;
const PRESET = new Map(DATA.presets.map((preset) => [preset.name, preset]));
const OPERATIONS = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "**": (a, b) => a ** b,
  exp: Math.exp, log: Math.log, min: Math.min, max: Math.max, neg: (a) => -a, burden: burdenOf,
};
const prepared = new Map();

const nameOf = (k) => (k < DATA.names.length ? DATA.names[k] : `#${k}`);
const valueOf = (part) => (Array.isArray(part) ? part[0] : nameOf(part));
const conditionOf = ([name, above, value]) => [nameOf(name), above, valueOf(value)];
const formulaOf = ([law, ...parts]) => (law >= 0 ? {law, args: parts.map(valueOf)}
  : {terms: parts.map(([c, ...names]) => [c, ...names.map(nameOf)])});

/** Marrow blasts per normal marrow that make up a share of nucleated cells beside B cells: `model.start`. */
function burdenOf(fraction, bcells) {
  if (!(fraction > 0)) return 0;
  let low = -15, high = 6;
  for (let k = 0; k < 80; k++) {
    const middle = 0.5 * (low + high), x = 10 ** middle;
    if (x > fraction * (x + (1 + x) ** -2 + bcells)) high = middle; else low = middle;
  }
  return 10 ** (0.5 * (low + high));
}

/** The rows of one kind of a case, from its runs. */
function rowsIn(number, kind) {
  const runs = DATA.lists[kind][DATA.cases[number][DATA.kinds.indexOf(kind)]], found = [];
  for (let k = 0; k < runs.length; k += 2) found.push(...DATA.rows[kind].slice(runs[k], runs[k] + runs[k + 1]));
  return found;
}

/** The network of a case, as lower.js takes it. */
function networkOf(number) {
  const rows = (kind) => rowsIn(number, kind);
  return {
    species: rows("species").map(([name, tolerance, signed]) => ({name: nameOf(name), tolerance, signed})),
    parameters: rows("parameters").map(([name, value]) => ({name: nameOf(name), value})),
    modes: rows("modes").map(([name, initial, moves, visits]) => ({name: nameOf(name), initial, visits,
      transitions: moves.map(([source, target, when]) => [source, target, conditionOf(when)])})),
    quantities: rows("quantities").map(([name, ...formula]) => ({name: nameOf(name), ...formulaOf(formula)})),
    reactions: rows("reactions").map(([change, ...formula]) => ({change: change.map(([name, by]) => [nameOf(name), by]),
      ...formulaOf(formula)})),
    events: rows("events").map(([name, conditions, changes, visits, duration, delay, apart, count]) => ({name, visits,
      conditions: conditions.map(conditionOf), changes: changes.map(([row, how, by]) => [nameOf(row), how, valueOf(by)]),
      duration, delay, apart, count})),
    extinctions: rows("extinctions").map(([name, species, below]) => ({name, species: species.map(nameOf), below})),
  };
}

/** A case with its tables, made when first asked for. */
function caseOf(settings) {
  const preset = PRESET.get(settings.preset), chosen = DATA.settings.filter(({kind}) => kind === "choice");
  const place = chosen.reduce((k, {name, choices}) => k * choices.length + choices.indexOf(settings[name]), 0);
  const number = DATA.variants[preset.variant].cases[place];
  if (!prepared.has(number)) {
    const net = networkOf(number), clones = rowsIn(number, "clones"), given = rowsIn(number, "given");
    const known = new Set([...net.species, ...net.quantities].map((row) => row.name));
    const carts = net.species.map((row) => row.name).filter((name) => name.startsWith("cart."));
    const products = [...new Set(carts.map((name) => name.split(".")[1]))];
    const hazards = DATA.causes.filter((cause) => known.has(`cumulative_hazard.${cause}`));
    const outputs = [...DATA.outputs, ...products.map((name) => `cart_copies.${name}`), ...carts,
      ...clones.flatMap(([name]) => [`blasts.${name}.marrow`, `blasts.${name}.blood`]),
      ...hazards.map((cause) => `cumulative_hazard.${cause}`)];
    prepared.set(number, {tables: lower(net, outputs), net, outputs, clones, given, carts, products, hazards,
      starts: rowsIn(number, "species").map((row) => row[3]), varies: rowsIn(number, "varies")});
  }
  return {preset, ...prepared.get(number)};
}

/** The value of a traced formula: a number, a leaf of one of the kinds of `leaves`, or an operation. */
function evaluate(at, leaves, known) {
  if (known[at] === undefined) {
    const node = DATA.nodes[at];
    if (typeof node === "number") known[at] = node;
    else if (typeof node[1] === "string") known[at] = leaves[node[0]](node[1]);
    else known[at] = OPERATIONS[node[0]](...node.slice(1).map((part) => evaluate(part, leaves, known)));
  }
  return known[at];
}

/** A patient, or twin k of it: parameters in the order of the network, start, schedule and days of output. */
function patientOf(settings, {twin = null, seed = 1, until = UNTIL} = {}) {
  const found = caseOf(settings), {preset, net, clones, tables} = found;
  const factors = twin === null ? null : twinFactors(preset.population, found.varies, seed, twin);
  const parameters = Float64Array.from(net.parameters, ({name, value}) => {
    if (factors === null || DATA.fixed.includes(name)) return value;
    const own = value * (factors.byName.get(name.split(".")[0]) ?? 1);
    return factors.byRow.has(name) ? own * factors.byRow.get(name) : own;
  });
  let negative = settings.negative_fraction;
  if (twin !== null) negative *= logNormal(DATA.spread, seed, "fraction.CD19-negative", twin);
  const share = negative / Math.max(1, negative);
  const shares = {[clones[0][0]]: 1 - Math.min(negative, 1), "CD19-negative": share};
  const covariates = {...DATA.variants[preset.variant].covariates, marrow_blasts: settings.marrow_blasts};
  const place = new Map(net.parameters.map(({name}, k) => [name, k])), known = [];
  const leaves = {p: (name) => parameters[place.get(name)], c: (name) => covariates[name], f: (name) => shares[name] || 0,
    s: (name) => settings[name]};
  const initial = Float64Array.from(found.starts, (at) => evaluate(at, leaves, known));
  if (twin !== null) {
    const column = new Map(net.species.map(({name}, k) => [name, k]));
    const columnsOf = (name) => ["marrow", "blood"].map((site) => column.get(`blasts.${name}.${site}`));
    countCells(clones.map(([name]) => name), initial, columnsOf, seed, twin);
  }
  const given = found.given.map(([label, row, day, shift, duration, amount, entry]) => ({label, row, duration, entry,
    start: day + (shift ? settings[shift] : 0), amount: evaluate(amount, leaves, known)}));
  const received = given.filter(({entry}) => entry !== "ld" || settings.fludarabine > 0);
  return {...found, parameters, initial, schedule: scheduleOf(received, tables), times: daysOf(edgesOf(given), until)};
}

/** The changes that doses mean, [row, operation, day, amount, label]: infusions set their row to the sum of what runs. */
function edgesOf(given) {
  const infusions = given.filter((item) => item.duration > 0), found = [];
  const running = (row, day) => infusions.reduce((sum, item) => sum
    + (item.row === row && item.start <= day && day < item.start + item.duration ? item.amount : 0), 0);
  for (const {row, start, duration, label} of infusions) {
    found.push([row, 1, start, running(row, start), label], [row, 1, start + duration, running(row, start + duration), ""]);
  }
  for (const {row, start, amount, label, duration} of given) if (!(duration > 0)) found.push([row, 0, start, amount, label]);
  return found;
}

/** A schedule as happenings.js takes it; changes of one time keep their order. */
function scheduleOf(given, tables) {
  const edges = edgesOf(given).sort((a, b) => a[2] - b[2]);
  const rows = edges.map(([name]) => tables.names.get(name));
  return {
    time: edges.map((edge) => edge[2]), operation: edges.map((edge) => edge[1]), amount: edges.map((edge) => edge[3]),
    isParameter: rows.map((row) => row >= tables.parameters), label: edges.map((edge) => edge[4]),
    target: rows.map((row) => row - (row >= tables.parameters ? tables.parameters : tables.species)),
  };
}

/** Days of output: each day, and hours while a drug is given and for a day after. */
function daysOf(edges, until) {
  const first = Math.min(0, ...edges.map((edge) => edge[2])), days = [first, until];
  for (let day = Math.ceil(first); day < Math.ceil(until); day++) if (day > first) days.push(day);
  const changes = edges.filter(([row]) => row.endsWith(".input")).map((edge) => edge[2]).sort((a, b) => a - b);
  const last = Math.min(changes[changes.length - 1] + 1, until), count = Math.ceil((last - changes[0]) / HOUR);
  const step = changes[0] + HOUR - changes[0]; // as np.arange fills, so that the same hours are within a day of a change
  for (let k = 0, latest = 0; k < count; k++) {
    const hour = changes[0] + k * step;
    while (latest + 1 < changes.length && changes[latest + 1] <= hour) latest++;
    if (hour - changes[latest] <= 1) days.push(hour);
  }
  return Float64Array.from(new Set(days.map((day) => Math.round(day * 1e9) / 1e9))).sort();
}

/** Fewer days, for a course that is drawn while a setting is dragged. */
function fewerDays(times, changes) {
  const near = (day) => changes.some((change) => Math.abs(change - day) <= 1);
  return times.filter((day, k) => k === 0 || k === times.length - 1 || (Number.isInteger(day)
    && (day < 60 || day % 3 === 0 || near(day))) || (day < 0 && Math.abs(day * 4 - Math.round(day * 4)) < 1e-6));
}

/** What is wrong with settings: codes that a page has sentences for. */
function check(settings) {
  const found = [], known = new Map(DATA.settings.map((item) => [item.name, item]));
  for (const {name, kind, low, high, choices, zero} of DATA.settings) {
    const got = settings[name], add = (code) => found.push({name, code, got, low, high, choices});
    if (got === undefined) add("missing");
    else if (kind === "choice") { if (!choices.includes(got)) add("not_a_choice"); }
    else if (typeof got !== "number" || !Number.isFinite(got)) add("not_a_number");
    else if (got < low && !(zero && got === 0)) add("below");
    else if (got > high) add("above");
  }
  for (const name of Object.keys(settings)) {
    if (name !== "preset" && !known.has(name)) found.push({name, code: "unknown", got: settings[name]});
  }
  if (!PRESET.has(settings.preset)) {
    found.push({name: "preset", code: "not_a_choice", got: settings.preset, choices: [...PRESET.keys()]});
  }
  return found;
}

/** The courses and the verdict of a patient with these settings, or of its twin; see docs/develop/decisions/0016. */
function simulate(settings, {twin = null, seed = 1, until = UNTIL, fast = false, times, relative} = {}) {
  const problems = check(settings);
  if (problems.length) throw Object.assign(new Error(problems.map((p) => `${p.name}: ${p.code}`).join("; ")), {problems});
  const patient = patientOf(settings, {twin, seed, until}), {tables, outputs, schedule} = patient;
  const days = Float64Array.from(times ?? (fast ? fewerDays(patient.times, schedule.time) : patient.times));
  const tolerance = relative ?? (fast ? QUICK : ACCURATE);
  const course = new Course(tables, {...patient, times: days, relative: tolerance}).solve();
  const column = (name) => {
    const k = outputs.indexOf(name);
    return course.values.subarray(k * days.length, (k + 1) * days.length);
  };
  const sum = (names) => names.map(column).reduce((total, part) => total.map((value, i) => value + part[i]));
  const ofSite = (site) => sum(patient.carts.filter((name) => name.endsWith(`.${site}`)));
  const [carTMarrow, carTBlood, leucocytes] = [ofSite("marrow"), ofSite("blood"), column("leucocytes")];
  const clones = patient.clones.map(([name, label, antigens]) => {
    const [marrow, blood] = ["marrow", "blood"].map((site) => column(`blasts.${name}.${site}`));
    return {name, label, antigens, marrow, blood, cells: marrow.map((value, i) => value + blood[i])};
  });
  const result = {
    time: days, carT: carTMarrow.map((value, i) => value + carTBlood[i]), carTMarrow, carTBlood, clones,
    bCells: column("bcells_blood"), fludarabine: column("fludarabine_concentration"), il6: column("il6"),
    cytokine: column("homeostatic_cytokine"), marrowBlasts: column("blasts_marrow_fraction"), mrd: column("blasts_marrow_fraction"),
    bloodShare: column("blasts_blood").map((value, i) => (leucocytes[i] > 0 ? value / leucocytes[i] : 0)),
    copies: sum(patient.products.map((name) => `cart_copies.${name}`)), units: DATA.units,
    products: patient.products.map((name) => ({name, cells: sum(patient.carts.filter((row) => row.split(".")[1] === name))})),
    occurrences: [...dosesOf(schedule), ...course.occurrences].sort((a, b) => a.day - b.day),
    steps: course.steps, status: STATUS[course.status],
  };
  const hazards = Object.fromEntries(patient.hazards.map((cause) => [cause, column(`cumulative_hazard.${cause}`)]));
  result.verdict = course.status ? null : verdictOf(result, hazards, thresholds(seed, twin));
  return result;
}

/** What was given, by day and name, each once. */
function dosesOf({time, label, amount}) {
  const found = new Map();
  time.forEach((day, k) => { if (label[k] && amount[k] > 0) found.set(`${day} ${label[k]}`, {day, what: "dose", name: label[k]}); });
  return [...found.values()];
}

/** What became of one twin. */
function outcomeOf(settings, seed, twin, options = {}) {
  const {verdict, status} = simulate(settings, {fast: true, ...options, seed, twin});
  if (verdict === null) return {twin, status, remission: false, remissionDay: null, relapseDay: null, phenotype: null,
    deathDay: null, mrdNegative: false};
  const {remissionDay, relapseDay, phenotype, deathDay, mrdNegative} = verdict;
  return {twin, status, remission: remissionDay !== null, remissionDay, relapseDay, phenotype, deathDay, mrdNegative};
}

const CarsimModel = {
  version: DATA.version, digest: DATA.digest, settings: DATA.settings,
  presets: DATA.presets.map(({name, title, settings}) => ({name, title, settings})),
  defaults: (name) => ({...PRESET.get(name).settings}), check, simulate, patientOf, outcomeOf, inflated,
  structure: {sites: ["marrow", "blood"], maxClones: 6, maxProducts: 2},
};
