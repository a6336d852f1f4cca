from __future__ import annotations

import subprocess
import sys

import pytest

from recommendations.algorithms import InvalidParameters, UnknownAlgorithm, catalogue, create
from recommendations.algorithms.catalogue import (
    ALGORITHMS,
    ROLES,
    AlgorithmInfo,
    Parameter,
    info,
    register,
    validate,
)

OWN = AlgorithmInfo(
    "newest_first",
    "Newest first",
    "",
    f"{__name__}.Nothing",
    ("trending",),
    "orders",
    frozenset({"recommend"}),
    (Parameter("days", "int", 7, "", low=1, high=99),),
)
ODD_ROLE = AlgorithmInfo("odd", "", "", "", ("kitchen",), "orders", frozenset(), ())


class Nothing:
    def __init__(self, name, parameters):
        self.name, self.parameters = name, parameters


@pytest.fixture
def registry():
    yield
    register({})


def test_defaults_are_valid_and_within_their_ranges():
    for name, algorithm in ALGORITHMS.items():
        assert validate(name, algorithm.defaults) == validate(name, {}) == algorithm.defaults
        for parameter in algorithm.parameters:
            assert parameter.help and parameter.allowed
            for value in parameter.search:
                parameter.convert(value)


def test_every_role_has_an_algorithm_and_its_baseline_is_one():
    for role in ROLES.values():
        assert role.baseline in ALGORITHMS
        assert any(role.name == algorithm.roles[0] for algorithm in ALGORITHMS.values())


@pytest.mark.parametrize(
    ("raw", "value"),
    [({"factors": "32"}, 32), ({"factors": 32.0}, 32), ({"alpha": "2.5"}, 2.5), ({"half_life": "30"}, 30.0)]
    + [({"regularization": auto}, None) for auto in ("auto", "", " None ", None)],
)
def test_text_of_a_form_or_a_command_becomes_a_typed_value(raw, value):
    (name,) = raw

    found = validate("als", raw)[name]

    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"factors": 0}, "got 0, allowed is a whole number from 1 to 1024"),
        ({"factors": "2.5"}, "got '2.5', allowed is a whole number"),
        ({"factors": True}, "got True"),
        ({"factors": None}, "a value is needed, a whole number from 1 to 1024"),
        ({"factors": [3]}, "allowed is a whole number"),
        ({"alpha": "nan"}, "got 'nan', allowed is a number from 0"),
        ({"alpha": "1e400"}, "allowed is a number"),
        ({"regularization": "-1"}, "or auto"),
        ({"weight": "Binary"}, "allowed is one of binary, count, log1p, sqrt"),
        ({"factor": 3}, "is not a parameter of als. Did you mean factors?"),
    ],
)
def test_a_bad_parameter_says_what_was_got_and_what_is_allowed(raw, message):
    with pytest.raises(InvalidParameters) as caught:
        validate("als", raw)

    assert list(caught.value.errors) == list(raw)
    assert message in caught.value.errors[next(iter(raw))]


def test_all_bad_parameters_are_told_at_once():
    with pytest.raises(InvalidParameters) as caught:
        create("als", factors=0, nonsense=1, alpha="x")

    assert set(caught.value.errors) == {"factors", "nonsense", "alpha"}


def test_a_misspelt_algorithm_lists_the_valid_ones_closest_first():
    with pytest.raises(UnknownAlgorithm, match=r"no algorithm 'popularty'\. Valid are: popularity, "):
        create("popularty")


def test_booleans_are_read_from_text():
    parameter = Parameter("flag", "bool", False, "")

    assert [parameter.convert(raw) for raw in ("on", "False", True, 0)] == [True, False, True, False]
    with pytest.raises(ValueError, match="allowed is true or false"):
        parameter.convert("perhaps")


def test_a_hosts_own_algorithm_is_one_entry(registry):
    register({"newest_first": f"{__name__}.OWN"})

    assert create("newest_first", days="3").parameters == {"days": 3}
    assert info("newest_first") is OWN
    register({})
    with pytest.raises(UnknownAlgorithm):
        info("newest_first")


@pytest.mark.parametrize(
    ("extra", "error", "message"),
    [
        ({"als": f"{__name__}.OWN"}, ValueError, "'als' is taken by a built-in one"),
        ({"newest_first": "nowhere.AT_ALL"}, ImportError, "'newest_first': cannot import 'nowhere.AT_ALL'"),
        ({"newest_first": "nowhere"}, ImportError, "cannot import 'nowhere'"),
        ({"other": f"{__name__}.OWN"}, ValueError, "whose name is 'other'"),
        ({"odd": f"{__name__}.ODD_ROLE"}, ValueError, "allowed are personal"),
    ],
)
def test_a_wrong_entry_is_named(extra, error, message, registry):
    before = dict(ALGORITHMS)

    with pytest.raises(error, match=message):
        register(extra)

    assert before == catalogue.ALGORITHMS


def test_the_catalogue_loads_neither_torch_nor_numpy_nor_django():
    code = (
        "import sys, recommendations.algorithms.catalogue;"
        "print([name for name in ('torch', 'numpy', 'scipy', 'django') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
