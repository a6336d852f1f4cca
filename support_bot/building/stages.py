"""The stages of a build: read, learn, compare, store, activate."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import router, transaction
from django.utils.translation import gettext as _

from recommendations import storage

from .. import answers
from ..conf import settings
from ..models import ActiveKnowledge, Entry, KnowledgeBuild, Phrasing
from ..nlu import Example
from . import gate
from .gate import Judgement
from .learning import learn
from .pulse import Cancelled, Lost, Pulse, persist

if TYPE_CHECKING:
    from ..nlu.learning import Learned

logger = logging.getLogger(__name__)


class Rejected(Exception):
    """There is nothing to build from; the text says what is missing."""


def build(row: KnowledgeBuild, pulse: Pulse) -> None:
    """Take a claimed build through all stages. Raises ``Rejected``, ``Cancelled`` or what went wrong."""
    pulse.enter("read")
    examples = read(pulse)
    pulse.enter("learn")
    learned = learn(examples, seed=row.seed, on_progress=pulse.report)
    pulse.note(
        encoders={language: one["encoders"] for language, one in learned.report.items()},
        metrics=_jsonable(learned.report),
        outcomes=learned.outcomes,
        thresholds=_jsonable(learned.engine.thresholds),
        device=_device(),
    )
    pulse.enter("compare")
    judgement = compare(examples, learned)
    pulse.note(verdict_reason=judgement.text)
    pulse.enter("store")
    name, checksum = _store(row, learned, judgement)
    try:
        _end(row, pulse, judgement, artifact=name, checksum=checksum)
    except BaseException:
        storage.delete(name, alias=settings.STORAGE)
        raise
    tidy(row)


def read(pulse: Pulse) -> Sequence[Example]:
    """What there is to learn from; its summary goes into the row."""
    examples = answers.examples()
    entries = Counter(Entry.objects.filter(is_published=True).order_by().values_list("language", flat=True))
    if not entries:
        raise Rejected(
            _("The FAQ has no published entry to learn from: add one in the admin or run support_bot_import.")
        )
    others = Phrasing.objects.filter(entry__is_published=True).order_by()
    phrasings = entries + Counter(others.values_list("entry__language", flat=True))  # a question is one, too
    text = "\n".join(sorted(f"{one.language}\t{one.label}\t{one.text}" for one in examples))
    pulse.note(
        data={
            "entries": entries.total(),
            "phrasings": phrasings.total(),
            "built_in": max(len(examples) - phrasings.total(), 0),  # examples of skills and small talk
            "languages": dict(sorted(phrasings.items())),
            "fingerprint": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        }
    )
    return examples


def compare(examples: Sequence[Example], learned: Learned) -> Judgement:
    """The gate's judgement of what was learned, against the build that answers now."""
    labels: dict[str, list[str]] = {}
    for example in examples:
        labels.setdefault(example.language, []).append(example.label)
    active = ActiveKnowledge.objects.current()
    rival = active.build if active else None
    return gate.judge(
        accuracy=gate.accuracy(learned.report),
        trivial=gate.baseline(labels),
        difference=gate.paired(learned.outcomes, rival.outcomes) if rival else None,
        active=rival.pk if rival else None,
        tolerance=settings.GATE_TOLERANCE,
    )


def _store(row: KnowledgeBuild, learned: Learned, judgement: Judgement) -> tuple[str, str]:
    """Publish the artifact; its name in the storage and its checksum."""
    about = {"build": row.pk, "seed": row.seed, "verdict": judgement.text}
    with tempfile.TemporaryDirectory(prefix="concierge-") as place:
        folder = learned.save(Path(place, f"knowledge-{row.pk}"), manifest_extra=about)
        checksum = json.loads((folder / storage.MANIFEST).read_text("utf-8"))["sha256"]
        return storage.publish(folder, alias=settings.STORAGE), checksum


def _end(row: KnowledgeBuild, pulse: Pulse, judgement: Judgement, *, artifact: str, checksum: str) -> None:
    """End the build and let it answer, in one transaction: either both or neither."""
    pulse.enter("activate")
    verdict = KnowledgeBuild.Verdict.KEPT_BACK
    if judgement.passed:
        wanted = row.activate_when_done
        verdict = KnowledgeBuild.Verdict.ACTIVATED if wanted else KnowledgeBuild.Verdict.NOT_ACTIVATED
    fields = pulse.unwritten() | {"verdict": verdict, "artifact": artifact, "checksum": checksum}

    def write() -> None:
        with transaction.atomic(using=router.db_for_write(KnowledgeBuild)):
            _finish(row, fields)
            if verdict == KnowledgeBuild.Verdict.ACTIVATED:
                row.activate(user=row.started_by, via=row.via)

    persist(write)


def _finish(row: KnowledgeBuild, fields: Mapping[str, Any]) -> None:
    if row.end(KnowledgeBuild.Status.FINISHED, **fields):
        return
    found = KnowledgeBuild.objects.filter(pk=row.pk).values_list("status", "artifact").first()
    if found == (KnowledgeBuild.Status.FINISHED, fields["artifact"]):
        row.refresh_from_db()  # an earlier try got through: only the database's answer to it was lost
        return
    # Asked to stop, or taken away, at the last moment.
    raise Cancelled if found and found[0] == KnowledgeBuild.Status.RUNNING else Lost


def tidy(row: KnowledgeBuild) -> None:
    """Remove what is old; that this fails must not make a finished build look failed."""
    try:
        KnowledgeBuild.objects.prune()
        storage.forget_copies(ActiveKnowledge.objects.checksums(), alias=settings.STORAGE)
    except Exception:
        logger.exception("Build %s has ended, but older builds could not be removed", row.pk)


def _device() -> str:
    """Where the classifier was trained: the graphics card's name, or "cpu"."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))[:60]
    return "cpu"


def _jsonable(value: Any) -> Any:
    """Plain JSON: numpy's numbers become Python's, what is not finite null (PostgreSQL takes no NaN)."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
