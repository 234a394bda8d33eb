"""Filtration from creatinine in serum, by the formula of the age.

    below 18 years   0.413 x height [cm] / creatinine [mg/dL]                                  (bedside Schwartz)
    from 18 years    142 x min(c, 1)^a x max(c, 1)^-1.2 x 0.9938^age [x 1.012 in women]        (CKD-EPI 2021)
                     c = creatinine / k;  women k 0.7 mg/dL, a -0.241;  men k 0.9 mg/dL, a -0.302

Both in mL/min/1.73m2, for creatinine by an assay traceable to isotope dilution. Sources: Schwartz et al. 2009, J Am Soc
Nephrol 20:629-637; Inker et al. 2021, N Engl J Med 385:1737-1749. The children of the first were 1 to 16 years old; a
cap by age (`draw.capped_filtration`) holds for younger ones.
"""

from __future__ import annotations

from typing import Final

ADULT: Final = 18.0  # years
SCHWARTZ: Final = 0.413  # mL/min/1.73m2 x mg/dL / cm
CKD_EPI: Final = 142.0  # mL/min/1.73m2
ABOVE_KNEE: Final = -1.2
PER_YEAR: Final = 0.9938
OF_WOMEN: Final = 1.012
KNEES: Final = {"female": (0.7, -0.241), "male": (0.9, -0.302)}  # mg/dL, and the power below it


def needed(age: float) -> str:
    """What the formula of an age (years) needs beside creatinine: `height` or `sex`."""
    return "height" if age < ADULT else "sex"


def filtration(age: float, creatinine: float, *, height: float | None = None, sex: str | None = None) -> float:
    """Estimated glomerular filtration rate, mL/min/1.73m2; age in years, creatinine in mg/dL, height in cm.

    Raises ValueError without what `needed` names.
    """
    if age < ADULT and height is not None:
        return SCHWARTZ * height / creatinine
    if age >= ADULT and sex is not None:
        knee, power = KNEES[sex]
        share = creatinine / knee
        whole: float = CKD_EPI * min(share, 1.0) ** power * max(share, 1.0) ** ABOVE_KNEE * PER_YEAR**age
        return whole * (OF_WOMEN if sex == "female" else 1.0)
    raise ValueError(f"got no {needed(age)} for an age of {age:g} years")
