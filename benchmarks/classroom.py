"""How long does the classroom's page wait for its model?

Workload: each preset for two years as the page asks for it while a setting is dragged (`fast`), the escape for one
year, and 100 twins of its patient, in node, one thread; each preset is simulated some times before it is measured, as a
page does while it is dragged. The time to begin is that of reading the text and of the first simulation.

How to read it: ms of the processor for one simulation, median and 95th percentile. A page draws beside it, and spreads
twins over workers; a phone takes some times as long.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Gate, SkippedError, machine, show, show_gates
from carsim.classroom.package import bundle

REPEATS = 60
TWINS = "some 140 steps of the whole system each; workers share them, and words follow from the first ten twins on"
SCRIPT = """
const cpu = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
const begun = cpu();
(0, eval)(require('fs').readFileSync(process.argv[2], 'utf8'));
const M = CarsimModel;
M.simulate(M.defaults('cd19_negative_escape'), {fast: true});
const first = cpu() - begun;
const timed = (work) => {
  for (let k = 0; k < 15; k++) work(k);
  const times = Array.from({length: REPEATS}, (_, k) => { const t = cpu(); work(k); return cpu() - t; });
  times.sort((a, b) => a - b);
  return [times[times.length >> 1], times[Math.floor(0.95 * times.length)]];
};
const moved = (settings, k) => ({...settings, dose: settings.dose * (1 + k / 200)});
const rows = M.presets.map(({name, settings}) => [`${name}, two years`,
  ...timed((k) => M.simulate(moved(settings, k), {fast: true})), M.simulate(settings, {fast: true}).steps]);
const escape = M.defaults('cd19_negative_escape'), year = {fast: true, until: 365.25};
const oneYear = timed((k) => M.simulate(moved(escape, k), year));
rows.push(['cd19_negative_escape, one year', ...oneYear, M.simulate(escape, year).steps]);
const t = cpu();
for (let k = 0; k < 100; k++) M.outcomeOf(escape, 1, k);
console.log(JSON.stringify({rows, first, twins: cpu() - t}));
"""


def measured() -> dict[str, Any]:
    """What the script prints; raises SkippedError without node."""
    node = shutil.which("node")
    if node is None:
        raise SkippedError("node is not here")
    with tempfile.TemporaryDirectory() as folder:
        model, script = Path(folder) / "model.js", Path(folder) / "script.js"
        model.write_text(bundle(), encoding="utf-8")
        script.write_text(SCRIPT.replace("REPEATS", str(REPEATS)), encoding="utf-8")
        ran = subprocess.run([node, str(script), str(model)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def main() -> None:
    """Measure and print."""
    found = measured()
    print(f"\n{machine()}\n")
    rows = [[name, f"{steps}", f"{median:.1f}", f"{late:.1f}"] for name, median, late, steps in found["rows"]]
    show("The model of the page, ms for one simulation", ["case", "steps", "median", "95th percentile"], rows)
    size = len(bundle().encode())
    print(f"\n100 twins: {found['twins']:.0f} ms; first simulation, with reading the text: {found['first']:.0f} ms.")
    year = next(row for row in found["rows"] if row[0].endswith("one year"))
    show_gates(
        [
            Gate("one year while dragging, ms", year[1], 15.0),
            Gate("100 twins, ms", found["twins"], 500.0, why=TWINS),
            Gate("the model's text, bytes", float(size), 110_000.0),
        ]
    )


if __name__ == "__main__":
    main()
