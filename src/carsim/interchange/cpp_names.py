"""Names of a network's rows as C++ identifiers that mrgsolve takes: letters, digits and single `_`, none of them taken.

`cart.KTE-X19.effector.blood` is `cart_KTE_X19_effector_blood`. Where two names would become one, the later has a number
behind it. What mrgsolve makes of a name of ours (`X_0`, `dxdt_X`) and what the file does (`now_X`) is taken with it.
"""

from __future__ import annotations

import re
from itertools import count
from typing import Final

KEYWORDS: Final = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const const_cast
constexpr continue decltype default delete do double dynamic_cast else enum explicit export extern false float for
friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected
public register reinterpret_cast requires return short signed sizeof static static_assert static_cast struct switch
template this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t
while xor xor_eq
"""
LIBRARY: Final = """
abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh div erf erfc exp exp2 expm1 fabs fdim floor fma
fmax fmin fmod frexp gamma hypot ilogb index j0 j1 jn labs ldexp lgamma log log10 log1p log2 logb lrint lround main
modf nan nearbyint nextafter pow rand remainder remove rename rint round scalb signal significand sin sinh sqrt std
system tan tanh tgamma time trunc y0 y1 yn INFINITY M_PI NAN
"""
MRGSOLVE: Final = """
A A_0 ADDL ALAG AMT CFONSTOP CHECK_MODELED_INFUSIONS CMT DADT DONE DXDTZERO END_OF_INFUSION EPS ERR ETA EVID F
FINAL_IROW FINAL_ROW ID II INITSOLV NEWIND R RATE SETINIT SIGMA SOLVERTIME SS SS_ADVANCE T THETA TIME VARS addl amt
capture cmt databox dvec evid evt ii mrg mrgsolve now param pred_CL pred_KA pred_Q pred_V pred_V2 pred_V3 pred_VC
pred_VP rate report self simeps simeta ss table until
"""
OURS: Final = "Watch close_by day first happened longest past see watch"  # what the file states beside the rows


class Names:
    """Identifiers given out so far; each is given once."""

    def __init__(self) -> None:
        self.taken = set(" ".join((KEYWORDS, LIBRARY, MRGSOLVE, OURS)).split())

    def claim(self, name: str) -> str:
        """A free identifier for this name."""
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        plain = plain if plain[:1].isalpha() else f"x_{plain}".strip("_")
        for number in count(1):
            candidate = plain if number == 1 else f"{plain}_{number}"
            forms = {candidate, f"{candidate}_0", f"dxdt_{candidate}", f"now_{candidate}"}
            if forms.isdisjoint(self.taken):
                break
        self.taken |= forms
        return candidate
