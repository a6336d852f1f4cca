"""EASE: shallow linear autoencoder (Steck 2019: Embarrassingly shallow autoencoders for sparse data)."""

from __future__ import annotations

from .ridge import Ridge


class EASE(Ridge):
    """B = argmin |X - XB|^2 + l2 |B|^2 with diag(B) = 0: no item may explain itself.

    Steck's eq. 8, B_ij = -P_ij / P_jj with P = (X'X + l2 I)^-1, is ridge's R = I - l2 P without its diagonal
    and with column j divided by 1 - R_jj = l2 P_jj. So one solve serves both, in the users' dimension too.
    """

    diagonal = False
