"""low_rank: a dense network whose hidden layers have weights of rank r.

    h_l = max(0, U_l V_l h_{l-1} + b_l)     y = W_out h_2 + b_out

Source: Denil et al., "Predicting Parameters in Deep Learning" (NIPS 2013); Sainath et al. (ICASSP
2013).
Parameters: r (d + h) + h + 2 h r + h + h o + o.
"""

from pathlib import Path

from frontier_search.models.architectures.low_rank import LowRank
from frontier_search.models.family import Family

FAMILY = Family(
    name="low_rank",
    summary="control: two ReLU hidden layers of low rank",
    source="Denil et al. 2013; Sainath et al. 2013",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda hyperparameters: LowRank(
        int(hyperparameters["hidden"]), int(hyperparameters["inner"])
    ),
)
