"""How quickly does the classroom page follow a slider, and how soon can it be used?

Workload: the page as one file in Chromium, without a graphics card. The slider of the CD19-negative fraction is
moved a step at a time; each move simulates two years of the patient shown and draws four charts, the marrow and the
words. Then the same with the processor made six times slower, as a phone is. While it moves, workers compute twins.

How to read it: ms from the event of the slider to all drawn. On a machine that does other work beside it the
times of the processor say more: those of the page's main thread, for one move. Words on the twins are timed from the
oldest move that none had followed. First usable is from the start of loading until the first courses are drawn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measure import Gate, SkippedError, machine, show, show_gates
from carsim.classroom.assemble import one_file

MOVES = 60
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-quic"]
MOVE = """async (moves) => {
  const slider = document.getElementById('set-negative_fraction');
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  performance.clearMeasures();
  for (let k = 0; k < moves; k++) {
    slider.value = 100 + k;
    slider.dispatchEvent(new Event('input'));
    await drawn();
  }
  const redraws = performance.getEntriesByName('carsim:redraw').map((entry) => entry.duration);
  return [redraws, performance.getEntriesByName('carsim:verdict').map((entry) => entry.duration)];
}"""


def processor_ms(pid: int) -> float:
    """Time of the processor that the main thread of a process has had, in ms."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return 1000.0 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def renderer(browser: Any) -> int:
    """The process that runs the page: of all renderers the one that has worked most."""
    session = browser.new_browser_cdp_session()
    found = [row for row in session.send("SystemInfo.getProcessInfo")["processInfo"] if row["type"] == "renderer"]
    return int(max(found, key=lambda row: row["cpuTime"])["id"])


def until(page: Any, mark: str) -> None:
    """Wait for a mark of the page; Playwright's own way would need `eval`, which the page forbids."""
    while not page.evaluate(f"performance.getEntriesByName('{mark}').length"):
        page.wait_for_timeout(20)


def moved(page: Any, pid: int) -> tuple[list[float], list[float], float]:
    """Sorted times of the moves in ms, and of the words that follow them; the processor's time for one move."""
    page.evaluate(MOVE, 15)  # the page is warm after some moves, as it is in a drag
    begun = processor_ms(pid)
    redraws, words = (sorted(times) for times in page.evaluate(MOVE, MOVES))
    return redraws, words, (processor_ms(pid) - begun) / MOVES


def main() -> None:
    """Measure and print."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as missing:
        raise SkippedError("needs Playwright, of the extra `test`") from missing
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SkippedError("needs Chromium")
    text = one_file()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.goto(f"{file.as_uri()}#preset=cd19_negative_escape&predict=0")
        until(page, "carsim:drawn")
        usable = page.evaluate("performance.getEntriesByName('carsim:drawn')[0].startTime")
        until(page, "carsim:twins")
        pid = renderer(browser)
        usual, words, usual_cpu = moved(page, pid)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
        slow, _, slow_cpu = moved(page, pid)
        browser.close()
    print(f"\n{machine('playwright')}\n")
    rows = [
        [name, f"{times[len(times) // 2]:.1f}", f"{times[int(0.95 * len(times))]:.1f}", f"{cpu:.1f}"]
        for name, times, cpu in (("as it is", usual, usual_cpu), ("six times slower", slow, slow_cpu))
    ]
    show(
        "A move of the slider, ms",
        ["processor", "median", "95th percentile", "main thread's time of the processor"],
        rows,
    )
    show_gates(
        [
            Gate("slider to redraw, median, ms", usual[len(usual) // 2], 30.0),
            Gate("slider to redraw, 95th percentile, ms", usual[int(0.95 * len(usual))], 60.0),
            Gate("the same six times slower, median, ms", slow[len(slow) // 2], 100.0),
            Gate("slider to the words on ten twins or more, in a drag, median, ms", words[len(words) // 2], 500.0),
            Gate("first usable, ms", usable, 1000.0),
            Gate("the file, bytes", float(len(text.encode())), 200_000.0),
        ]
    )


if __name__ == "__main__":
    main()
