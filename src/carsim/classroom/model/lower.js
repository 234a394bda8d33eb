// From a network to tables: derive/lower.py in another language, table for table (tests/classroom compares them).
//
// A network: species {name, tolerance, signed}, parameters {name, value}, modes {name, initial, visits, transitions
// [source, target, condition]}, quantities {name, law, args} or {name, terms}, reactions {law, args, change} or {terms,
// change}, events, extinctions. An argument is a name or a number; law is an index of VALUES; a condition is
// [name, above, name or number]; a term is [coefficient, names...]; change lists [species, number] pairs.

const PRODUCTS = -1, LINEAR = -2;

/** Row numbers by name, constants, and formulas by row, in the order of derive/rows.py. */
function rowsOf(net) {
  const constants = [1], names = new Map(), formulas = new Map();
  const constant = (value) => {
    const at = constants.indexOf(value);
    return at >= 0 ? at : constants.push(value) - 1;
  };
  const raw = [...net.quantities, ...net.reactions];
  for (const {args} of raw) for (const part of args || []) if (typeof part === "number") constant(part);
  for (const value of amounts(net)) if (typeof value === "number") constant(value);
  let row = constants.length;
  const species = row, parameters = row + net.species.length, modes = parameters + net.parameters.length;
  for (const group of [net.species, net.parameters, net.modes, net.quantities]) {
    for (const item of group) names.set(item.name, row++);
  }
  const rates = net.reactions.map(() => row++);
  const number = (part) => (typeof part === "number" ? constant(part) : names.get(part));
  raw.forEach((item, k) => {
    const formula = item.args
      ? {law: item.law, rows: item.args.map(number)}
      : {terms: item.terms.map(([c, a, b]) => [c, a === undefined ? 0 : names.get(a), b === undefined ? 0 : names.get(b)])};
    if (!item.args) {
      formula.linear = formula.terms.every((term) => term[2] === 0);
      formula.rows = formula.terms.flatMap(([, a, b]) => (b ? [a, b] : [a]));
    }
    formulas.set(modes + net.modes.length + k, formula);
  });
  return {net, constants, constant, names, formulas, rates, species, parameters, modes, end: row};
}

/** Literal numbers that are read as rows: thresholds and amounts of events and modes. */
function amounts(net) {
  const thresholds = net.events.flatMap((event) => event.conditions.map((c) => c[2]));
  for (const mode of net.modes) thresholds.push(...mode.transitions.map((t) => t[2][2]));
  return [...thresholds, ...net.events.flatMap((event) => event.changes.map((c) => c[2]))];
}

/** Levels of rows, and which of them depend on states, or on states or modes. */
function dependencies(rows) {
  const level = new Map(), moving = new Set(), switched = new Set(), number = new Map();
  for (let r = rows.species; r < rows.parameters; r++) { moving.add(r); switched.add(r); }
  for (let k = 0; k < rows.net.modes.length; k++) switched.add(rows.modes + k);
  for (const [row, formula] of rows.formulas) {
    level.set(row, 1 + formula.rows.reduce((most, r) => Math.max(most, level.get(r) || 0), 0));
    if (formula.rows.some((r) => moving.has(r))) moving.add(row);
    if (formula.rows.some((r) => switched.has(r))) switched.add(row);
    if (formula.law !== undefined && !number.has(formula.law)) number.set(formula.law, number.size);
  }
  return {level, moving, switched, number};
}

/** The rows with formulas that these rows need, themselves included. */
function behind(rows, wanted) {
  const found = new Set(), open = [...wanted];
  while (open.length) {
    const row = open.pop();
    if (rows.formulas.has(row) && !found.has(row)) {
      found.add(row);
      open.push(...rows.formulas.get(row).rows);
    }
  }
  return found;
}

/** A program under construction; consecutive instances of one group form one block. */
class Blocks {
  constructor() { this.group = null; this.heads = []; this.entries = []; this.coefficients = []; }
  head(group, law, mask) {
    if (this.group !== group) {
      this.group = group;
      this.heads.push({law, count: 0, start: this.entries.length, mask, first: this.coefficients.length});
    }
    this.heads[this.heads.length - 1].count++;
  }
  law(group, law, rows, out, mask = 0) {
    this.head(`${group} ${law} ${mask}`, law, mask);
    this.entries.push(...rows, ...out);
  }
  sum(group, out, {terms, linear}) {
    this.head(`${group} sum`, linear ? LINEAR : PRODUCTS, 0);
    this.entries.push(out, terms.length);
    for (const [c, a, b] of terms) {
      if (linear) this.entries.push(a); else this.entries.push(a, b);
      this.coefficients.push(c);
    }
  }
  program() {
    return {heads: this.heads, entries: Int32Array.from(this.entries), coefficients: Float64Array.from(this.coefficients)};
  }
}

/** A program that evaluates these rows in dependency order, and then the sums `last`. */
function programOf(rows, {level, number}, wanted, last = []) {
  const blocks = new Blocks();
  const key = new Map([...wanted].map((row) => {
    const formula = rows.formulas.get(row);
    return [row, formula.law !== undefined ? number.get(formula.law) : formula.linear ? LINEAR : PRODUCTS];
  }));
  const order = [...key.keys()].sort((a, b) => level.get(a) - level.get(b) || key.get(a) - key.get(b) || a - b);
  for (const row of order) {
    const formula = rows.formulas.get(row), group = `${level.get(row)} ${key.get(row)}`;
    if (formula.law !== undefined) blocks.law(group, formula.law, formula.rows, [row]);
    else blocks.sum(group, row, formula);
  }
  for (const [row, total] of last) blocks.sum(`last ${total.linear}`, row, total);
  return blocks.program();
}

const asSum = (terms) => ({terms, linear: terms.every((term) => term[2] === 0)});

/** Per state the sum of its reactions' rates times what they make less what they take. */
function rightSide(rows) {
  const position = new Map(rows.net.species.map((item, k) => [item.name, k]));
  const change = rows.net.species.map(() => new Map());
  rows.net.reactions.forEach((reaction, k) => {
    for (const [name, amount] of reaction.change) {
      const into = change[position.get(name)];
      into.set(rows.rates[k], (into.get(rows.rates[k]) || 0) + amount);
    }
  });
  return change.map((into) => asSum([...into].filter(([, c]) => c !== 0).map(([rate, c]) => [c, rate, 0])));
}

/** Partial derivatives that are needed, and every entry of the matrix (without 1/(gamma h)) as a linear sum of them. */
function matrixEntries(rows, deps, right, unknowns, first) {
  const n = right.length, index = new Map(), partials = [], slopes = new Map(), entries = new Map();
  for (let i = 0; i < n; i++) index.set(rows.species + i, i);
  unknowns.forEach((row, k) => index.set(row, n + k));
  for (const row of [...unknowns, ...rows.rates.filter((rate) => deps.moving.has(rate))]) {
    const formula = rows.formulas.get(row);
    if (formula.law === undefined) {
      slopes.set(row, [...formula.terms.filter(([, a]) => index.has(a)).map(([c, a, b]) => [index.get(a), c, b]),
        ...formula.terms.filter(([, , b]) => index.has(b)).map(([c, a, b]) => [index.get(b), c, a])]);
      continue;
    }
    const outputs = new Map();
    formula.rows.forEach((r, k) => { if (index.has(r)) outputs.set(k, first++); });
    partials.push({row, formula, outputs});
    slopes.set(row, [...outputs].map(([k, out]) => [index.get(formula.rows[k]), 1, out]));
  }
  const size = n + unknowns.length;
  const add = (i, j, term) => {
    const at = i * size + j;
    if (entries.has(at)) entries.get(at).push(term); else entries.set(at, [term]);
  };
  for (let i = 0; i < n; i++) entries.set(i * size + i, []);
  unknowns.forEach((row, k) => {
    entries.set((n + k) * size + n + k, [[1, 0, 0]]);
    for (const [j, c, slope] of slopes.get(row)) add(n + k, j, [-c, slope, 0]);
  });
  right.forEach((total, i) => {
    for (const [stoichiometry, rate] of total.terms) {
      for (const [j, c, slope] of slopes.get(rate) || []) add(i, j, [-stoichiometry * c, slope, 0]);
    }
  });
  return {partials, entries, next: first};
}

function matrixProgram({number}, partials, entries, place) {
  const blocks = new Blocks();
  const keyed = partials.map(({row, formula, outputs}) => ({
    row, formula, mask: [...outputs.keys()].reduce((sum, k) => sum + 2 ** k, 0),
    out: formula.rows.map((_, k) => outputs.get(k) || 0), law: number.get(formula.law)}));
  keyed.sort((a, b) => a.law - b.law || a.mask - b.mask || a.row - b.row);
  for (const {formula, mask, out} of keyed) blocks.law("partials", formula.law, formula.rows, out, mask);
  const sums = [...place].map(([where, row]) => [row, asSum(entries.get(where) || [])]);
  sums.sort((a, b) => a[1].linear - b[1].linear);
  for (const [row, total] of sums) blocks.sum(`entries ${total.linear}`, row, total);
  return blocks.program();
}

/** Symbolic sparse LU in Markowitz's order: the lists that integrator.js follows (derive/factorization.py). */
function eliminate(size, pattern, firstRow, driven) {
  const across = Array.from({length: size}, () => new Set()), below = Array.from({length: size}, () => new Set());
  for (const at of pattern) {
    const i = Math.floor(at / size), j = at % size;
    if (i !== j) { across[i].add(j); below[j].add(i); }
  }
  const remaining = new Set(across.keys()), steps = [], ascending = (a, b) => a - b;
  while (remaining.size) {
    let pivot = -1, least = Infinity, sum = Infinity;
    for (const k of remaining) {
      const product = across[k].size * below[k].size, both = across[k].size + below[k].size;
      if (product < least || (product === least && both < sum)) { pivot = k; least = product; sum = both; }
    }
    remaining.delete(pivot);
    const rows = [...below[pivot]].sort(ascending), columns = [...across[pivot]].sort(ascending);
    steps.push({pivot, rows, columns});
    for (const i of rows) { across[i].delete(pivot); for (const j of columns) if (j !== i) across[i].add(j); }
    for (const j of columns) { below[j].delete(pivot); for (const i of rows) if (i !== j) below[j].add(i); }
  }
  const entry = new Map();
  for (let i = 0; i < size; i++) entry.set(i * size + i, firstRow + i);
  for (const {pivot, rows, columns} of steps) {
    for (const i of rows) entry.set(i * size + pivot, firstRow + entry.size);
    for (const j of columns) entry.set(pivot * size + j, firstRow + entry.size);
  }
  return {factors: factorLists(size, steps, entry, driven), place: entry};
}

function factorLists(size, steps, entry, driven) {
  const position = new Map(steps.map(({pivot}, k) => [pivot, k])), left = steps.map(() => []);
  const moved = new Set(Array.from({length: driven}, (_, k) => k));
  for (const {pivot, rows} of steps) {
    if (!moved.has(pivot)) continue;
    for (const i of rows) { moved.add(i); left[position.get(i)].push(pivot); }
  }
  const late = steps.map((step) => ({...step, columns: [...step.columns].sort((a, b) => position.get(b) - position.get(a))}));
  const starts = (parts) => parts.reduce((all, part) => (all.push(all[all.length - 1] + part.length), all), [0]);
  const at = (i, j) => entry.get(i * size + j), flat = (values) => Int32Array.from(values);
  return {
    size,
    unknown: flat(late.map((s) => s.pivot)),
    diagonal: flat(late.map((s) => at(s.pivot, s.pivot))),
    columnStart: flat(starts(late.map((s) => s.rows))),
    column: flat(late.flatMap((s) => s.rows.map((i) => at(i, s.pivot)))),
    leftStart: flat(starts(left)),
    left: flat(late.flatMap((s, k) => left[k].map((j) => at(s.pivot, j)))),
    leftUnknown: flat(left.flat()),
    acrossStart: flat(starts(late.map((s) => s.columns))),
    across: flat(late.flatMap((s) => s.columns.map((j) => at(s.pivot, j)))),
    acrossUnknown: flat(late.flatMap((s) => s.columns)),
    target: flat(late.flatMap((s) => s.rows.flatMap((i) => s.columns.map((j) => at(i, j))))),
  };
}

/** Conditions, events, modes and extinctions as lists of rows (derive/watching.py), and the rows that they read. */
function watchOf(rows) {
  const {net, names} = rows, read = [];
  const row = (value) => {
    const found = typeof value === "number" ? rows.constant(value) : names.get(value);
    read.push(found);
    return found;
  };
  const condition = ([quantity, above, threshold]) => ({row: row(quantity), above: !!above, threshold: row(threshold)});
  const target = (name) => {
    const at = names.get(name);
    return at < rows.parameters ? {isParameter: false, target: at - rows.species} : {isParameter: true, target: at - rows.parameters};
  };
  const events = net.events.map((event) => ({
    name: event.name, conditions: event.conditions.map(condition), visited: event.visits.length > 0,
    changes: event.changes.map(([name, operation, amount]) => ({...target(name), operation, amount: row(amount)})),
    duration: event.duration, delay: event.delay, apart: event.apart, count: event.count === null ? Infinity : event.count}));
  const modes = net.modes.map((mode) => ({
    name: mode.name, initial: mode.initial, visited: mode.visits.length > 0,
    transitions: mode.transitions.map(([source, to, when]) => ({source, target: to, when: condition(when)}))}));
  const extinctions = net.extinctions.map(({name, species, below}) => ({
    name, below, species: Int32Array.from(species, (s) => names.get(s) - rows.species)}));
  const visits = [...net.modes.flatMap((mode, k) => mode.visits.map((day) => [day, 0, k])),
    ...net.events.flatMap((event, k) => event.visits.map((day) => [day, 1, k]))];
  visits.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return {watch: {events, modes, extinctions, visits}, read};
}

/** The tables of a network, with a program for these rows (by name) as outputs. */
function lower(net, outputs) {
  const rows = rowsOf(net), deps = dependencies(rows), n = net.species.length;
  const isRate = new Set(rows.rates);
  const derived = [...rows.formulas.keys()].filter((row) => !deps.switched.has(row) && !isRate.has(row));
  const isDerived = new Set(derived), needed = behind(rows, rows.rates);
  const running = [...rows.formulas.keys()].filter((row) => needed.has(row) && !isDerived.has(row));
  const unknowns = running.filter((row) => deps.moving.has(row) && !isRate.has(row));
  const right = rightSide(rows), derivative = rows.end;
  const {partials, entries, next} = matrixEntries(rows, deps, right, unknowns, derivative + n);
  const {factors, place} = eliminate(n + unknowns.length, entries.keys(), next, n);
  const {watch, read} = watchOf(rows);
  const fresh = (wanted) => [...behind(rows, wanted)].filter((row) => !isDerived.has(row)).sort((a, b) => a - b);
  const outputRows = outputs.map((name) => {
    if (!rows.names.has(name)) throw new Error(`no such row: ${name}`);
    return rows.names.get(name);
  });
  const fed = new Set(derived.flatMap((row) => rows.formulas.get(row).rows));
  const inverse = next + place.size, size = n + unknowns.length;
  return {
    names: rows.names, constants: rows.constants, species: rows.species, nSpecies: n, parameters: rows.parameters,
    nParameters: net.parameters.length, modes: rows.modes, derivative, diagonal: next, inverse, rightSide: inverse + size,
    nUnknowns: size, end: inverse + 2 * size, factors, watch, outputRows: Int32Array.from(outputRows),
    derived: programOf(rows, deps, derived),
    rates: programOf(rows, deps, running, right.map((total, i) => [derivative + i, total])),
    matrix: matrixProgram(deps, partials, entries, place),
    watching: programOf(rows, deps, fresh(read)),
    output: programOf(rows, deps, fresh(outputRows)),
    feedsDerived: Uint8Array.from(net.parameters, (_, i) => (fed.has(rows.parameters + i) ? 1 : 0)),
    absolute: Float64Array.from(net.species, (s) => s.tolerance), signed: Uint8Array.from(net.species, (s) => (s.signed ? 1 : 0)),
  };
}
