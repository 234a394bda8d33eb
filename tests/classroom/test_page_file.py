"""The page as one file: small, closed to the network, the one that ships, and complete in both languages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from carsim.classroom import assemble, squeeze
from carsim.cli.commands import root

from ..house.tree import ROOT

PAGE = ROOT / "src" / "carsim" / "classroom" / "page"
SHIPPED = ROOT / "docs" / "classroom.html"
LIMIT = 200_000  # bytes of the file


@pytest.fixture(scope="module")
def text() -> str:
    return assemble.one_file()


def test_the_file_is_below_200_kilobytes(text: str) -> None:
    assert len(text.encode()) < LIMIT


def test_the_file_that_ships_is_this_one(text: str) -> None:
    made = "carsim lab --export docs/classroom.html --force"
    assert _unpacked(SHIPPED.read_text(encoding="utf-8")) == _unpacked(text), (
        f"docs/classroom.html is stale: run `{made}`"
    )


def _unpacked(text: str) -> str:
    """The page with what is packed in it as it was, and without the hashes: libraries of zlib pack differently."""
    text = re.sub(r"'sha256-[^']*'", "", text)
    return re.sub(
        r'"[\w+/]{1000,}=*"', lambda found: zlib.decompress(base64.b64decode(found[0][1:-1]), -15).decode(), text
    )


def test_the_policy_allows_what_is_in_the_file_and_nothing_else(text: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "unsafe" not in policy[1]
    assert "connect-src 'none'" in policy[1]
    found = re.findall(r"<(?:script|style)(?: [^>]*)?>(.*?)</(?:script|style)>", text, flags=re.DOTALL)
    assert len(found) == 3
    for part in found:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" in policy[1]


def test_the_file_names_no_other_place(text: str) -> None:
    assert not re.search(r"https?://|//[a-z]+\.[a-z]", text)
    assert not re.search(r"\b(eval|Function)\(", text)
    assert not re.search(r" (style|on\w+)=", text.split("<script", 1)[0].split("</style>")[1])


def _entries() -> dict[str, list[str]]:
    """Key of the dictionary -> its words in English and German."""
    found: dict[str, list[str]] = json.loads((PAGE / "words.json").read_text(encoding="utf-8"))
    return found


def test_both_languages_fill_in_the_same_values() -> None:
    entries = _entries()
    assert len(entries) > 200
    for key, (english, german) in entries.items():
        assert english, key
        assert german, key
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", german)), key


def test_every_word_that_the_page_asks_for_is_in_the_dictionary() -> None:
    entries = _entries()
    asked = set(re.findall(r'data-(?:word|label)="(\w+)"', (PAGE / "index.html").read_text(encoding="utf-8")))
    for module in PAGE.glob("*.js"):
        asked |= set(re.findall(r'\bsay\("([^"]+)"', module.read_text(encoding="utf-8")))
    assert len(asked) > 100
    assert asked - set(entries) == set()


def test_modules_in_a_circle_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "page.js": 'import { a } from "./other.js";',
        "other.js": 'import { b } from "./page.js";',
        "words.json": "{}",
    }
    monkeypatch.setattr(assemble, "_text", texts.__getitem__)
    with pytest.raises(ValueError, match="page -> other -> page"):
        assemble.script.__wrapped__()


def test_squeezing_touches_no_string_template_or_pattern() -> None:
    text = (
        'const a = "x  // y"; // gone\n  const b = `  ${a + 1}  //`;\n\n'
        '/* gone */ if (a / 2 > b / 3) c = /[/"]\\s+/g;\nx = y - -z;\nreturn a\n'
    )
    assert squeeze.javascript(text) == (
        'const a="x  // y";const b=`  ${a + 1}  //`;if(a/2>b/3)c=/[/"]\\s+/g;x=y- -z;return a\n'
    )


def test_a_statement_that_ends_with_its_line_still_ends() -> None:
    assert squeeze.javascript("f = () => {\n  g()\n}\nh()\n") == "f=()=>{g()\n}\nh()\n"


def test_the_page_is_written_once_and_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "my_page.html"
    first = CliRunner().invoke(root, ["lab", "--export", str(out)])
    assert first.exit_code == 0, first.output
    assert out.read_text(encoding="utf-8") == assemble.one_file()
    out.write_text(out.read_text(encoding="utf-8") + "<!-- edited -->", encoding="utf-8")
    assert CliRunner().invoke(root, ["lab", "--export", str(out)]).exit_code != 0
    assert CliRunner().invoke(root, ["lab", "--export", str(out), "--force"]).exit_code == 0
    out.write_text("my notes", encoding="utf-8")
    assert CliRunner().invoke(root, ["lab", "--export", str(out), "--force"]).exit_code != 0
    assert out.read_text(encoding="utf-8") == "my notes"


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    answer = CliRunner().invoke(root, ["lab", "--export", str(tmp_path / "page.pdf")])
    assert answer.exit_code == 2
    assert "ends in .html" in answer.output
