"""Which rows are one order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.interactions import Interactions

from .base import NotEnoughDataError


def order_codes(data: Interactions, name: str) -> NDArray[np.int64]:
    """The order of each row as a code 0..n-1; without order numbers a user's rows of one moment are one.

    Raises NotEnoughDataError, on behalf of the algorithm ``name``, where neither orders nor times are known.
    """
    if data.order is not None:
        order = data.order
    elif data.time is not None:
        moments = np.unique(data.time, return_inverse=True)[1]
        order = data.user.astype(np.int64) * (int(moments.max()) + 1) + moments
    else:
        raise NotEnoughDataError(
            f"{name} needs to know which rows are one order, found neither orders nor times."
        )
    codes: NDArray[np.int64] = np.unique(order, return_inverse=True)[1].astype(np.int64)
    return codes
