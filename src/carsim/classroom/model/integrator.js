// The deterministic engine, one course at a time: Rodas5P with the step control, the order of what happens and the
// dense output of engines/kernels (rodas5p, stepping, solve, linear), so that equal tolerances take equal steps.
//
//   (I / (gamma h) - J) u_i = f(y + sum_{j<i} a_ij u_j) + sum_{j<i} (c_ij / h) u_j
//   y(t + h) = y + sum_j a_8j u_j + u_8;  u_8 is the error estimate (embedded order 4)
//
// G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P, BIT Numerical Mathematics 63:27 (2023).

const STAGES = 8, ORDER = 5, SAFETY = 0.9, GROWTH = 100, SHRINK = 0.2, LENIENCE = 3, SHORTEST = 1e-25;
const LOOKS = 4, BISECTED = 1e-12, ROUGHLY = 1e-3, CLOSE = 0.9, OVERSHOOT = 1.001;
const STATUS = ["ok", "too many steps", "not finite", "negative state", "step too small", "event loop"];

/** Evaluate a program: blocks of laws by the table of functions, blocks of sums here. */
function run(program, functions, w) {
  const {heads, entries, coefficients} = program;
  for (let b = 0; b < heads.length; b++) {
    const {law, count, start, mask, first} = heads[b];
    if (law >= 0) functions[law](w, entries, count, start, mask);
    else if (law === PRODUCTS) sumProducts(w, entries, coefficients, count, start, first);
    else sumRows(w, entries, coefficients, count, start, first);
  }
}

/** Sums of coefficient x row x row. */
function sumProducts(w, e, c, count, at, k) {
  for (let i = 0; i < count; i++) {
    const out = e[at], last = at + 2 + 2 * e[at + 1];
    let total = 0;
    for (at += 2; at < last; at += 2) total += c[k++] * (w[e[at]] * w[e[at + 1]]);
    w[out] = total;
  }
}

/** Sums of coefficient x row. */
function sumRows(w, e, c, count, at, k) {
  for (let i = 0; i < count; i++) {
    const out = e[at], last = at + 2 + e[at + 1];
    let total = 0;
    for (at += 2; at < last; at++) total += c[k++] * w[e[at]];
    w[out] = total;
  }
}

/** into += weight u, element by element. */
function addWeighted(into, from, weight, u, n) {
  for (let s = 0; s < n; s++) into[from + s] += weight * u[s];
}

/** Overwrite the matrix by its factors; zero if every pivot is finite. */
function factorise(w, f, inverse) {
  const {unknown, diagonal, columnStart, column, acrossStart, across, target} = f;
  let place = 0, defect = 0;
  for (let k = 0; k < f.size; k++) {
    const pivot = w[diagonal[k]], reciprocal = 1 / pivot, first = acrossStart[k], last = acrossStart[k + 1];
    defect += pivot - pivot;
    w[inverse + unknown[k]] = reciprocal;
    for (let c = columnStart[k]; c < columnStart[k + 1]; c++) {
      const multiplier = w[column[c]] * reciprocal;
      w[column[c]] = multiplier;
      for (let a = first; a < last; a++) w[target[place++]] -= multiplier * w[across[a]];
    }
  }
  return defect;
}

/** Solve in place for the right side at rows `right` + unknown. */
function solveLinear(w, f, inverse, right) {
  const {unknown, leftStart, left, leftUnknown, acrossStart, across, acrossUnknown} = f;
  for (let k = 0; k < f.size; k++) {
    const first = leftStart[k], last = leftStart[k + 1];
    if (first === last) continue;
    let value = w[right + unknown[k]];
    for (let a = first; a < last; a++) value -= w[left[a]] * w[right + leftUnknown[a]];
    w[right + unknown[k]] = value;
  }
  for (let k = f.size - 1; k >= 0; k--) {
    let value = w[right + unknown[k]];
    for (let a = acrossStart[k]; a < acrossStart[k + 1]; a++) value -= w[across[a]] * w[right + acrossUnknown[a]];
    w[right + unknown[k]] = value * w[inverse + unknown[k]];
  }
}

/** One course being integrated: its workspace, its state and what it is doing. */
class Course {
  constructor(tables, {parameters, initial, schedule, times, relative, maxSteps = 100000}) {
    const n = tables.nSpecies;
    this.t = tables;
    this.n = n;
    this.w = new Float64Array(tables.end);
    this.w.set(tables.constants);
    this.w.set(parameters, tables.parameters);
    this.state = Float64Array.from(initial);
    this.candidate = new Float64Array(n);
    this.stages = Array.from({length: STAGES}, () => new Float64Array(n));
    this.dense = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
    this.schedule = schedule;
    this.times = times;
    this.relative = relative;
    this.maxSteps = maxSteps;
    this.values = new Float64Array(times.length * tables.outputRows.length).fill(NaN);
    this.occurrences = [];
    this.steps = 0;
    this.status = 0;
    this.over = false;
    this.time = times[0];
    this.step = 1;
    this.refused = false; // whether the last try was rejected
    this.fresh = this.first = true;
    this.refined = false;
    this.output = this.dose = 0;
    this.begin();
  }

  fail(status) { this.status = status; this.over = true; }

  showState() { this.w.set(this.state, this.t.species); }

  /** f at the state, and the matrix of the step that will be tried. */
  linearise() {
    const {t, w} = this;
    this.showState();
    run(t.rates, VALUES, w);
    this.chooseStep();
    run(t.matrix, SLOPES, w);
    const shift = (1 / this.tried) * (1 / GAMMA);
    for (let s = 0; s < this.n; s++) w[t.diagonal + s] += shift;
    return factorise(w, t.factors, t.inverse);
  }

  chooseStep() {
    const {t, w, n, state} = this;
    if (this.fresh) {
      let fastest = 0;
      for (let s = 0; s < n; s++) {
        const scale = t.absolute[s] + this.relative * Math.abs(state[s]);
        fastest = Math.max(fastest, Math.abs(w[t.derivative + s]) / scale);
      }
      const guess = Math.min(1, this.relative ** -0.8 / Math.max(fastest, SHORTEST));
      this.step = this.first ? guess : Math.min(guess, this.step);
      this.fresh = this.first = false;
    }
    this.drained = false;
    for (let s = 0; s < n; s++) {
      if (state[s] === 0 && w[t.derivative + s] < -t.absolute[s] && !t.signed[s]) this.drained = true;
    }
    const remaining = this.stop - this.time;
    this.lands = this.step >= remaining * (1 - 1e-9);
    this.short = this.step > 0.5 * remaining;
    this.tried = this.lands ? remaining : this.short ? 0.5 * remaining : this.step;
  }

  /** The stages, the candidate and its scaled error; leaves whether a state is negative. */
  tryStep() {
    const {t, w, n, state, candidate, stages} = this;
    let defect = this.linearise();
    const right = t.rightSide, inverseStep = 1 / this.tried;
    for (let i = 0; i < STAGES; i++) {
      const a = A[i], c = C[i], own = stages[i];
      if (i > 0) {
        own.fill(0);
        if (i > 5) addWeighted(w, t.species, 1, stages[i - 1], n);
        else w.set(state, t.species);
        for (let j = 0; j < i; j++) {
          if (i <= 5) addWeighted(w, t.species, a[j], stages[j], n);
          addWeighted(own, 0, c[j], stages[j], n);
        }
        run(t.rates, VALUES, w);
        for (let s = 0; s < n; s++) w[right + s] = w[t.derivative + s] + own[s] * inverseStep;
      } else {
        for (let s = 0; s < n; s++) w[right + s] = w[t.derivative + s];
      }
      w.fill(0, right + n, right + t.nUnknowns);
      solveLinear(w, t.factors, t.inverse, right);
      for (let s = 0; s < n; s++) own[s] = w[right + s];
    }
    let worst = 0, least = 0;
    for (let s = 0; s < n; s++) {
      const end = w[t.species + s] + stages[7][s], estimate = Math.abs(stages[7][s]);
      candidate[s] = end;
      const error = estimate / (Math.max(Math.abs(state[s]), Math.abs(end)) * this.relative + t.absolute[s]);
      worst = Math.max(worst, error);
      defect += end - end + (error - error);
      if (!t.signed[s]) least = Math.max(least, -end);
    }
    this.error = worst;
    this.negative = least > 0;
    this.defect = defect;
  }

  /** Accept or reject the step and choose the next one. */
  judge() {
    this.accepted = this.located = false;
    if (++this.steps > this.maxSteps) return this.fail(1);
    if (this.drained) return this.fail(3);
    if (!(this.defect === 0)) return this.reject(2, this.tried * SHRINK);
    const error = this.error / LENIENCE;
    let factor = Math.min(GROWTH, Math.max(SHRINK, SAFETY * error ** (-1 / ORDER)));
    if (error > 1) return this.reject(4, this.tried * factor);
    if (this.negative && this.isNegative()) return this.reject(3, this.tried * 0.5);
    if (this.refused) factor = Math.min(1, factor);
    const wish = this.tried * factor;
    this.step = this.short ? Math.max(wish, this.step) : wish;
    this.refused = false;
    this.accepted = true;
    if (this.negative) {
      for (let s = 0; s < this.n; s++) if (this.candidate[s] < 0 && !this.t.signed[s]) this.candidate[s] = 0;
    }
  }

  reject(reason, step) {
    this.step = step;
    this.refused = true;
    if (!(step > SHORTEST + 1e-15 * Math.abs(this.time))) this.fail(reason);
  }

  isNegative() {
    const {t, candidate, state} = this;
    for (let s = 0; s < this.n; s++) {
      if (candidate[s] < -(t.absolute[s] + this.relative * Math.abs(state[s])) && !t.signed[s]) return true;
    }
    return false;
  }

  denseCoefficients() {
    const {stages, dense, n} = this;
    for (let m = 0; m < 3; m++) {
      const [d0, d1, d2, d3, d4, d5, d6, d7] = DENSE[m], [u0, u1, u2, u3, u4, u5, u6, u7] = stages, into = dense[m];
      for (let s = 0; s < n; s++) {
        into[s] = d0 * u0[s] + d1 * u1[s] + d2 * u2[s] + d3 * u3[s] + d4 * u4[s] + d5 * u5[s] + d6 * u6[s] + d7 * u7[s];
      }
    }
  }

  /** Set the species rows to the state at a share of the step. */
  denseState(share) {
    const {t, w, state, candidate, dense: [k1, k2, k3]} = this, rest = 1 - share;
    for (let s = 0; s < this.n; s++) {
      const start = state[s], end = candidate[s];
      const value = start + share * (end - start + rest * (k1[s] + share * (k2[s] + share * k3[s])));
      w[t.species + s] = value < 0 && !t.signed[s] ? 0 : value;
    }
  }

  isDueAt(share) {
    this.denseState(share);
    run(this.t.watching, VALUES, this.w);
    return this.isDue();
  }

  /** Find in an accepted step the first moment at which something has to happen, by bisection of dense output. */
  locate() {
    let look = 0;
    while (look < LOOKS && !this.isDueAt((look + 1) / LOOKS)) look++;
    if (look === LOOKS) return;
    this.low = look / LOOKS;
    this.high = (look + 1) / LOOKS;
    const approached = () => this.high < CLOSE && !this.refined;
    while (this.high - this.low > (approached() ? ROUGHLY : BISECTED)) {
      const middle = 0.5 * (this.low + this.high);
      if (this.isDueAt(middle)) this.high = middle; else this.low = middle;
    }
    if (approached()) {
      this.step = this.tried * this.high * OVERSHOOT;
      this.refined = true;
      this.accepted = false;
    } else this.located = true;
  }

  writeOutput() {
    const {t, w, values, times} = this, rows = t.outputRows, at = this.output++;
    for (let i = 0; i < rows.length; i++) values[i * times.length + at] = w[rows[i]];
  }

  /** Write every output inside the accepted step; those at a stop wait for what happens there. */
  writeOutputs(end) {
    while (this.output < this.times.length) {
      const time = this.times[this.output];
      if (!(time < end || (time === end && !(this.lands || this.located)))) return;
      this.denseState((time - this.time) / this.tried);
      run(this.t.output, VALUES, this.w);
      this.writeOutput();
    }
  }

  /** Make the candidate (or the located moment) the state. */
  goOn(end) {
    if (this.located) {
      this.denseState(this.high);
      for (let s = 0; s < this.n; s++) this.state[s] = this.w[this.t.species + s];
    } else this.state.set(this.candidate);
    this.time = end;
    this.refined = false;
    if (this.output === this.times.length) this.over = true;
    else if (this.located || this.lands) this.passStop();
    else this.revive();
  }

  /** What is due happens, the output of this moment is written, the next stop is found. */
  passStop() {
    this.happen();
    if (this.over) return;
    this.showState();
    run(this.t.output, VALUES, this.w);
    if (this.times[this.output] === this.time) this.writeOutput();
    if (this.output === this.times.length) this.over = true;
    this.stop = this.nextStop();
  }

  solve() {
    this.passStop();
    const watched = this.t.watch.extinctions.length + this.t.watch.events.length + this.t.watch.modes.length > 0;
    while (!this.over) {
      this.tryStep();
      this.judge();
      if (this.over || !this.accepted) continue;
      this.denseCoefficients();
      if (watched) this.locate();
      if (!this.accepted) continue;
      const end = this.located ? this.time + this.high * this.tried : this.lands ? this.stop : this.time + this.tried;
      this.writeOutputs(end);
      this.goOn(end);
    }
    return this;
  }
}
