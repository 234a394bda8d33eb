// What happens at a moment, in the order of engines/kernels/happenings: scheduled changes, then, until nothing changes
// any more, extinctions, modes and events. A schedule is {time, isParameter, target, operation, amount}, ascending.

const ROUNDS = 100, ADD = 0, SET = 1;

Object.assign(Course.prototype, {
  /** Memory of events and populations at the start; a population that starts below its limit is gone, and recorded. */
  begin() {
    const {watch, modes} = this.t;
    watch.modes.forEach((mode, k) => { this.w[modes + k] = mode.initial; });
    this.memory = watch.events.map(() => ({holds: false, armed: false, fired: 0, since: Infinity, last: -Infinity, pending: Infinity}));
    this.visit = this.visitEnd = 0;
    while (this.visitEnd < watch.visits.length && watch.visits[this.visitEnd][0] < this.time) this.visitEnd++;
    this.settlesFirst = true;
    this.alive = watch.extinctions.map((item) => {
      const total = this.totalOf(item, this.state, 0);
      if (total > 0 && total < item.below) {
        for (const s of item.species) this.state[s] = 0;
        this.record("extinction", item.name);
      }
      return total >= item.below;
    });
  },

  record(what, name) { this.occurrences.push({day: this.time, what, name}); },

  totalOf(item, values, first) {
    let total = 0;
    for (const s of item.species) total += values[first + s];
    return total;
  },

  isTrue({row, above, threshold}) {
    return above ? this.w[row] >= this.w[threshold] : this.w[row] < this.w[threshold];
  },

  nextMode(k) {
    const present = this.w[this.t.modes + k];
    const move = this.t.watch.modes[k].transitions.find((item) => item.source === present && this.isTrue(item.when));
    return move === undefined ? -1 : move.target;
  },

  isTracked(k) {
    const event = this.t.watch.events[k];
    return (!event.visited || event.duration > 0) && this.memory[k].fired < event.count;
  },

  /** Whether anything has to happen in the state of the species rows (which the watching program has followed). */
  isDue() {
    const {watch, species} = this.t;
    for (let k = 0; k < watch.extinctions.length; k++) {
      const item = watch.extinctions[k];
      if (this.alive[k] && this.totalOf(item, this.w, species) < item.below) return true;
    }
    for (let k = 0; k < watch.modes.length; k++) if (!watch.modes[k].visited && this.nextMode(k) >= 0) return true;
    return watch.events.some((event, k) => this.isTracked(k)
      && event.conditions.every((when) => this.isTrue(when)) !== this.memory[k].holds);
  },

  /** When a continuous event that holds will trigger; infinity where it will not. */
  dueTime(k) {
    const event = this.t.watch.events[k], memory = this.memory[k];
    const waits = memory.pending < Infinity || memory.fired >= event.count;
    if (event.visited || waits || !(memory.armed || event.apart > 0) || !memory.holds) return Infinity;
    return Math.max(memory.since + event.duration, memory.last + event.apart);
  },

  nextStop() {
    const {time} = this.schedule, {watch} = this.t;
    let stop = this.dose < time.length ? time[this.dose] : Infinity;
    if (this.visitEnd < watch.visits.length) stop = Math.min(stop, watch.visits[this.visitEnd][0]);
    watch.events.forEach((_, k) => { stop = Math.min(stop, this.memory[k].pending, this.dueTime(k)); });
    return stop;
  },

  isVisited(what, which) {
    return this.t.watch.visits.slice(this.visit, this.visitEnd).some((visit) => visit[1] === what && visit[2] === which);
  },

  revive() {
    this.t.watch.extinctions.forEach((item, k) => { if (this.totalOf(item, this.state, 0) >= item.below) this.alive[k] = true; });
  },

  extinguish() {
    let changed = false;
    this.t.watch.extinctions.forEach((item, k) => {
      if (this.totalOf(item, this.state, 0) >= item.below) this.alive[k] = true;
      else if (this.alive[k]) {
        this.alive[k] = false;
        for (const s of item.species) this.state[s] = 0;
        this.record("extinction", item.name);
        changed = this.fresh = true;
      }
    });
    return changed;
  },

  switchModes() {
    let changed = false;
    this.t.watch.modes.forEach((mode, k) => {
      if (mode.visited && !this.isVisited(0, k)) return;
      const target = this.nextMode(k);
      if (target < 0) return;
      this.w[this.t.modes + k] = target;
      this.record("mode", mode.name);
      changed = this.fresh = true;
    });
    return changed;
  },

  /** Whether an event triggers now; keeps its memory of how long its conditions have held. */
  triggers(k) {
    const event = this.t.watch.events[k], memory = this.memory[k], now = this.time;
    const all = () => event.conditions.every((when) => this.isTrue(when));
    if (this.isTracked(k)) {
      const holds = all();
      if (holds && !memory.holds) { memory.since = now; memory.armed = true; }
      memory.holds = holds;
    }
    if (!event.visited) return this.dueTime(k) <= now;
    if (!this.isVisited(1, k) || memory.fired >= event.count) return false;
    if (memory.pending < Infinity || memory.last === now || memory.last + event.apart > now) return false;
    return event.duration > 0 ? memory.holds && memory.since + event.duration <= now : all();
  },

  /** Trigger events and apply the changes that are due: [whether anything changed, whether derived rows must follow]. */
  fireEvents() {
    let changed = false, derived = false;
    this.t.watch.events.forEach((event, k) => {
      const memory = this.memory[k];
      if (this.triggers(k)) {
        Object.assign(memory, {fired: memory.fired + 1, last: this.time, armed: false, pending: this.time + event.delay});
      }
      if (memory.pending > this.time) return;
      memory.pending = Infinity;
      this.record("event", event.name);
      changed = true;
      for (const {isParameter, target, operation, amount} of event.changes) {
        derived = this.change(isParameter, target, operation, this.w[amount]) || derived;
      }
    });
    return [changed, derived];
  },

  /** Add to, set or scale a species or parameter; true where derived parameters must follow. */
  change(isParameter, target, operation, amount) {
    const into = isParameter ? this.w : this.state, place = isParameter ? this.t.parameters + target : target;
    into[place] = operation === ADD ? into[place] + amount : operation === SET ? amount : into[place] * amount;
    this.fresh = true;
    if (!isParameter && into[place] < 0 && !this.t.signed[target]) this.fail(3);
    return isParameter && this.t.feedsDerived[target] === 1;
  },

  applySchedule() {
    const {time, isParameter, target, operation, amount} = this.schedule, {visits} = this.t.watch;
    let derived = false;
    for (; this.dose < time.length && time[this.dose] <= this.time; this.dose++) {
      const k = this.dose;
      derived = this.change(isParameter[k], target[k], operation[k], amount[k]) || derived;
    }
    this.visit = this.visitEnd;
    while (this.visitEnd < visits.length && visits[this.visitEnd][0] <= this.time) this.visitEnd++;
    return derived;
  },

  /** At a stop: scheduled changes, then extinctions, modes and events until nothing changes any more. */
  happen() {
    let derived = this.applySchedule() || this.settlesFirst, settling = true;
    this.settlesFirst = false;
    for (let round = 0; round < ROUNDS && settling && !this.over; round++) {
      if (derived) run(this.t.derived, VALUES, this.w);
      derived = false;
      this.showState();
      run(this.t.watching, VALUES, this.w);
      settling = this.extinguish() || this.switchModes();
      if (!settling) [settling, derived] = this.fireEvents();
    }
    if (derived) run(this.t.derived, VALUES, this.w);
    if (settling && !this.over) this.fail(5);
  },
});
