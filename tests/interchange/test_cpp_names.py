"""Names become C++ identifiers that mrgsolve takes, whatever the names are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from carsim.interchange.cpp_names import Names

NAMES = st.text(alphabet="abxyz019._- é%", min_size=1, max_size=6)


@given(st.lists(NAMES, max_size=30))
def test_each_name_has_an_identifier_of_its_own(names: list[str]) -> None:
    claimed = Names()
    found = [claimed.claim(name) for name in names]
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", name) for name in found)
    made = [form for name in found for form in (name, f"{name}_0", f"dxdt_{name}")]
    assert len(set(made)) == len(made)


def test_usual_names_stay_readable_and_taken_ones_get_a_number() -> None:
    names = Names()
    assert names.claim("cart.KTE-X19.effector.blood") == "cart_KTE_X19_effector_blood"
    assert names.claim("kill_half") == "kill_half"
    assert [names.claim(name) for name in ("a.b", "a-b", "a", "a.0")] == ["a_b", "a_b_2", "a", "a_0_2"]
    assert [names.claim(name) for name in ("double", "gamma", "ID", "CMT", "day")] == [
        "double_2",
        "gamma_2",
        "ID_2",
        "CMT_2",
        "day_2",
    ]
    assert names.claim("2nd") == "x_2nd"
