"""The part of an mrgsolve file that is the same in all: how conditions are looked at, in C++.

mrgsolve has no events that wait for a condition; its $EVENT block runs at records. So records are asked for: the next
one half-way to the crossing that two looks predict, until that is `close_by`, then `past` behind it. What happens is
then late by about 1e-9 d. The longest step is LONGEST: a condition that comes and goes between two looks is missed.

Triggers act when they become true, in order of priority, as SBML has it (`happenings.py`).
"""

from typing import Final

LONGEST: Final = 0.1  # d between two looks
WATCH: Final = (
    f"""\
namespace {{
const double longest = {LONGEST};    // d between two looks
"""
    + """\
const double first = 1e-6;     // d to the look after a dose or a happening, which have no slope yet
const double close_by = 1e-5;  // d before a crossing from which on it is gone to, not half-way
const double past = 1e-9;      // d behind the crossing

struct Watch {
  std::size_t happens;  // what comes now
  double asked;         // the next record that we asked for
  std::vector<char> holds, held, pending;
  std::vector<double> delay, due, margin, before;
  std::vector<char> held_at_start;
  double now, last, soonest;
  bool moved;

  Watch(std::vector<char> held_at_start, std::vector<double> delay, std::size_t conditions)
      : holds(delay.size()), pending(delay.size()), delay(delay), due(delay.size()), margin(conditions),
        before(conditions), held_at_start(held_at_start) { start(); }

  void start() {
    happens = 0;
    held = held_at_start;
    std::fill(pending.begin(), pending.end(), 0);
    now = last = 0.0;
    asked = -1.0;
    moved = true;
  }
  // A record has come; a dose or the end of an infusion leaves no slope to go by.
  void look(double time, bool dosed) {
    if (time > now) {
      before = margin;
      last = now;
      now = time;
      moved = false;
    }
    moved = moved || dosed;
  }
  // Conditions: of two rows, and of time.
  bool above(std::size_t k, double a, double b) { margin[k] = apart(a, b); return a >= b; }
  bool below(std::size_t k, double a, double b) { margin[k] = apart(a, b); return a < b; }
  bool from(double time) {
    if (now < time) soonest = std::min(soonest, time);
    return now >= time;
  }
  static double apart(double a, double b) { return a > 0.0 && b > 0.0 ? std::log(a / b) : a - b; }

  void see() { soonest = std::numeric_limits<double>::infinity(); }
  // Whether anything happens now: what has become true, the first in the list first.
  bool next() {
    for (std::size_t k = 0; k < holds.size(); ++k) {
      if (holds[k] && !held[k]) {
        pending[k] = 1;
        due[k] = now + delay[k];
      }
      if (!holds[k] && delay[k] == 0.0) pending[k] = 0;
      held[k] = holds[k];
    }
    for (std::size_t k = 0; k < holds.size(); ++k) {
      if (!pending[k]) continue;
      if (due[k] <= now) {
        happens = k;
        pending[k] = 0;
        return moved = true;
      }
      soonest = std::min(soonest, due[k]);
    }
    return false;
  }
  // Whether a record is to be asked for, at `asked`.
  bool ask() {
    double step = moved ? first : std::min(longest, 2.0 * (now - last));
    for (std::size_t k = 0; k < margin.size() && !moved; ++k) {
      const double slope = (margin[k] - before[k]) / (now - last);
      if (margin[k] * slope >= 0.0) continue;
      const double ahead = -margin[k] / slope;
      step = std::min(step, ahead > close_by ? ahead / 2.0 : ahead + past);
    }
    const double at = std::min(now + step, soonest);
    if (asked > now && asked <= at) return false;
    asked = at;
    return true;
  }
};
}
"""
)
