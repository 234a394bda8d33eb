"""The committed form of carsim's own laws is what derivation prints today."""

from carsim.derive import generate
from carsim.derive.keys import key_of
from carsim.engines.kernels import generated_laws


def test_the_generated_laws_are_not_stale():
    assert generate.TARGET.read_text(encoding="utf-8") == generate.text(), "run python -m carsim.derive.generate"


def test_every_law_of_the_models_is_found_by_name_and_digest():
    for position, law in enumerate(generate.laws()):
        name, digest = key_of(law)
        assert generated_laws.INDEX[name] == (position, digest)


def test_no_two_laws_share_a_name():
    names = [key_of(law)[0] for law in generate.laws()]
    assert sorted(set(names)) == sorted(names)


def test_a_changed_law_has_another_digest():
    def ratio(amount, volume):
        return amount / volume

    def other(amount, volume):
        return amount / volume / 2.0

    from carsim.model.law import law

    assert key_of(law(ratio))[1] != key_of(law(other))[1]
