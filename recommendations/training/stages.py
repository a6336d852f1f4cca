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
from typing import Any, Final, Literal

from django.db import router, transaction
from django.utils.translation import gettext as _

from .. import artifacts, storage
from ..algorithms import catalogue, create
from ..algorithms.base import Cancelled
from ..algorithms.checkpoints import Checkpoint
from ..artifacts import Model
from ..conf import settings
from ..models import ActiveModel, ModelRun
from .bench import Bench, NoTest, fit_for
from .gate import Judgement, Rival, judge
from .leaks import check, refusal
from .profile import Profile, suitable
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


@dataclass(frozen=True, slots=True)
class Order:
    """What the run is about: the algorithms that may win, and the rows they learn from."""

    arms: list[catalogue.AlgorithmInfo]
    needs: Literal["orders", "ratings"]
    guests: bool


def train(run: ModelRun, pulse: Pulse, source: Source) -> None:
    """Take a claimed run through all stages. Raises ``Rejected``, ``Cancelled`` or what went wrong.

    A run that is retried keeps to the rows that it had read, and goes on from its trials and checkpoints.
    """
    checkpoint = Checkpoint(checkpoint_folder(run.pk), keep=True)
    order = _order(run, source, pulse)
    before = str(run.data_summary.get("fingerprint", "")) if run.retries else ""
    rows = _extract(run, order, pulse, source)
    role = catalogue.ROLES[run.role].judged_by(run.search.get("metric"), run.search.get("scope"))
    pulse.enter("split")
    bench = Bench(role, rows, pulse, seed=run.seed, checkpoint=checkpoint)
    pulse.note(split=_jsonable(bench.describe()))
    pulse.say(bench.summary)
    if before and before != rows.fingerprint:
        pulse.say("The orders that this run had read have changed since: it begins anew")
        run.trials.all().delete()
    parameters = _found(run, order, bench, pulse) if run.searches else None
    candidate = _candidate(run, bench, pulse, parameters)
    pulse.note(verdict_text=candidate.judgement.text)
    pulse.say(candidate.judgement.text)
    if not candidate.judgement.passed:
        fields = pulse.unwritten() | {"verdict": ModelRun.Verdict.KEPT_BACK}
        persist(lambda: _finish(run, fields))
        tidy(run)
        return
    pulse.enter("refit")
    algorithm = create(run.algorithm, **candidate.parameters)
    model = algorithm.fit(
        fit_for(run.algorithm, rows.data),
        seed=run.seed,
        on_progress=pulse.report,
        warm_start=_earlier(run, pulse) if run.warm else None,
        checkpoint=checkpoint,
    )
    pulse.note(chosen_parameters=_jsonable(model.parameters), device=_device())
    name, checksum = _store(run, model, rows, candidate, pulse)
    try:
        _activate(run, pulse, candidate, artifact=name, checksum=checksum)
    except BaseException:
        storage.delete(name, alias=settings.STORAGE)
        raise
    tidy(run)


def checkpoint_folder(run: int) -> Path:
    """Where the unfinished fits of this run are kept, on this host."""
    return settings.CACHE_DIR / "checkpoints" / str(run)


def _order(run: ModelRun, source: Source, pulse: Pulse) -> Order:
    if not run.auto:
        info = _info(run)
        return Order([info], info.needs, info.guests)
    if run.role not in catalogue.ROLES:
        raise Rejected(f"There is no role {run.role!r}; there are {', '.join(catalogue.ROLES)}")
    able = [info for info in catalogue.ALGORITHMS.values() if run.role in info.roles]
    usual = [info for info in able if info.roles[0] == run.role] or able
    pulse.enter("extract")
    rated = any(info.needs == "ratings" for info in able)
    needs: Literal["orders", "ratings"] = "orders"
    if rated and not len(source.read("orders", on_progress=pulse.report).data):
        needs = "ratings"
    return Order(able, needs, all(info.guests for info in usual))


def _found(run: ModelRun, order: Order, bench: Bench, pulse: Pulse) -> dict[str, Any]:
    """The parameters that the search found; the run's row names their algorithm from here on."""
    # Optuna takes half a second to import and comes with the extra "train": only a search needs it.
    from .search import NothingFound, Search, settled

    shop = Profile.of(bench.rows.data)
    arms = order.arms
    run.study = {"shop": shop.as_dict()}
    if run.auto:
        arms, run.study["left_out"] = suitable(run.role, shop)
        if not arms:
            reasons = "; ".join(f"{name}: {why}" for name, why in run.study["left_out"].items())
            raise Rejected(_("No algorithm suits this shop: %(reasons)s") % {"reasons": reasons})
    pulse.note(study=_jsonable(run.study))
    fixed = {} if run.auto else run.parameters
    if not bench.can_validate:
        pulse.say("Nobody to choose by: no customer has bought again in the validation part")
        algorithm, parameters = arms[0].name, catalogue.validate(arms[0].name, fixed)
    else:
        search = Search(run, arms, bench, pulse, fixed=fixed)
        try:
            best = search.best()
        except NothingFound as error:
            raise Rejected(_("Not one trial succeeded: %(reasons)s") % {"reasons": error}) from error
        algorithm, parameters = best.algorithm, settled(best)
        run.study["importance"] = search.importance(algorithm)
        run.study["best"] = best.number
        pulse.history = list(best.history)
        pulse.say(f"The best of {len(search.trials)} trials: {best}, {best.value:.4f}")
    run.algorithm = algorithm
    if run.auto:
        run.parameters = parameters
    chosen = _jsonable(parameters)
    pulse.note(algorithm=algorithm, parameters=_jsonable(run.parameters), chosen_parameters=chosen)
    pulse.note(study=_jsonable(run.study), history=list(pulse.history))
    return parameters


def _earlier(run: ModelRun, pulse: Pulse) -> Model | None:
    """The model that serves, when it is of the same algorithm: what this one may learn on from."""
    active = ActiveModel.objects.select_related("run").filter(role=run.role).first()
    if active is None or active.run.algorithm != run.algorithm:
        pulse.say(f"No warm start: no {run.algorithm} serves as {run.role}")
        return None
    try:
        served = active.run
        folder = storage.localise(served.artifact, alias=settings.STORAGE, checksum=served.checksum)
        model = artifacts.load(folder, checksum=served.checksum or None)
    except Exception as error:
        logger.exception("The active model of role %s could not be read for a warm start", run.role)
        pulse.say(f"No warm start: {error}")
        return None
    pulse.say(f"Learns on from run {served.pk}")
    return model


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


def _extract(run: ModelRun, order: Order, pulse: Pulse, source: Source) -> Rows:
    """Read and clean the rows, and refuse what nothing can be learned from."""
    pulse.enter("extract")
    rows = source.read(order.needs, on_progress=pulse.report)
    rows = rows if order.guests else rows.of_customers()
    if run.retries:
        rows = rows.until(run.data_summary.get("last"))
    pulse.enter("clean")
    pulse.note(data_summary=_jsonable(rows.summary()), cleaning=_jsonable(rows.report.as_dict()))
    for line in rows.report.lines():
        pulse.say(line)
    found = len(rows.data)
    if not found:
        read = rows.report.rows_in
        kind = _("ratings") if order.needs == "ratings" else _("order lines")
        text = _("%(algorithm)s needs %(kind)s, found 0") % {"algorithm": run.algorithm, "kind": kind}
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
                "algorithm": run.algorithm,
                "fewest": FEWEST,
                "users": rows.data.n_users,
                "items": rows.data.n_items,
            }
        )
    return rows


def _candidate(
    run: ModelRun, bench: Bench, pulse: Pulse, found: Mapping[str, Any] | None = None
) -> Candidate:
    """Fit on the training part, score on the test part, compare, judge.

    ``found`` are the parameters of a search. A run that goes on is not measured twice.
    """
    pulse.enter("fit")
    try:
        parameters = found or bench.choose(run.algorithm, run.parameters)
        pulse.note(chosen_parameters=_jsonable(parameters))
        score = bench.remembered(run.algorithm, parameters) if run.retries else None
        if score is None:
            model = bench.fit(run.algorithm, parameters)
            pulse.enter("score")
            score = bench.measure(run.algorithm, parameters, model)
    except NoTest as error:
        text = _("Unproven: %(reason)s") % {"reason": error}
        return Candidate(found or run.parameters, None, Judgement(True, True, text))
    pulse.note(metrics=_jsonable(_metrics(bench, score)), device=_device())
    pulse.enter("compare")
    baseline, active = bench.baseline(), bench.active()
    rivals = [rival for rival in (baseline, active) if rival is not None]
    pulse.note(baselines=_jsonable([_against(score, rival) for rival in rivals]))
    judgement = judge(bench.role, score, baseline, active, tolerance=settings.GATE_TOLERANCE)
    if judgement.passed and not catalogue.is_built_in(run.algorithm):
        found_out = check(run.algorithm, parameters, bench.split, seed=run.seed, report=pulse.report)
        if found_out.found:
            judgement = Judgement(False, False, f"{judgement.text} {refusal(found_out)}")
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
        "relative": score.relative_to(rival.score),
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
        _forget_checkpoints()
        for role in dict.fromkeys((run.role, "")):  # "": runs that no worker took
            ModelRun.objects.prune(role)
        storage.forget_copies(ActiveModel.objects.checksums(), alias=settings.STORAGE)
    except Exception:
        logger.exception("Run %s has ended, but older runs could not be removed", run.pk)


def _forget_checkpoints() -> None:
    """Remove the unfinished fits of runs that have a result, or are no more."""
    folders = settings.CACHE_DIR / "checkpoints"
    if not folders.is_dir():
        return
    may_go_on = ModelRun.objects.exclude(status=ModelRun.Status.FINISHED).values_list("pk", flat=True)
    kept = {str(pk) for pk in may_go_on}
    for folder in folders.iterdir():
        if folder.name not in kept:
            Checkpoint(folder).clear()


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
