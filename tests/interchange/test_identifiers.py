"""Names become identifiers of SBML that read back, whatever the names are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from carsim.interchange.identifiers import name_of, sid, sid_of

NAMES = st.text(alphabet="abcxyz019._- é%", min_size=1, max_size=12)


@given(NAMES)
def test_a_name_reads_back_from_its_identifier(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", sid(name))
    assert name_of(sid(name)) == name


@given(NAMES, NAMES)
def test_what_is_no_row_never_has_the_identifier_of_one(row: str, other: str) -> None:
    assert sid(row) != sid_of("reaction", other)


def test_usual_names_stay_readable() -> None:
    assert sid("cart.KTE-X19.effector.blood") == "cart__KTE_x2d_X19__effector__blood"
    assert sid("kill_half") == "kill_half"
    assert sid_of("reaction", "death.clone") == "_reaction_death__clone"
