"""What a host can listen to; sent after commit, and a receiver that raises is logged and harms nothing.

``handed_over``: a customer waits for a person. ``sender`` is ``HandOver``; ``hand_over`` is the row.

``build_finished``: a knowledge build has ended. ``sender`` is ``KnowledgeBuild``; ``build`` tells by its
``status`` how, and by its ``verdict`` what became of it.

``knowledge_activated``: another build answers from now on. ``sender`` is ``ActiveKnowledge``; ``build`` and
``previous_build`` (or None).
"""

from django.dispatch import Signal

handed_over = Signal()
build_finished = Signal()
knowledge_activated = Signal()
