// What differs between twins of a patient, drawn as carsim.population draws a cohort: parameters by log-normal factors
// that may be correlated, densities and compositions by rows, the share of the CD19-negative clone, whole cells of
// clones of which few are expected, and the thresholds of chance events.

const P0 = [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125];
const Q0 = [1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066,
  -82.03722561683334, 15.90562251262117, -1.1833162112133];
const P1 = [4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803,
  2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854];
const Q1 = [15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094,
  -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574];
const P2 = [3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908,
  0.012371663481782003, 0.00030158155350823543, 2.6580697468673755e-6, 6.239745391849833e-9];
const Q2 = [6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318,
  0.00032801446468212774, 2.8924786474538068e-6, 6.790194080099813e-9];

const horner = (x, c) => c.reduce((total, value) => total * x + value);
const horner1 = (x, c) => c.reduce((total, value) => total * x + value, 1);

/** Inverse of the normal distribution function (Cephes, S. L. Moshier: ndtri, as SciPy has it). */
function quantile(share) {
  let y = share, lower = true;
  if (y > 1 - 0.1353352832366127) { y = 1 - y; lower = false; }
  if (y > 0.1353352832366127) {
    y -= 0.5;
    const square = y * y;
    return (y + y * (square * horner(square, P0) / horner1(square, Q0))) * 2.5066282746310007;
  }
  const x = Math.sqrt(-2 * Math.log(y)), z = 1 / x, middle = x - Math.log(x) / x;
  const tail = x < 8 ? z * horner(z, P1) / horner1(z, Q1) : z * horner(z, P2) / horner1(z, Q2);
  return lower ? -(middle - tail) : middle - tail;
}

/** The number whose Poisson distribution function first reaches `share`: weights summed from the mode outwards. */
function poisson(share, mean) {
  if (share <= Math.exp(-mean)) return 0;
  const mode = Math.floor(mean), below = [], above = [];
  for (let k = mode, weight = 1; k > 0 && weight > 1e-22; k--) below.push(weight *= k / mean);
  for (let k = mode + 1, weight = 1; weight > 1e-22 || k < mean + 10; k++) above.push(weight *= mean / k);
  const total = [...below, ...above].sort((a, b) => a - b).reduce((sum, weight) => sum + weight, 0) + 1;
  let k = mode - below.length, reached = 0;
  for (const weight of [...below.reverse(), 1, ...above]) {
    reached += weight / total;
    if (reached >= share) return k;
    k++;
  }
  return k;
}

const logNormal = (logSd, seed, stream, patient) => (logSd === 0 ? 1 : Math.exp(logSd * normal(seed, stream, patient)));

/** Factors of a twin: on parameters by name without class, and on single rows. */
function twinFactors(population, varies, seed, twin) {
  const {covariates, spreads} = DATA.twins[population];
  const independent = [...covariates.map((name) => normal(seed, `covariate.${name}`, twin, 0)),
    ...spreads.map(([name]) => normal(seed, `variability.${name}`, twin))];
  const byName = new Map(spreads.map(([name, logSd, weights]) => [name,
    Math.exp(logSd * weights.reduce((total, [weight, k]) => total + weight * independent[k], 0))]));
  const byRow = new Map(varies.map(([row, stream, logSd]) => [row, logNormal(logSd, seed, stream, twin)]));
  return {byName, byRow};
}

/** A twin's threshold of each cause; without a twin the median. */
function thresholds(seed, twin) {
  const found = {};
  for (const cause of DATA.causes) {
    found[cause] = twin === null ? Math.log(2) : -Math.log1p(-uniform(seed, `fate.${cause}`, twin));
  }
  return found;
}

/** Whole cells in the clones of which few are expected (all but the first); sites keep their shares. */
function countCells(clones, initial, columnsOf, seed, twin) {
  for (const name of clones.slice(1)) {
    const columns = columnsOf(name), expected = columns.reduce((total, column) => total + initial[column], 0);
    if (!(expected > 0 && expected < DATA.few)) continue;
    const factor = poisson(uniform(seed, `cells.${name}`, twin), expected) / expected;
    for (const column of columns) initial[column] *= factor;
  }
}
