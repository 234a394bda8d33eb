"""The page in Debian's Chromium, from a file and without a network: what a class sees, does and shares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from .chromium import Visit, chromium

PRESETS = (
    "eliana_child",
    "zuma3_adult",
    "durable_remission",
    "cd19_positive_relapse",
    "cd19_negative_escape",
    "weak_arm",
    "sequential",
    "poor_lymphodepletion",
    "transplant",
)
ESCAPE = "preset=cd19_negative_escape&predict=0"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


def test_the_page_works_from_a_file_without_a_network(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, "preset=cd19_negative_escape") as visit:
        page = visit.page
        assert page.locator("#prediction").is_visible()
        assert not page.locator("#headline").is_visible()
        page.click("[data-word=predict_negative]")
        visit.twins()
        assert re.search(
            r"twins relapse CD19-negative, at a median of day \d+: one cell in ten million",
            page.inner_text("#headline"),
        )
        assert "in" in page.inner_text("#judged")
        assert page.locator("footer").inner_text().startswith("Research and teaching only")
        assert [url for url in visit.requests if not url.startswith(("file:", "blob:"))] == []
        assert visit.complaints == []


@pytest.mark.full
@pytest.mark.parametrize("preset", PRESETS)
def test_every_case_has_a_verdict(browser: Browser, folder: Path, preset: str) -> None:
    with Visit(browser, folder, f"preset={preset}&predict=0") as visit:
        visit.twins()
        assert re.match(r"\d+ of 100 twins ", visit.page.inner_text("#headline"))
        assert "the typical patient" in visit.page.inner_text("#shown")
        assert visit.complaints == []


SLIDERS = {
    "negative_fraction": "leukaemia_cells.CD19-negative",
    "marrow_blasts": "leukaemia_cells.CD19-positive",
    "dose": "car_t_cells",
    "fludarabine": "fludarabine_mg_per_L",
}


@pytest.mark.full
@pytest.mark.parametrize("name", SLIDERS)
def test_a_slider_changes_its_course_and_the_link(browser: Browser, folder: Path, name: str) -> None:
    with Visit(browser, folder, ESCAPE) as visit:
        before = visit.courses()
        visit.page.focus(f"#set-{name}")
        for _ in range(3):
            visit.page.keyboard.press("PageDown")  # the keyboard moves it as a drag does
        visit.until(f"location.hash.includes('{name}=')")
        assert _column(visit.courses(), SLIDERS[name]) != _column(before, SLIDERS[name])
        assert visit.complaints == []


def _column(table: str, name: str) -> list[str]:
    lines = [line.split(",") for line in table.splitlines() if not line.startswith("#")]
    return [line[lines[0].index(name)] for line in lines[1:]]


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "choice", "course"),
    [
        ("costimulation", "CD28", "car_t_cells"),
        ("cd22_arm", "bispecific", "leukaemia_cells.CD19-negative"),
        ("second", "cd22", "car_t_cells"),
        ("transplant", "yes", "leukaemia_cells.CD19-negative"),
    ],
)
def test_a_choice_changes_its_course(browser: Browser, folder: Path, name: str, choice: str, course: str) -> None:
    with Visit(browser, folder, ESCAPE) as visit:
        before = visit.courses()
        visit.page.check(f"input[name=set-{name}][value='{choice}']", force=True)
        visit.until(f"location.hash.includes('{name}={choice}')")
        assert _column(visit.courses(), course) != _column(before, course)
        assert visit.page.locator(f"#set-{name}_day").count() in (0, 1)
        assert name not in ("second", "transplant") or visit.page.locator(f"#set-{name}_day").is_visible()
        assert visit.complaints == []


@pytest.mark.parametrize(
    ("fragment", "sentence"),
    [
        ("preset=cd19_negative_escape&dose=5e9", "Dose of CAR T cells is 5 × 10⁹; the most is"),
        ("preset=cd19_negative_escape&dose=much", "Dose of CAR T cells is “much”, which is no number."),
        ("preset=nobody", "There is no case “nobody”."),
        ("preset=eliana_child&costimulation=OX40", "it can be 4-1BB, CD28."),
        ("preset=eliana_child&colour=red", "This page has no setting “colour”."),
        ("%E0%A4%A", "The link cannot be read."),
        ("preset=eliana_child&twin=-3", "which is no number"),
        ("preset=eliana_child&dose=<img src=x onerror=alert(1)>", "which is no number"),
    ],
)
@pytest.mark.full
def test_a_bad_link_is_refused_with_a_sentence(browser: Browser, folder: Path, fragment: str, sentence: str) -> None:
    with Visit(browser, folder, fragment) as visit:
        assert sentence in visit.page.inner_text("#refusal").replace("\u202f", " ")
        assert visit.page.locator("#prediction").is_visible()  # and the page is there
        assert visit.page.locator("#refusal img").count() == 0
        assert visit.complaints == []


@pytest.mark.full
def test_a_link_brings_back_what_was_shown(browser: Browser, folder: Path) -> None:
    link = "preset=weak_arm&predict=0&negative_fraction=0.00001&fludarabine=9&twin=7&lang=de"
    with Visit(browser, folder, link) as visit:
        assert visit.page.input_value("#preset") == "weak_arm"
        assert "Zwilling 8" in visit.page.inner_text("#shown")
        visit.until("location.hash.includes('twin=7')")
        again = visit.page.evaluate("location.hash")
        assert {"negative_fraction=0.00001", "fludarabine=9", "lang=de"} <= set(again.lstrip("#").split("&"))


VIEWS = ("one", "cohort", "class", "learn")


@pytest.mark.full
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(browser: Browser, folder: Path, view: str, scheme: str) -> None:
    with Visit(browser, folder, f"{ESCAPE}&view={view}", color_scheme=scheme, bypass_csp=True) as visit:
        if view == "one":
            visit.twins()
            visit.page.click("#pin")
        found = Axe().run(visit.page).response["violations"]
        assert [(item["id"], [node["html"] for node in item["nodes"]]) for item in found] == []


@pytest.mark.full
@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_of_390_pixels_needs_no_sideways_scrolling(browser: Browser, folder: Path, view: str) -> None:
    small = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "has_touch": True}
    for language in ("en", "de"):
        with Visit(browser, folder, f"{ESCAPE}&view={view}&lang={language}", **small) as visit:
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
            parts = "[...document.querySelectorAll('main *, .rail *')]"
            assert visit.page.evaluate(f"{parts}.filter(e => e.getBoundingClientRect().right > 391).length") == 0


@pytest.mark.full
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_patient_prints_on_two_sheets(browser: Browser, folder: Path, language: str) -> None:
    with Visit(browser, folder, f"{ESCAPE}&lang={language}") as visit:
        visit.twins()
        sheets = re.findall(rb"/Type\s*/Page\b", visit.page.pdf(format="A4"))
        assert len(sheets) == 2
        visit.page.set_viewport_size({"width": 688, "height": 1017})  # A4 less its margins
        visit.page.emulate_media(media="print")
        chart = visit.page.locator("#panel-leukaemia").bounding_box()
        assert chart is not None
        assert chart["x"] >= 0
        assert chart["x"] + chart["width"] <= 688


@pytest.mark.full
def test_everything_can_be_done_with_the_keyboard(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, "preset=cd19_negative_escape") as visit:
        page = visit.page
        reached = _tab_through(page)
        assert {
            "preset",
            "set-negative_fraction",
            "set-costimulation",
            "lens",
            "day",
            "marrow",
            "pin",
            "link",
            "csv",
            "png",
        } <= reached
        page.focus("[data-word=predict_remission]")
        page.keyboard.press("Enter")
        visit.twins()
        page.focus("#twins button")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        visit.until("/^Shown: twin/.test(document.getElementById('shown').textContent)")
        page.focus("#lens")
        page.keyboard.press("End")
        assert page.inner_text("#lens-out") == "one disc = one cell"
        before = page.inner_text("#marrow-words")
        page.focus("#marrow")
        for _ in range(12):
            page.keyboard.press("ArrowRight")
        assert page.inner_text("#marrow-words") != before
        page.focus("#figure-mode")
        page.keyboard.press("Enter")
        assert not page.locator(".rail").is_visible()
        page.keyboard.press("Escape")
        assert page.locator(".rail").is_visible()
        assert visit.complaints == []


def _tab_through(page: Page) -> set[str]:
    """Ids, or names of radio buttons, that the tabulator key comes by."""
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.name || ''"))
    return reached


@pytest.mark.full
def test_a_pinned_curve_is_compared_with_the_present_one(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, ESCAPE) as visit:
        visit.page.click("#pin")
        visit.page.check("input[name=set-costimulation][value=CD28]", force=True)
        visit.until("document.querySelector('#comparison p')?.textContent.includes('4-1BB → CD28')")
        assert visit.page.locator("#comparison tbody tr").count() == 5
        visit.page.click("#unpin")
        visit.until("!document.querySelector('#comparison table')")


@pytest.mark.full
def test_what_is_saved_says_what_it_is(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, ESCAPE) as visit:
        table = visit.courses()
        assert "not for the treatment of any patient" in table.splitlines()[0]
        assert table.splitlines()[2].startswith("time_days,car_t_cells,")
        with visit.page.expect_download() as download:
            visit.page.click("#png")
        assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


@pytest.mark.full
def test_a_cohort_is_treated(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, f"{ESCAPE}&view=cohort") as visit:
        visit.page.select_option("#cohort-size", "100")
        visit.page.click("#cohort-run")
        visit.page.wait_for_selector("#cohort-table tbody tr")
        counts = visit.page.locator("#cohort-table tbody td:nth-child(2)").all_inner_texts()
        assert sum(map(int, counts)) == 100
        assert "alive without relapse" in visit.page.inner_text("#cohort-headline")
        assert visit.page.locator("#km").is_visible()


@pytest.mark.full
def test_a_class_shares_one_cohort_and_pools_it(browser: Browser, folder: Path) -> None:
    with Visit(browser, folder, f"{ESCAPE}&view=class&negative_fraction=1e-8") as visit:
        page = visit.page
        page.fill("#students", "20")
        page.fill("#portion", "5")
        page.click("#make-code")
        code = page.inner_text("#class-code")
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z-]{10,30}", code)
        results = [_result(visit, code, number) for number in (1, 2)]
        assert results[0] != results[1]
    with Visit(browser, folder, "predict=0&view=class") as other:  # another student's laptop, without the settings
        page = other.page
        assert _result(other, code.lower().replace("-", " "), 2) == results[1]
        page.fill("#results", "\n".join([*results, results[0], results[1][:-1] + "0", "hello"]))
        assert page.inner_text("#pool-headline").startswith("2 students, 10 patients:")
        assert page.locator("#pool-problems li").count() == 3
        assert "student 1 is here already" in page.inner_text("#pool-problems")
        page.fill("#code", code[:-1] + ("0" if code[-1] != "0" else "1"))
        page.click("#do-share")
        assert "no class code of this page" in page.inner_text("#share-words")


def _result(visit: Visit, code: str, number: int) -> str:
    page = visit.page
    page.evaluate("document.getElementById('result-code').textContent = ''")
    page.fill("#code", code)
    page.fill("#number", str(number))
    page.click("#do-share")
    visit.until("document.getElementById('result-code').textContent")
    return page.inner_text("#result-code")
