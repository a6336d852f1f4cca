"""Parse, call one function, answer. Each view names its own policy; authentication stays the host's."""

from __future__ import annotations

from typing import Any

from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..adapters import get_adapter
from ..conf import settings
from ..models import AlreadyRunning, CannotActivate, ModelRun
from ..serving import PlacementConfig, Served, UnknownPlacement, configure, get_recommendations, rank
from ..serving import models as serving_models
from ..types import Reason
from . import errors, serializers
from .parsing import BoundedJSONParser
from .permissions import RunPermission
from .throttling import ByAddress, ByUser, RunsByUser


class View(APIView):
    """JSON in and out, no version, never kept by any cache; errors in the API's own shape."""

    permission_classes = [AllowAny]
    throttle_classes = [ByUser, ByAddress]
    parser_classes = [BoundedJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None

    def get_exception_handler(self) -> Any:
        return errors.handle

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["Cookie", "Authorization"])
        return response


def checked(serializer: Any, data: Any) -> dict[str, Any]:
    """``data`` as the serializer lets it through; ``ValidationError`` otherwise."""
    return dict(serializer.run_validation(data))


# Made once: each making copies all fields, and validation keeps nothing in them.
SERVE_QUERY, RANK_REQUEST = serializers.ServeQuery(), serializers.RankRequest()
RUN_START, RUN_ACTIVATION = serializers.ModelRunStart(), serializers.ModelRunActivation()


def problems(*codes: int) -> dict[int, Any]:
    """What the schema says of these answers."""
    return dict.fromkeys(codes, serializers.RecommendationsProblem)


class PlacementList(View):
    """The placements that exist."""

    @extend_schema(
        operation_id="placements",
        summary="The placements that exist",
        responses={200: serializers.RecommendationPlacement(many=True), **problems(429)},
    )
    def get(self, request: Request) -> Response:
        overrides = serving_models.current().pointer.overrides
        return Response([_placement(configure(slug, overrides)) for slug in settings.PLACEMENTS])


class PlacementDetail(View):
    """What one placement shows whoever asks."""

    @extend_schema(
        operation_id="recommend",
        summary="What a placement shows this person now",
        parameters=[serializers.ServeQuery],
        responses={200: serializers.RecommendationList, **problems(400, 404, 429, 503)},
    )
    def get(self, request: Request, slug: str) -> Response:
        asked = checked(SERVE_QUERY, request.query_params.dict())
        try:
            served = get_recommendations(slug, request=request._request, **asked)
        except UnknownPlacement as error:
            raise exceptions.NotFound(str(error), code="unknown_placement") from None
        return Response(
            {
                "request_id": served.request_id,
                "placement": served.placement,
                "title": str(served.title),
                "run": served.run,
                "complete": served.complete,
                **({"reason": served.reason} if served.reason else {}),
                "items": _items(served, request),
            }
        )


class Rank(View):
    """The caller's own candidates in this person's order.

    A question too long for an address, so it is a POST; it changes nothing, and callers who are not logged
    in need no CSRF value.
    """

    @extend_schema(
        operation_id="rank",
        summary="Put a search result in this person's order",
        request=serializers.RankRequest,
        responses={200: serializers.RankedList, **problems(400, 413, 415, 429, 503)},
        examples=[OpenApiExample("rank", {"items": ["17", "4", "1029"], "limit": 2}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        asked = checked(RANK_REQUEST, request.data)
        served = rank(asked["items"], request=request._request, limit=asked.get("limit"))
        if served.reason:
            raise errors.Unavailable(served.reason)
        return Response(
            {
                "request_id": served.request_id,
                "placement": served.placement,
                "run": served.run,
                "items": _items(served, request),
                "unknown": list(served.unknown),
            }
        )


class RunPagination(PageNumberPagination):
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100


class RunView(View):
    """Base of the views of runs: the permission for each method, and the newest runs first."""

    permission_classes = [RunPermission]
    throttle_classes = [ByUser, RunsByUser, ByAddress]
    permissions = {"GET": "view_modelrun"}

    def find(self, pk: int) -> ModelRun:
        """The run; NotFound when there is none."""
        run = ModelRun.objects.prefetch_related("active_for").filter(pk=pk).first()
        if run is None:
            raise exceptions.NotFound(_("There is no run %(id)s.") % {"id": pk})
        return run


class RunList(RunView):
    permissions = {"GET": "view_modelrun", "POST": "add_modelrun"}

    @extend_schema(
        operation_id="runs",
        summary="Training runs, the newest first",
        parameters=[
            OpenApiParameter("page", int, description="1 is the newest."),
            OpenApiParameter("page_size", int, description="25 by default, at most 100."),
        ],
        responses={200: serializers.ModelRunPage, **problems(400, 401, 403, 404, 429, 503)},
    )
    def get(self, request: Request) -> Response:
        ModelRun.objects.fail_stale()
        pages = RunPagination()
        found = pages.paginate_queryset(ModelRun.objects.prefetch_related("active_for"), request, view=self)
        return pages.get_paginated_response(serializers.ModelRunSummary(found, many=True).data)

    @extend_schema(
        operation_id="start_run",
        summary="Start a training",
        request=serializers.ModelRunStart,
        responses={201: serializers.ModelRunSummary, **problems(400, 401, 403, 409, 415, 429, 503)},
        examples=[
            OpenApiExample("als", {"algorithm": "als", "parameters": {"factors": 64}}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        asked = checked(RUN_START, request.data)
        try:
            run = ModelRun.objects.start(
                asked["algorithm"],
                asked["parameters"],
                role=asked.get("role"),
                user=request.user,
                via="api",
                activate=asked["activate"],
                seed=asked["seed"],
            )
        except AlreadyRunning as error:
            raise errors.Conflict(str(error), code="already_running") from None
        run.refresh_from_db()
        if run.status == ModelRun.Status.FAILED:
            raise errors.Unavailable(run.error, code="not_started")
        return Response(serializers.ModelRunSummary(run).data, status=status.HTTP_201_CREATED)


class RunDetail(RunView):
    @extend_schema(
        operation_id="run",
        summary="One run, with its progress, figures and cleaning report",
        responses={200: serializers.ModelRunDetail, **problems(400, 401, 403, 404, 429, 503)},
    )
    def get(self, request: Request, pk: int) -> Response:
        ModelRun.objects.fail_stale()
        return Response(serializers.ModelRunDetail(self.find(pk)).data)


class RunActivate(RunView):
    permissions = {"POST": "activate_modelrun"}

    @extend_schema(
        operation_id="activate_run",
        summary="Let this run's model serve",
        request=serializers.ModelRunActivation,
        responses={200: serializers.ModelRunSummary, **problems(400, 401, 403, 404, 409, 429, 503)},
    )
    def post(self, request: Request, pk: int) -> Response:
        asked = checked(RUN_ACTIVATION, request.data)
        run = self.find(pk)
        if asked.get("role", run.role) != run.role:
            serializers.check_role(run.algorithm, asked["role"])
        try:
            run.activate(role=asked.get("role"), user=request.user, via="api")
        except CannotActivate as error:
            raise errors.Conflict(str(error), code="cannot_activate") from None
        return Response(serializers.ModelRunSummary(self.find(pk)).data)


class RunCancel(RunView):
    permissions = {"POST": "cancel_modelrun"}

    @extend_schema(
        operation_id="cancel_run",
        summary="Cancel a queued run, or ask a running one to stop",
        request=None,
        responses={200: serializers.ModelRunSummary, **problems(400, 401, 403, 404, 409, 429, 503)},
    )
    def post(self, request: Request, pk: int) -> Response:
        run = self.find(pk)
        if not run.cancel(user=request.user):
            raise errors.Conflict(
                _("Run %(id)s has ended before: %(status)s.")
                % {"id": pk, "status": run.get_status_display()},
                code="not_live",
            )
        return Response(serializers.ModelRunSummary(self.find(pk)).data)


def _placement(config: PlacementConfig) -> dict[str, Any]:
    return {
        "slug": config.slug,
        "title": str(config.title),
        "limit": config.limit,
        "strategies": list(config.strategies),
        "personal": config.personal,
        "enabled": config.enabled,
    }


def _items(served: Served, request: Request) -> list[dict[str, Any]]:
    adapter = get_adapter()
    items = []
    for pick in served:
        entry = {
            "key": pick.key,
            "rank": pick.rank,
            "score": pick.score,
            "source": pick.source,
            "algorithm": pick.algorithm,
            "item": adapter.serialize(pick.item, served.subject, request._request),
        }
        if pick.reasons:
            entry["reasons"] = [_reason(reason) for reason in pick.reasons]
        items.append(entry)
    return items


def _reason(reason: Reason) -> dict[str, Any]:
    named = {} if reason.item is None else {"item": reason.item}
    return {"kind": reason.kind, "text": reason.text, **named, "share": reason.share}
