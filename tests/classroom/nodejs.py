"""JavaScript beside the tests: a function of JSON that gives JSON, run by node with the page's model loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from carsim.classroom.package import bundle

MISSING = "the classroom's model is tested in node, which is not here: install nodejs (18 or later)"


def node(answer: str, data: Any = None, *, inside: str = "") -> Any:
    """What the script's function `answer(input)` gives; `inside` lists what of the bundle it calls as `inside.…`."""
    program = shutil.which("node")
    assert program, MISSING
    end = "return CarsimModel;\n})();"
    text = bundle()
    assert text.count(end) == 1
    text = text.replace(end, f"globalThis.inside = {{{inside}}};\n{end}")
    read = "const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    write = "process.stdout.write(JSON.stringify(answer(input)));"
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.js"
        script.write_text("\n".join([text, read, answer, write]), encoding="utf-8")
        ran = subprocess.run(
            [program, str(script)], input=json.dumps(data), capture_output=True, text=True, check=False, timeout=600
        )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
