"""What the guides name exists: files, folders, images, links, sections, commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ruamel.yaml import YAML
from website.reference import PAGES

from .tree import PACKAGE, ROOT, write_tree

FILE = re.compile(r"[\w.-]+(/[\w.-]+)*\.(py|md|toml|yaml|yml|cff|csv|json|nc|png|svg)")
PARAMETERS = PACKAGE / "catalog" / "data" / "parameters"
CREATED = {  # what a command of a guide writes
    "my_patient.yaml",
    "my_trial.nc",
    "my_single.yaml",
    "my_tandem.yaml",
    "my_table.csv",
    "my_table.parquet",
    "my_cohort.csv",
    "my_data.csv",
    "my_sweep.zarr",
    "my_study.yaml",
    "patients.csv",
    "doses.csv",
    "problem.yaml",
    "scenario.yaml",
    "escape.zarr",
    "my_product.yaml",
    "my_binder.yaml",
    "my_trial.yaml",
    "my_map.yaml",
    "my_map.zarr",
    "results/strong_arm.nc",
    "results/antigen_escape.nc",
}
GENERATED = {(ROOT / "docs" / place).resolve() for place in PAGES}  # made with the site, see website/reference.py
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def guides(root: Path) -> list[Path]:
    """Markdown of the root and of `docs`."""
    return sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md"))


def broken_links(root: Path) -> list[str]:
    """Relative links and images that lead nowhere, and anchors without their heading."""
    problems = []
    for guide in guides(root):
        text = guide.read_text(encoding="utf-8")
        for target in LINK.findall(text):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            path = guide.parent / name if name else guide
            if path.resolve() in GENERATED:
                continue
            if not path.exists():
                problems.append(f"{guide.relative_to(root)}: {target} does not exist")
            elif anchor and anchor not in _anchors(path.read_text(encoding="utf-8")):
                problems.append(f"{guide.relative_to(root)}: {target} has no such heading")
    return problems


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def missing_paths(root: Path, package: Path) -> list[str]:
    """Paths in code type or in commands that exist neither below the root or the package nor beside the guide.

    A bare file name may also lie in a folder of the package that the guide names. A path may hold a
    placeholder (`<name>`, `*`): then something must match it.
    """
    problems = []
    for guide in guides(root):
        text = guide.read_text(encoding="utf-8")
        named = [path.parent for path in package.rglob("__init__.py") if f"`{path.parent.relative_to(root)}/`" in text]
        places = (root, package, guide.parent, *named)
        blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        words = re.findall(r"`([^`\n]+)`", prose) + [
            word for block in blocks for line in block.splitlines() for word in line.partition("#")[0].split()
        ]
        for word in dict.fromkeys(words):
            if _is_path(word, root, package) and word not in CREATED and not _exists(word, places):
                problems.append(f"{guide.relative_to(root)}: `{word}` does not exist")
    return problems


def _is_path(word: str, root: Path, package: Path) -> bool:
    if "::" in word:  # a test: see `unknown_tests`
        return False
    plain = re.sub(r"<\w+>", "x", word).replace("*", "x")
    if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/", plain) or FILE.fullmatch(plain):
        return True
    first, slash, _ = plain.partition("/")
    return bool(slash) and " " not in plain and ((root / first).exists() or (package / first).exists())


def _exists(word: str, folders: tuple[Path, ...]) -> bool:
    pattern = re.sub(r"<\w+>", "*", word).rstrip("/")
    return any(next(folder.glob(pattern), None) is not None for folder in folders)


def test_every_link_of_the_guides_resolves() -> None:
    assert broken_links(ROOT) == []


def test_every_path_named_in_a_guide_exists() -> None:
    assert missing_paths(ROOT, PACKAGE) == []


def test_the_biology_names_every_process_and_every_parameter() -> None:
    biology = (ROOT / "docs" / "explain" / "biology.md").read_text(encoding="utf-8")
    shared_forms = {"__init__", "kinetics"}
    processes = {path.name for path in (PACKAGE / "model" / "processes").glob("*.py") if path.stem not in shared_forms}
    records = [tomllib.loads(path.read_text(encoding="utf-8")) for path in PARAMETERS.glob("*.toml")]
    parameters = {name for record in records for name in record}
    assert parameters
    assert {name for name in processes | parameters if f"`{name}`" not in biology} == set()


def unknown_tests(root: Path) -> list[str]:
    """Tests that a guide names as `file::function` and that are not there; a bare file lies in `tests/model`."""
    problems = []
    for guide in guides(root):
        for name, function in re.findall(r"`([\w/]+\.py)::(\w+)`", guide.read_text(encoding="utf-8")):
            path = root / name if name.startswith("tests/") else root / "tests" / "model" / name
            if not path.is_file() or f"def {function}(" not in path.read_text(encoding="utf-8"):
                problems.append(f"{guide.relative_to(root)}: {name}::{function}")
    return problems


def test_every_test_named_in_a_guide_exists() -> None:
    assert unknown_tests(ROOT) == []


def test_the_readme_begins_with_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python -m pip install .*$", readme, flags=re.MULTILINE)
    assert [" ".join(line.partition("#")[0].split()) for line in commands] == [
        "python -m pip install . && carsim run scenarios/antigen_escape.yaml",
        "python -m pip install '.[test]' && pytest",
    ]


def test_the_citation_is_complete_and_of_this_version() -> None:
    citation = YAML(typ="safe").load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what the format demands
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert f"{project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _sample(folder: Path) -> Path:
    readme = (
        "# A\n[ok](docs/b.md) [web](https://x.org) ![gone](docs/gone.png) [part](docs/b.md#second-part)\n"
        "[no](#nothing)\n"
        "Units `cells/uL` and `1/d` are no paths; `src/pkg/one.py`, `one.py`, `docs/`, `pkg/<name>.py`.\n"
        "Not there: `src/pkg/two.py`, `docs/none`, `absent/`, `three.toml`, `docs/<name>.rst.md`.\n"
        "```sh\ninit my_patient.yaml && run scenarios/x.yaml  # comment/y.yaml\n```\n"
    )
    return write_tree(folder, {"README.md": readme, "docs/b.md": "# B\n## Second part!\n", "src/pkg/one.py": ""})


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    assert broken_links(_sample(tmp_path)) == [
        "README.md: docs/gone.png does not exist",
        "README.md: #nothing has no such heading",
    ]


def test_a_missing_test_is_seen(tmp_path: Path) -> None:
    guide = "# A\n`test_a.py::test_one` `tests/b/test_b.py::test_two` `test_a.py::test_gone`\n"
    files = {"README.md": guide, "tests/model/test_a.py": "def test_one():\n", "tests/b/test_b.py": "def test_two():\n"}
    assert unknown_tests(write_tree(tmp_path, files)) == ["README.md: test_a.py::test_gone"]


def test_a_missing_path_is_seen(tmp_path: Path) -> None:
    root = _sample(tmp_path)
    assert missing_paths(root, root / "src" / "pkg") == [
        "README.md: `pkg/<name>.py` does not exist",
        "README.md: `src/pkg/two.py` does not exist",
        "README.md: `docs/none` does not exist",
        "README.md: `absent/` does not exist",
        "README.md: `three.toml` does not exist",
        "README.md: `docs/<name>.rst.md` does not exist",
        "README.md: `scenarios/x.yaml` does not exist",
    ]
