"""Each room imports only rooms above it in the guide's list, and no circle closes anywhere."""

from __future__ import annotations

from pathlib import Path

from .layers import (
    cycles,
    drawing_elsewhere,
    foreign_in_kernels,
    import_graph,
    rooms_of_guide,
    rooms_of_tree,
    steps_back,
)
from .tree import PACKAGE, ROOT, write_tree

ROOMS = rooms_of_guide((ROOT / "docs" / "develop" / "house.md").read_text(encoding="utf-8"))


def test_the_guide_lists_each_room_of_the_tree_once() -> None:
    assert len(ROOMS) == len(set(ROOMS))
    assert set(ROOMS) == rooms_of_tree(PACKAGE)


def test_no_import_steps_back() -> None:
    assert steps_back(import_graph(PACKAGE)[0], ROOMS) == []


def test_no_cycle_among_files() -> None:
    assert cycles(import_graph(PACKAGE, for_types=False)[0]) == []


def test_kernels_import_numba_numpy_and_math_only() -> None:
    assert foreign_in_kernels(*import_graph(PACKAGE)) == []


def test_matplotlib_lives_in_the_drawing_rooms() -> None:
    assert drawing_elsewhere(import_graph(PACKAGE)[1]) == []


def _sample(folder: Path) -> Path:
    files = {
        "__init__.py": "from house.top import run\n",
        "base.py": "import math\n",
        "middle/__init__.py": "",
        "middle/one.py": "from . import two\nfrom house.base import value\n",
        "middle/two.py": "def late():\n    from .one import value\n",
        "middle/kernels/__init__.py": "",
        "middle/kernels/loop.py": "import numba, numpy\nimport scipy.linalg\nfrom house.middle import one\n",
        "early.py": "import matplotlib.pyplot\nimport house\n",
        "top.py": "import house.middle.one\n",
        "typed.py": "if TYPE_CHECKING:\n    from house.top import run\nelse:\n    import house.base\n",
    }
    return write_tree(folder / "house", files)


def test_a_step_back_is_seen(tmp_path: Path) -> None:
    graph = import_graph(_sample(tmp_path))[0]
    assert steps_back(graph, ["base", "early", "middle", "top", "typed"]) == ["house.early imports the package root"]
    assert steps_back(graph, ["base", "early", "top", "middle", "typed"]) == [
        "house.early imports the package root",
        "house.top imports house.middle.one, which is no room above it",
    ]


def test_an_unlisted_room_is_seen(tmp_path: Path) -> None:
    graph = import_graph(_sample(tmp_path))[0]
    problems = steps_back(graph, ["early", "middle", "top"])
    assert "house.middle.one imports house.base, which is no room above it" in problems


def test_a_cycle_is_seen_even_inside_a_function(tmp_path: Path) -> None:
    assert cycles(import_graph(_sample(tmp_path))[0]) == ["house.middle.one -> house.middle.two -> house.middle.one"]


def test_an_import_for_types_closes_no_cycle_but_can_step_back(tmp_path: Path) -> None:
    package = _sample(tmp_path)
    assert import_graph(package)[0]["house.typed"] == {"house.top", "house.base"}
    assert import_graph(package, for_types=False)[0]["house.typed"] == {"house.base"}


def test_a_stranger_in_a_kernel_is_seen(tmp_path: Path) -> None:
    assert foreign_in_kernels(*import_graph(_sample(tmp_path))) == [
        "house.middle.kernels.loop imports house.middle.one",
        "house.middle.kernels.loop imports scipy",
    ]


def test_drawing_elsewhere_is_seen(tmp_path: Path) -> None:
    assert drawing_elsewhere(import_graph(_sample(tmp_path))[1]) == ["house.early imports matplotlib"]


def test_rooms_are_read_from_the_table_of_layers_only() -> None:
    guide = (
        "# x\n\n## Flow\n| `a` | b |\n\n## Layers\n\n| room | is |\n| --- | --- |\n| `c` | d |\n\n## More\n| `e` |\n"
    )
    assert rooms_of_guide(guide) == ["c"]
