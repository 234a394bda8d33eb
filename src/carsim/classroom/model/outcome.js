// The verdict of a course, by the rules of carsim.endpoints: remission at a visit, relapse after it, what it looks
// like, and who dies of what. Levels are read between days along straight lines of their logarithm.

/** The days on which a patient is seen: day 28, then each month from the second on. */
function visitDays(end) {
  const days = [DATA.visits.first];
  for (let k = 2; k <= Math.floor(end / DATA.visits.month); k++) days.push(DATA.visits.month * k);
  return days.filter((day) => day <= end);
}

/** Level at a day inside the simulated time. */
function levelAt(days, level, day) {
  let right = days.findIndex((d) => d >= day);
  if (right < 0) right = days.length - 1;
  if (days[right] === day || right === 0) return level[right];
  const before = level[right - 1], after = level[right], share = (day - days[right - 1]) / (days[right] - days[right - 1]);
  return before > 0 && after > 0 ? before * Math.exp(share * Math.log(after / before)) : before + share * (after - before);
}

/** Day between two output times at which a level passes a limit. */
function crossing(dayBefore, dayAfter, before, after, limit) {
  const log = before > 0 && after > 0, f = log ? Math.log : (x) => x;
  return dayBefore + ((dayAfter - dayBefore) * (f(limit) - f(before))) / (f(after) - f(before));
}

function firstRise(days, level, limit, since) {
  const index = days.findIndex((day, k) => day > since && level[k] >= limit);
  if (index < 0) return null;
  if (level[index - 1] >= limit) return since;
  return Math.max(since, crossing(days[index - 1], days[index], level[index - 1], level[index], limit));
}

/** Words of the clones that hold at least the naming share of the blasts, those that show most first. */
function phenotypeAt(course, day) {
  let index = course.time.findIndex((d) => d >= day);
  if (index < 0) index = course.time.length - 1;
  const totals = new Map();
  for (const {label, cells} of course.clones) totals.set(label, (totals.get(label) || 0) + cells[index]);
  const whole = [...totals.values()].reduce((a, b) => a + b, 0);
  const rank = (word) => {
    const at = DATA.least.indexOf(word.slice(word.lastIndexOf("-") + 1));
    return at < 0 ? DATA.least.length : at;
  };
  return [...totals].filter(([, total]) => total >= DATA.limits.naming * whole).map(([word]) => word)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).join("+");
}

/** Day on which a cumulative hazard has grown by a threshold since a day; infinity where it does not. */
function reached(days, level, threshold, since) {
  const first = Math.max(since, days[0]);
  let k = days.findIndex((day) => day >= first);
  const start = days[k] === first ? level[k]
    : level[k - 1] + ((level[k] - level[k - 1]) * (first - days[k - 1])) / (days[k] - days[k - 1]);
  const limit = threshold + start;
  k = days.findIndex((day, i) => day > first && level[i] >= limit);
  if (k < 0) return Infinity;
  const share = (limit - level[k - 1]) / (level[k] - level[k - 1]);
  return Math.max(days[k - 1] + share * (days[k] - days[k - 1]), first);
}

/** The verdict; `course` has the courses of a simulation and `hazards`, by cause. */
function verdictOf(course, hazards, limits) {
  const {time, marrowBlasts, bloodShare, mrd} = course, {marrow, blood} = DATA.limits, end = time[time.length - 1];
  const visits = visitDays(end);
  const inRemission = (day) => levelAt(time, marrowBlasts, day) < marrow && levelAt(time, bloodShare, day) < blood;
  const remissionDay = visits.find(inRemission) ?? null;
  const rises = remissionDay === null ? []
    : [firstRise(time, marrowBlasts, marrow, remissionDay), firstRise(time, bloodShare, blood, remissionDay)];
  const found = rises.filter((day) => day !== null), relapseDay = found.length ? Math.min(...found) : null;
  let deathDay = null, cause = null;
  for (const name of Object.keys(DATA.deaths)) {
    const day = hazards[name] ? reached(time, hazards[name], limits[name], 0) : Infinity;
    if (day <= end && (deathDay === null || day < deathDay)) [deathDay, cause] = [day, DATA.deaths[name]];
  }
  return {
    mode: remissionDay === null ? "no_response" : relapseDay === null ? "remission" : "relapse",
    phenotype: relapseDay === null ? null : phenotypeAt(course, relapseDay), remissionDay, relapseDay, deathDay, cause,
    until: end, smallest: smallestOf(course),
    mrdNegative: visits.some((day) => inRemission(day) && levelAt(time, mrd, day) < DATA.limits.mrd),
    lastCarTDay: lastDetected(course),
  };
}

/** When there were fewest leukaemic cells between the infusion and the end, and of which clones. */
function smallestOf({time, clones}) {
  let least = Infinity, at = 0;
  for (let k = time.findIndex((day) => day >= 0); k < time.length; k++) {
    const total = clones.reduce((sum, {cells}) => sum + cells[k], 0);
    if (total < least) [least, at] = [total, k];
  }
  if (least < 1) return {day: time[at], total: 0, clones: clones.map(({name}) => ({name, cells: 0}))}; // less than a cell
  return {day: time[at], total: least, clones: clones.map(({name, cells}) => ({name, cells: cells[at]}))};
}

/** Last day on which qPCR finds CAR T cells; null where it never does. */
function lastDetected({time, copies}) {
  const limit = DATA.limits.copies;
  let last = time.length - 1;
  while (last >= 0 && !(time[last] >= 0 && copies[last] >= limit)) last--;
  if (last < 0) return null;
  return last === time.length - 1 ? time[last] : crossing(time[last], time[last + 1], copies[last], copies[last + 1], limit);
}
