"""The learner, loaded when it is needed: PyTorch enters a process with its first build, not before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from django.utils.module_loading import import_string

from ..conf import settings
from ..nlu import Example

if TYPE_CHECKING:
    from ..nlu.learning import Learned

LEARNER: Final = "support_bot.nlu.learning.learn"


def learn(
    examples: Sequence[Example],
    *,
    seed: int = 0,
    on_progress: Callable[[str, int, int], bool | None] | None = None,
) -> Learned:
    """An engine learned from ``examples`` with the encoders of the settings.

    Raises ``ValueError`` without any example, and ``ModuleNotFoundError`` where the extra ``train`` is not
    installed.
    """
    learned: Learned = import_string(LEARNER)(
        examples,
        encoders=settings.ENCODERS,
        options=settings.ENCODER_OPTIONS,
        seed=seed,
        on_progress=on_progress,
    )
    return learned
