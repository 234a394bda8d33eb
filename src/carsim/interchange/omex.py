"""A COMBINE archive (OMEX) of one patient: the model as SBML, its simulation as SED-ML, the scenario, a manifest.

    manifest.xml      what each file is
    model.xml         SBML Level 3 Version 2
    simulation.sedml  the time course, its plots and its report; what a tool opens first
    scenario.yaml     the resolved scenario: `carsim run` reads it back

The archive holds no time of day, so that equal input gives equal bytes. Its comment says which run of carsim it is.

Specification: COMBINE archive, https://doi.org/10.1186/s12859-014-0369-z
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MANIFEST: Final = "http://identifiers.org/combine.specifications/omex-manifest"
ARCHIVE: Final = "http://identifiers.org/combine.specifications/omex"
FORMATS: Final[Mapping[str, str]] = {
    "model.xml": "http://identifiers.org/combine.specifications/sbml.level-3.version-2",
    "simulation.sedml": "http://identifiers.org/combine.specifications/sed-ml.level-1.version-3",
    "scenario.yaml": "http://purl.org/NET/mediatypes/text/x-yaml",
}
MASTER: Final = "simulation.sedml"
EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # that a ZIP can say


def archive(files: Mapping[str, str], mark: str) -> bytes:
    """The archive of these texts by file name, each of a name in FORMATS."""
    content = BytesIO()
    with ZipFile(content, "w") as file:
        file.comment = mark.encode("ascii")
        for name, text in {"manifest.xml": _manifest(files), **files}.items():
            entry = ZipInfo(name, EARLIEST)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            file.writestr(entry, text)
    return content.getvalue()


def _manifest(files: Mapping[str, str]) -> str:
    root = Element("omexManifest", xmlns=MANIFEST)
    SubElement(root, "content", location=".", format=ARCHIVE)
    SubElement(root, "content", location="./manifest.xml", format=MANIFEST)
    for name in files:
        master = {"master": "true"} if name == MASTER else {}
        SubElement(root, "content", {"location": f"./{name}", "format": FORMATS[name], **master})
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
