"""Tables of claims: the published one, and a sentence for every mistake."""

from __future__ import annotations

from typing import Any

import pytest

from frontier_search.errors import SpecError
from frontier_search.search.claim import Claims
from tests.support.evidence import DENSE, KRONECKER


def test_the_published_table_has_the_twelve_claims() -> None:
    table = Claims.read("published")
    assert [claim.number for claim in table.claims] == list(range(1, 13))
    assert all(part.words() for claim in table.claims for part in claim.parts)


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ({"dataset": "iris"}, "needs `dataset: NAME` and one of better,"),
        ({"better": DENSE, "than": DENSE}, "needs `dataset: NAME`"),
        ({"dataset": "iris", "better": DENSE}, "(better) needs `than`"),
        ({"dataset": "iris", "owner": "dense", "within": 1}, "(owner): unknown key 'within'"),
        (
            {"dataset": 5, "owner": "dense"},
            "(owner): dataset = 5; a name or a list of names is needed.",
        ),
        (
            {"dataset": "iris", "owner": 5},
            "(owner): owner = 5; a family, a group or a list of them is needed.",
        ),
        ({"dataset": "iris", "owner": []}, "(owner): owner = []; a family"),
        (
            {"dataset": "iris", "owner": "dense", "to": "many"},
            "(owner): to = 'many'; a number is needed.",
        ),
        (
            {"dataset": "iris", "owner": "dense", "measure": "points"},
            "measure = 'points'; one of volume, members is needed.",
        ),
        (
            {"dataset": "iris", "better": "dense", "than": DENSE},
            "(better): better = 'dense'; a candidate's pattern such as",
        ),
        (
            {"dataset": "iris", "equal": DENSE, "to": "dense", "within": 0.1},
            "(equal): to = 'dense'; a candidate's pattern",
        ),
        (
            {"dataset": "iris", "equal": DENSE, "to": DENSE, "within": "lots"},
            "(equal): within = 'lots'; a number is needed.",
        ),
        (
            {"dataset": "iris", "reach": "x", "by": DENSE, "metric": "val_loss", "within": 1},
            "(reach): reach = 'x'; a number is needed.",
        ),
        (
            {"dataset": "iris", "reach": 1, "by": DENSE, "metric": "test_los", "within": 1},
            "metric = 'test_los'; one of train_loss,",
        ),
    ],
)
def test_mistakes_in_a_claim_are_sentences(part: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError) as error:
        Claims.from_spec({"claims": [{"claim": "a", "parts": [part]}]})
    assert problem in str(error.value)


@pytest.mark.parametrize("groups", [["dense"], {"small": "dense"}, {"small": [5]}])
def test_groups_are_lists_of_families_by_name(groups: Any) -> None:
    with pytest.raises(SpecError, match="a mapping from names to lists of families is needed"):
        Claims.from_spec(
            {
                "groups": groups,
                "claims": [{"claim": "a", "parts": [{"dataset": "iris", "owner": "small"}]}],
            }
        )


def test_a_claim_without_parts_is_refused_because_it_would_always_hold() -> None:
    with pytest.raises(SpecError, match="a list `parts` of one or more"):
        Claims.from_spec({"claims": [{"claim": "a", "parts": []}]})


def test_a_part_on_several_datasets_becomes_one_part_for_each_except_stronger() -> None:
    better = {"dataset": ["sine", "iris"], "better": KRONECKER, "than": DENSE}
    stronger = {"dataset": ["sine", "iris"], "stronger": "kronecker", "to": 100}
    (claim,) = Claims.from_spec({"claims": [{"claim": "a", "parts": [better, stronger]}]}).claims
    assert [part.datasets for part in claim.parts] == [("sine",), ("iris",), ("sine", "iris")]
    assert claim.parts[0].words() == "sine: kronecker (hidden 4) better than dense (hidden 4)"


def test_a_contest_may_be_restricted_to_rivals() -> None:
    part = {"dataset": "sine", "owner": "kronecker", "against": "small", "to": 100}
    spec = {"groups": {"small": ["dense", "linear"]}, "claims": [{"claim": "a", "parts": [part]}]}
    (found,) = Claims.from_spec(spec).claims[0].parts
    assert found.contestants == ("kronecker", "dense", "linear")
    assert found.words() == (
        "sine: kronecker models, of what they and small models own, own more than 50% of the "
        "hypervolume (to 100 parameters)"
    )
    del part["against"]
    assert Claims.from_spec(spec).claims[0].parts[0].contestants is None
