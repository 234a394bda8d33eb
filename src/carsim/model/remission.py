"""Limits of remission and relapse, one for treatment that waits for them and for the endpoints of the same names.

marrow          blasts among nucleated marrow cells           remission below 5 %, relapse from there on
blood           blasts among nucleated blood cells            1 %
CNS             blasts per uL of cerebrospinal fluid          1, and 5 (CNS-3) for a relapse
extramedullary  blasts outside marrow, blood and CNS          1e8, and 1e9 cells (1 mL) for a relapse: assumed
counts          recovered above 1,000 neutrophils and 100,000 platelets per uL
phenotype       a kind of clone names a relapse from a fifth of all blasts on
"""

from __future__ import annotations

from typing import Final

MARROW_LIMIT: Final = 0.05
BLOOD_LIMIT: Final = 0.01
CSF_LIMITS: Final = (1.0, 5.0)  # cells/uL: remission below, relapse from
ELSEWHERE_LIMITS: Final = (1e8, 1e9)  # cells: remission below, relapse from
NEUTROPHIL_LIMIT: Final = 1000.0  # cells/uL
PLATELET_LIMIT: Final = 1e5  # cells/uL
NAMING_SHARE: Final = 0.2
