"""What a host can listen to. Both are sent after commit; a receiver that raises is logged and harms nothing.

``run_finished``: a run has ended. ``sender`` is ``ModelRun``; ``run`` tells by its ``status`` how it ended
(finished, failed or cancelled) and by its ``verdict`` what became of the model.

``model_activated``: another run answers for a role. ``sender`` is ``ActiveModel``; ``role`` is its name,
``run`` the run that serves now, ``previous_run`` the one before it or None.
"""

from django.dispatch import Signal

run_finished = Signal()
model_activated = Signal()
