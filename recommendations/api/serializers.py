"""What goes in and out: checked on the way in, and the source of the OpenAPI schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..algorithms import catalogue
from ..conf import MAX_LIMIT
from ..models import ModelRun
from ..serving import MAX_RANKED

MAX_KEY: int = 200


class KeyField(serializers.CharField):
    """An item key: text, or a whole number for a client whose keys are numbers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": MAX_KEY, "trim_whitespace": False, **kwargs})


class RecommendationsProblemEntry(serializers.Serializer[Any]):
    message = serializers.CharField()
    code = serializers.CharField()


class RecommendationsProblem(serializers.Serializer[Any]):
    """Every error."""

    detail = serializers.CharField()
    code = serializers.CharField()
    errors = serializers.DictField(child=RecommendationsProblemEntry(many=True), required=False)  # type: ignore[assignment]


class ServeQuery(serializers.Serializer[Any]):
    """The parameters of a placement call; what is not named here is ignored."""

    limit = serializers.IntegerField(
        min_value=1,
        required=False,
        help_text=gettext_lazy(
            "How many items at most; the placement's own number by default, above 100: 100."
        ),
    )
    item = KeyField(required=False, help_text=gettext_lazy("Key of the item that the page is about."))
    explain = serializers.BooleanField(
        required=False, default=False, help_text=gettext_lazy("Say why each item is shown.")
    )

    def validate_limit(self, value: int) -> int:
        return min(value, MAX_LIMIT)


class RankRequest(serializers.Serializer[Any]):
    items = serializers.ListField(
        child=KeyField(),
        max_length=MAX_RANKED,
        help_text=gettext_lazy("Keys of the items to rank, at most 1,000; one given twice counts once."),
    )
    limit = serializers.IntegerField(min_value=1, required=False, help_text=gettext_lazy("All by default."))

    def to_internal_value(self, data: Any) -> Any:
        """A list far too long is refused by its length, before each of its entries is looked at."""
        items = data.get("items") if isinstance(data, Mapping) else None
        if isinstance(items, list) and len(items) > MAX_RANKED:
            text = _("At most %(most)d items can be ranked at once, got %(got)d.")
            raise serializers.ValidationError(
                {"items": [text % {"most": MAX_RANKED, "got": len(items)}]}, code="max_length"
            )
        return super().to_internal_value(data)

    def validate_limit(self, value: int) -> int:
        return min(value, MAX_RANKED)


class RecommendationReason(serializers.Serializer[Any]):
    kind = serializers.CharField()
    text = serializers.CharField()
    item = serializers.CharField(
        required=False, help_text=gettext_lazy("Key of the item that the score is owed to.")
    )
    share = serializers.FloatField(help_text=gettext_lazy("Part of the score, 0 to 1; all together are 1."))


class RecommendedItem(serializers.Serializer[Any]):
    title = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    image = serializers.CharField(allow_null=True)
    price = serializers.CharField(allow_null=True, help_text=gettext_lazy("A decimal number as text."))
    currency = serializers.CharField(allow_null=True)


class RecommendedEntry(serializers.Serializer[Any]):
    key = serializers.CharField()
    rank = serializers.IntegerField(min_value=1)
    score = serializers.FloatField(help_text=gettext_lazy("Comparable within one source only."))
    source = serializers.CharField(  # type: ignore[assignment]
        help_text=gettext_lazy("The strategy that supplied the item.")
    )
    algorithm = serializers.CharField()
    reasons = RecommendationReason(many=True, required=False)
    item = RecommendedItem()


class RecommendationList(serializers.Serializer[Any]):
    request_id = serializers.CharField(
        help_text=gettext_lazy("A signed value: placement, run, time and a digest of the items.")
    )
    placement = serializers.CharField()
    title = serializers.CharField()
    run = serializers.IntegerField(allow_null=True)
    complete = serializers.BooleanField(
        help_text=gettext_lazy("Whether there were as many items as asked for.")
    )
    reason = serializers.CharField(required=False, help_text=gettext_lazy("Why the list is empty or short."))
    items = RecommendedEntry(many=True)


class RankedList(serializers.Serializer[Any]):
    request_id = serializers.CharField()
    placement = serializers.CharField()
    run = serializers.IntegerField(allow_null=True)
    items = RecommendedEntry(many=True)
    unknown = serializers.ListField(
        child=serializers.CharField(), help_text=gettext_lazy("Keys of nothing that this person may see now.")
    )


class RecommendationPlacement(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    limit = serializers.IntegerField()
    strategies = serializers.ListField(child=serializers.CharField())
    personal = serializers.BooleanField(help_text=gettext_lazy("Whether the list depends on who asks."))
    enabled = serializers.BooleanField()


class ModelRunSummary(serializers.ModelSerializer[ModelRun]):
    """A training run. What it says of itself in JSON is described in the documentation of training."""

    status = serializers.CharField()
    verdict = serializers.CharField()
    active_for = serializers.SerializerMethodField(help_text=gettext_lazy("Roles that it answers for now."))

    class Meta:
        model = ModelRun
        fields: tuple[str, ...] = (
            "id", "algorithm", "role", "status", "stage", "done", "total", "seconds_left", "parameters",
            "chosen_parameters", "seed", "device", "metrics", "baselines", "verdict", "verdict_text", "error",
            "active_for", "created_at", "started_at", "finished_at", "activated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_active_for(self, run: ModelRun) -> list[str]:
        return sorted(active.role for active in run.active_for.all())


class ModelRunDetail(ModelRunSummary):
    class Meta(ModelRunSummary.Meta):
        fields = (
            *ModelRunSummary.Meta.fields,
            "data_summary",
            "cleaning",
            "split",
            "history",
            "timings",
            "log",
        )
        read_only_fields = fields


class ModelRunPage(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = ModelRunSummary(many=True)


@extend_schema_field(OpenApiTypes.OBJECT)
class ParametersField(serializers.DictField):
    """Parameters of an algorithm by name; the catalogue says which there are."""


class ModelRunStart(serializers.Serializer[Any]):
    algorithm = serializers.CharField(max_length=60, help_text=gettext_lazy("Such as als."))
    parameters = ParametersField(
        required=False, help_text=gettext_lazy("Those left out keep their defaults.")
    )
    role = serializers.CharField(
        max_length=30, required=False, help_text=gettext_lazy("One of the algorithm's roles.")
    )
    activate = serializers.BooleanField(
        required=False, default=True, help_text=gettext_lazy("Let it serve if it passes the gate.")
    )
    seed = serializers.IntegerField(required=False, default=0, min_value=0, max_value=2_147_483_647)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The catalogue has the last word on names and ranges; each wrong parameter is named."""
        name = attrs["algorithm"]
        try:
            attrs["parameters"] = catalogue.validate(name, attrs.get("parameters") or {})
        except catalogue.UnknownAlgorithm as error:
            raise serializers.ValidationError({"algorithm": [str(error)]}, code="unknown_algorithm") from None
        except catalogue.InvalidParameters as error:
            details = {f"parameters.{field}": [text] for field, text in error.errors.items()}
            raise serializers.ValidationError(details, code="invalid_parameter") from None
        if role := attrs.get("role"):
            check_role(name, role)
        return attrs


def check_role(algorithm: str, role: str) -> None:
    """``ValidationError`` for a role that the algorithm cannot fill."""
    known = catalogue.ALGORITHMS.get(algorithm)  # None where the host has taken its algorithm away
    roles = known.roles if known else ()
    if role not in roles:
        text = _("%(algorithm)s cannot fill the role %(role)s; it fills: %(roles)s.")
        found = {"algorithm": algorithm, "role": repr(role), "roles": ", ".join(roles)}
        raise serializers.ValidationError({"role": [text % found]}, code="unknown_role")


class ModelRunActivation(serializers.Serializer[Any]):
    role = serializers.CharField(
        max_length=30,
        required=False,
        help_text=gettext_lazy("The role that the run was trained for by default."),
    )
