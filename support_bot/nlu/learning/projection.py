"""A linear map over frozen encoders that draws the phrasings of one label together and the others apart."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Float32s = NDArray[np.float32]


def fit_projection(
    vectors: Float32s,
    targets: NDArray[np.int64],
    *,
    steps: int = 30,
    rate: float = 1e-3,
    temperature: float = 0.05,
    batch: int = 1024,
    seed: int = 0,
) -> Float32s:
    """The map (d, d), trained from the identity.

    Supervised contrastive loss (Khosla et al. 2020, eq. 2) over batches: for each phrasing the mean over the
    others of its label of -ln softmax(cosine / temperature); a label of one phrasing only pushes away.
    """
    generator = torch.Generator().manual_seed(seed)
    x = torch.from_numpy(np.ascontiguousarray(vectors))
    y = torch.from_numpy(targets)
    matrix = torch.eye(x.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([matrix], lr=rate)
    for _ in range(steps):
        chosen = torch.randperm(len(x), generator=generator)[:batch]
        optimizer.zero_grad()
        mapped = torch.nn.functional.normalize(x[chosen] @ matrix, dim=1)
        scores = mapped @ mapped.T / temperature
        scores = scores - 1e9 * torch.eye(len(chosen))
        same = (y[chosen][:, None] == y[chosen][None]).float() - torch.eye(len(chosen))
        positives = same.sum(dim=1)
        log_p = scores - scores.logsumexp(dim=1, keepdim=True)
        value = -(log_p * same).sum(dim=1)[positives > 0] / positives[positives > 0]
        if not len(value):
            break
        value.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return matrix.detach().numpy()
