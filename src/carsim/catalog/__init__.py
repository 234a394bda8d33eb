"""What the literature says: parameters, antigens, products, populations and their sources, each number with its reason.

The data are TOML files under `data`; `records` are the frozen forms, `load` reads and checks them once, `find` looks
them up by name. Adding a product or a population is one data file and no Python.
"""

from carsim.catalog.calibrated import Calibration, calibration
from carsim.catalog.facts import MARKS, MECHANISMS, Comparison, Fact, Places, facts, misplaced
from carsim.catalog.find import (
    Unknown,
    find_antigen,
    find_parameter,
    find_population,
    find_product,
    find_source,
    find_value,
)
from carsim.catalog.load import (
    CatalogError,
    antigens,
    as_stated,
    assays,
    history,
    parameters,
    populations,
    products,
    scales,
    sources,
)
from carsim.catalog.readings import STATISTICS, Condition, Reading, Side, Statistic
from carsim.catalog.records import (
    GRADES,
    Antigen,
    Arm,
    Assay,
    Correlation,
    Covariate,
    Density,
    Parameter,
    Population,
    Product,
    Scale,
    Source,
    Value,
)
from carsim.catalog.systems import System, systems

__all__ = [
    "GRADES",
    "MARKS",
    "MECHANISMS",
    "STATISTICS",
    "Antigen",
    "Arm",
    "Assay",
    "Calibration",
    "CatalogError",
    "Comparison",
    "Condition",
    "Correlation",
    "Covariate",
    "Density",
    "Fact",
    "Parameter",
    "Places",
    "Population",
    "Product",
    "Reading",
    "Scale",
    "Side",
    "Source",
    "Statistic",
    "System",
    "Unknown",
    "Value",
    "antigens",
    "as_stated",
    "assays",
    "calibration",
    "facts",
    "find_antigen",
    "find_parameter",
    "find_population",
    "find_product",
    "find_source",
    "find_value",
    "history",
    "misplaced",
    "parameters",
    "populations",
    "products",
    "scales",
    "sources",
    "systems",
]
