"""How to simulate an exported model, as SED-ML Level 1 Version 3: one time course, its tolerances, plots and a report.

The report has every row of the network that a result of carsim shows. Plots are some of them; a curve is left out where
the model does not have it, a plot where it has no curve. SED-ML 1.3 rather than 1.4: COPASI, Tellurium and older tools
read it, and nothing of 1.4 is needed.

Specification: SED-ML Level 1 Version 3, https://sed-ml.org/specifications.html; algorithms: KiSAO.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from carsim.dataset.assemble import claimed, rows_of
from carsim.interchange.identifiers import sid
from carsim.interchange.mathml import ci, math
from carsim.interchange.sbml import CORE, DAY
from carsim.model.network import Network

SEDML: Final = "http://sed-ml.org/sed-ml/level1/version3"
SBML_LANGUAGE: Final = "urn:sedml:language:sbml.level-3.version-2"
TIME: Final = "urn:sedml:symbol:time"
LSODA, RELATIVE, ABSOLUTE, MOST_STEPS = "KISAO:0000560", "KISAO:0000209", "KISAO:0000211", "KISAO:0000415"
TOLERANCES: Final = ((RELATIVE, "1e-12"), (ABSOLUTE, "1e-13"))  # at 1e-12 COPASI is off by 1.3e-6 where a drug fades
STEPS: Final = 10_000_000  # between two outputs; a tool's own limit, such as 10,000, is met at this tolerance
PARTS: Final = (1, 2, 4, 8, 24)  # of the time between outputs that are tried for a whole number of them

# plot -> its title, its courses (of the output contract), whether its axis is logarithmic
PLOTS: Final[Mapping[str, tuple[str, tuple[str, ...], bool]]] = {
    "cart": ("CAR T cells in blood", ("cart_cells", "cart_copies"), True),
    "leukaemia": ("Leukaemic cells of each clone", ("blasts",), True),
    "fluid": ("Cerebrospinal fluid", ("csf_blasts", "csf_cart"), True),
    "counts": ("Blood counts", ("bcells", "host_t_cells", "neutrophils", "platelets"), True),
    "cytokines": ("Cytokines in serum", ("il6", "ifn", "il10"), True),
    "grades": ("Grades of toxicity", ("crs_grade", "icans_grade"), False),
}


@dataclass(frozen=True)
class Course:
    """A time course from time 0 for `length` (d) in `steps` equal steps."""

    length: float
    steps: int

    @classmethod
    def of(cls, length: float, every: float) -> Course:
        """The fewest steps, of `every` (d) or a simple part of it, that end with the last day; else even ones."""
        for parts in PARTS:
            steps = length / every * parts
            if abs(steps - round(steps)) < 1e-9:
                return cls(length, round(steps))
        return cls(length, ceil(length / every))


def document(network: Network, course: Course, source: str, title: str) -> str:
    """The text of the simulation of the SBML file `source`."""
    root = Element("sedML", {"xmlns": SEDML, "xmlns:sbml": CORE, "level": "1", "version": "3"})
    notes = SubElement(root, "notes")
    SubElement(notes, "p", xmlns="http://www.w3.org/1999/xhtml").text = title
    _simulation(SubElement(root, "listOfSimulations"), course)
    models = SubElement(root, "listOfModels")
    SubElement(models, "model", id="model", name=title, language=SBML_LANGUAGE, source=source)
    tasks = SubElement(root, "listOfTasks")
    SubElement(tasks, "task", id="task", modelReference="model", simulationReference="course")
    rows = claimed(network.rows)
    generators = SubElement(root, "listOfDataGenerators")
    _generator(generators, "time", "time since the start (d)", symbol=TIME)
    _generator(generators, DAY, "day", target=_parameter(DAY))
    species = {row.name for row in network.all_species}
    for row in rows:
        unit = network.unit_of(network.rows[row])
        target = _species(sid(row)) if row in species else _parameter(sid(row))
        _generator(generators, sid(row), row if unit == "1" else f"{row} ({unit})", target=target)
    outputs = SubElement(root, "listOfOutputs")
    for name, (heading, courses, logarithmic) in PLOTS.items():
        _plot(outputs, name, heading, [row for item in courses for row in rows_of(item, rows)], logarithmic)
    _report(outputs, rows)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _simulation(parent: Element, course: Course) -> None:
    times = {"initialTime": "0", "outputStartTime": "0", "outputEndTime": repr(course.length)}
    made = SubElement(parent, "uniformTimeCourse", {"id": "course", **times, "numberOfPoints": str(course.steps)})
    settings = SubElement(SubElement(made, "algorithm", kisaoID=LSODA), "listOfAlgorithmParameters")
    for name, value in (*TOLERANCES, (MOST_STEPS, str(STEPS))):
        SubElement(settings, "algorithmParameter", kisaoID=name, value=value)


def _species(identifier: str) -> str:
    return f"/sbml:sbml/sbml:model/sbml:listOfSpecies/sbml:species[@id='{identifier}']"


def _parameter(identifier: str) -> str:
    return f"/sbml:sbml/sbml:model/sbml:listOfParameters/sbml:parameter[@id='{identifier}']"


def _generator(parent: Element, identifier: str, name: str, **what: str) -> None:
    """What is read of the course, as it is; `what` is a symbol or the target in the file."""
    made = SubElement(parent, "dataGenerator", id=f"_data_{identifier}", name=name)
    variable = f"_read_{identifier}"
    variables = SubElement(made, "listOfVariables")
    SubElement(variables, "variable", {"id": variable, "name": name, "taskReference": "task", **what})
    made.append(math(ci(variable)))


def _plot(parent: Element, name: str, title: str, rows: Sequence[str], logarithmic: bool) -> None:
    if not rows:
        return
    plot = SubElement(parent, "plot2D", id=f"plot_{name}", name=title)
    curves = SubElement(plot, "listOfCurves")
    for row in rows:
        given = {"id": f"curve_{name}_{sid(row)}", "name": row, "logX": "false", "logY": str(logarithmic).lower()}
        given |= {"xDataReference": f"_data_{DAY}", "yDataReference": f"_data_{sid(row)}"}
        SubElement(curves, "curve", given)


def _report(parent: Element, rows: Sequence[str]) -> None:
    report = SubElement(parent, "report", id="courses", name="courses of a result of carsim")
    sets = SubElement(report, "listOfDataSets")
    for identifier, label in (("time", "time"), (DAY, "day"), *((sid(row), row) for row in rows)):
        given = {"id": f"_set_{identifier}", "label": label, "dataReference": f"_data_{identifier}"}
        SubElement(sets, "dataSet", given)
