"""The stages of a run: extract, clean, split, fit, score, compare, refit, store, activate."""

from __future__ import annotations

import json
import logging
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.db import router, transaction
from django.utils.translation import gettext as _

from .. import storage
from ..algorithms import catalogue, create
from ..algorithms.base import Cancelled
from ..artifacts import Model
from ..conf import settings
from ..models import ActiveModel, ModelRun
from .bench import Bench, NoTest
from .gate import Judgement, Rival, judge
from .pulse import Lost, Pulse, persist
from .scores import Score
from .source import Rows, Source

logger = logging.getLogger(__name__)

FEWEST: Final = 2  # users and items: with one there is nothing to compare


class Rejected(Exception):
    """The run cannot be done with the shop's data as it is; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the score and compare stages are about, and what came of it."""

    parameters: Mapping[str, Any]
    score: Score | None
    judgement: Judgement


def train(run: ModelRun, pulse: Pulse, source: Source) -> None:
    """Take a claimed run through all stages. Raises ``Rejected``, ``Cancelled`` or what went wrong."""
    info = _info(run)
    role = catalogue.ROLES[run.role]
    rows = _extract(info, pulse, source)
    pulse.enter("split")
    bench = Bench(role, rows, pulse, seed=run.seed)
    pulse.note(split=_jsonable(bench.describe()))
    pulse.say(bench.summary)
    candidate = _candidate(run, bench, pulse)
    pulse.note(verdict_text=candidate.judgement.text)
    pulse.say(candidate.judgement.text)
    if not candidate.judgement.passed:
        fields = pulse.unwritten() | {"verdict": ModelRun.Verdict.KEPT_BACK}
        persist(lambda: _finish(run, fields))
        tidy(run)
        return
    pulse.enter("refit")
    algorithm = create(run.algorithm, **candidate.parameters)
    model = algorithm.fit(rows.data, seed=run.seed, on_progress=pulse.report)
    pulse.note(chosen_parameters=_jsonable(model.parameters), device=_device())
    name, checksum = _store(run, model, rows, candidate, pulse)
    try:
        _activate(run, pulse, candidate, artifact=name, checksum=checksum)
    except BaseException:
        storage.delete(name, alias=settings.STORAGE)
        raise
    tidy(run)


def _info(run: ModelRun) -> catalogue.AlgorithmInfo:
    """The algorithm, after giving the run its usual role where none was asked for."""
    try:
        info = catalogue.info(run.algorithm)
        catalogue.validate(run.algorithm, run.parameters)
    except (catalogue.UnknownAlgorithm, catalogue.InvalidParameters) as error:
        raise Rejected(str(error)) from error
    role = run.role or info.roles[0]
    if role not in info.roles:
        raise Rejected(f"{run.algorithm} cannot fill the role {role!r}; it can fill {', '.join(info.roles)}")
    if role != run.role:
        run.role = role
        run.save(update_fields=["role"])
    return info


def _extract(info: catalogue.AlgorithmInfo, pulse: Pulse, source: Source) -> Rows:
    """Read and clean the rows, and refuse what nothing can be learned from."""
    pulse.enter("extract")
    rows = source.read(info.needs, on_progress=pulse.report)
    rows = rows if info.guests else rows.of_customers()
    pulse.enter("clean")
    pulse.note(data_summary=_jsonable(rows.summary()), cleaning=_jsonable(rows.report.as_dict()))
    for line in rows.report.lines():
        pulse.say(line)
    found = len(rows.data)
    if not found:
        read = rows.report.rows_in
        kind = _("ratings") if info.needs == "ratings" else _("order lines")
        text = _("%(algorithm)s needs %(kind)s, found 0") % {"algorithm": info.name, "kind": kind}
        if read:
            text += " " + _("worth learning from among %(read)d: see the cleaning report") % {"read": read}
        raise Rejected(text)
    if rows.data.n_users < FEWEST or rows.data.n_items < FEWEST:
        raise Rejected(
            _(
                "%(algorithm)s needs at least %(fewest)d customers and %(fewest)d items, "
                "found %(users)d and %(items)d"
            )
            % {
                "algorithm": info.name,
                "fewest": FEWEST,
                "users": rows.data.n_users,
                "items": rows.data.n_items,
            }
        )
    return rows


def _candidate(run: ModelRun, bench: Bench, pulse: Pulse) -> Candidate:
    """Fit on the training part, score on the test part, compare, judge."""
    pulse.enter("fit")
    try:
        parameters = bench.choose(run.algorithm, run.parameters)
        pulse.note(chosen_parameters=_jsonable(parameters))
        model = bench.fit(run.algorithm, parameters)
        pulse.enter("score")
        score = bench.measure(run.algorithm, parameters, model)
    except NoTest as error:
        text = _("Unproven: %(reason)s") % {"reason": error}
        return Candidate(run.parameters, None, Judgement(True, True, text))
    pulse.note(metrics=_jsonable(_metrics(bench, score)), device=_device())
    pulse.enter("compare")
    baseline, active = bench.baseline(), bench.active()
    rivals = [rival for rival in (baseline, active) if rival is not None]
    pulse.note(baselines=_jsonable([_against(score, rival) for rival in rivals]))
    judgement = judge(bench.role, score, baseline, active, tolerance=settings.GATE_TOLERANCE)
    return Candidate(parameters, score, judgement)


def _metrics(bench: Bench, score: Score) -> dict[str, Any]:
    return {
        "metric": bench.role.metric,
        "scope": bench.role.scope,
        "value": score.value,
        "interval": score.interval,
        "users": score.n_users,
        "all": score.all,
    }


def _against(score: Score, rival: Rival) -> dict[str, Any]:
    difference = score.minus(rival.score)
    return {
        "kind": "baseline" if rival.run is None else "active",
        "algorithm": rival.score.algorithm,
        "run": rival.run,
        "parameters": rival.score.parameters,
        "value": rival.score.value,
        "interval": rival.score.interval,
        "users": rival.score.n_users,
        "difference": {
            "mean": difference.mean,
            "low": difference.low,
            "high": difference.high,
            "p": difference.p,
        },
        "all": rival.score.all,
    }


def _store(run: ModelRun, model: Model, rows: Rows, candidate: Candidate, pulse: Pulse) -> tuple[str, str]:
    """Publish the artifact; its name in the storage and its checksum."""
    pulse.enter("store")
    about = {
        "run": run.pk,
        "roles": [run.role],
        "fingerprint": rows.fingerprint,
        "metrics": dict(candidate.score.all) if candidate.score else {},
        "verdict": candidate.judgement.text,
    }
    with tempfile.TemporaryDirectory(prefix="concierge-") as place:
        folder = model.save(Path(place, f"{run.algorithm}-{run.pk}"), manifest_extra=_jsonable(about))
        checksum = json.loads((folder / storage.MANIFEST).read_text("utf-8"))["sha256"]
        return storage.publish(folder, alias=settings.STORAGE), checksum


def _activate(run: ModelRun, pulse: Pulse, candidate: Candidate, *, artifact: str, checksum: str) -> None:
    """End the run and let its model serve, in one transaction: either both or neither."""
    pulse.enter("activate")
    verdict = ModelRun.Verdict.NOT_ASKED
    if run.activate_if_better:
        unproven = candidate.judgement.unproven
        verdict = ModelRun.Verdict.UNPROVEN if unproven else ModelRun.Verdict.ACTIVATED
    fields = pulse.unwritten() | {"verdict": verdict, "artifact": artifact, "checksum": checksum}

    def write() -> None:
        with transaction.atomic(using=router.db_for_write(ModelRun)):
            _finish(run, fields)
            if run.activate_if_better:
                run.activate(user=run.started_by, via=run.started_via)

    persist(write)


def _finish(run: ModelRun, fields: Mapping[str, Any]) -> None:
    if run.end(ModelRun.Status.FINISHED, **fields):
        return
    found = ModelRun.objects.filter(pk=run.pk).values_list("status", "artifact").first()
    if found == (ModelRun.Status.FINISHED, fields.get("artifact", "")):
        run.refresh_from_db()  # an earlier try got through: only the database's answer to it was lost
        return
    # Asked to stop, or taken away, at the last moment.
    raise Cancelled if found and found[0] == ModelRun.Status.RUNNING else Lost


def tidy(run: ModelRun) -> None:
    """Remove what is old; that this fails must not make a finished run look failed."""
    try:
        for role in dict.fromkeys((run.role, "")):  # "": runs that no worker took
            ModelRun.objects.prune(role)
        storage.forget_copies(ActiveModel.objects.checksums(), alias=settings.STORAGE)
    except Exception:
        logger.exception("Run %s has ended, but older runs could not be removed", run.pk)


def _device() -> str:
    """Where the algorithms compute: the graphics card's name, or "cpu"."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))[:80]
    return "cpu"


def _jsonable(value: Any) -> Any:
    """Plain JSON: numpy's numbers become Python's, what is not finite null (PostgreSQL takes no NaN)."""
    if isinstance(value, Mapping):
        return {str(key): _jsonable(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
