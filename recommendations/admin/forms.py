"""The form that starts a run, made from the catalogue: the fields of an algorithm are its parameters."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from recommendations.algorithms.catalogue import ROLES, AlgorithmInfo, InvalidParameters, Parameter, validate
from recommendations.algorithms.entries.base import MAX_K, METRICS
from recommendations.models import AUTO, ModelRun
from recommendations.models.managers import AUTO_MINUTES, MAX_MINUTES

from . import describe, names

PREFIX = "parameter_"  # so that a host's algorithm may call a parameter "seed" or "role"
MAX_SEED = 2**31 - 1  # what a PositiveIntegerField holds on every database


class StartRunForm(forms.Form):
    """Role, seed and each parameter of ``algorithm`` in its range; ``catalogue.validate`` has the last word.

    Valid data is in ``cleaned_data["parameters"]`` (all of them, typed), ``["role"]``, ``["seed"]`` and
    ``["activate"]``.
    """

    role = forms.ChoiceField(
        label=gettext_lazy("Role"), help_text=gettext_lazy("What the model is judged as and serves.")
    )
    activate = forms.BooleanField(
        label=gettext_lazy("Activate when it is good enough"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Serve the model at once when it passes the comparison with the baseline and the active model."
        ),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Random seed"),
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text=gettext_lazy("The same seed on the same data gives the same model."),
    )

    minutes = forms.FloatField(
        label=gettext_lazy("Minutes for tuning"),
        required=False,
        min_value=0.1,
        max_value=MAX_MINUTES,
        help_text=gettext_lazy(
            "How long to look for better parameters, beginning with these. Empty takes them as they are."
        ),
    )

    def __init__(self, *args: Any, algorithm: AlgorithmInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.algorithm = algorithm
        role = cast(forms.ChoiceField, self.fields["role"])
        role.choices = [(name, _(ROLES[name].title)) for name in algorithm.roles]
        role.initial = algorithm.roles[0]
        for parameter in algorithm.parameters:
            self.fields[PREFIX + parameter.name] = _field(parameter)

    def parameter_fields(self) -> list[forms.BoundField]:
        """The algorithm's own fields, for the template."""
        return [self[PREFIX + parameter.name] for parameter in self.algorithm.parameters]

    def run_fields(self) -> list[forms.BoundField]:
        """The fields that every run has."""
        return [self["role"], self["minutes"], self["activate"], self["seed"]]

    def start(self, user: AbstractBaseUser | AnonymousUser) -> ModelRun:
        """Order the run. Raises ``AlreadyRunning`` while another one of the algorithm is live."""
        wanted = self.cleaned_data
        return ModelRun.objects.start(
            self.algorithm.name,
            wanted["parameters"],
            role=wanted["role"],
            user=user,
            via="admin",
            activate=wanted["activate"],
            seed=wanted["seed"],
            minutes=wanted["minutes"],
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        given = {
            parameter.name: cleaned[PREFIX + parameter.name]
            for parameter in self.algorithm.parameters
            if PREFIX + parameter.name in cleaned
        }
        try:
            cleaned["parameters"] = validate(self.algorithm.name, given)
        except InvalidParameters as invalid:
            for name, sentence in invalid.errors.items():
                self.add_error(PREFIX + name, sentence)
        return cleaned


class SearchForm(forms.Form):
    """What the best model is looked for: role, time, and how models are judged."""

    role = forms.ChoiceField(label=gettext_lazy("What for"))
    minutes = forms.FloatField(
        label=gettext_lazy("Minutes"),
        min_value=0.1,
        max_value=MAX_MINUTES,
        initial=AUTO_MINUTES,
        help_text=gettext_lazy(
            "How long to look for it. More time tries more parameters; ten minutes are enough for most shops."
        ),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("What counts"),
        required=False,
        help_text=gettext_lazy("Whether it is a success to suggest what the customer has bought before."),
    )
    metric = forms.ChoiceField(
        label=gettext_lazy("Judged by"),
        required=False,
        help_text=gettext_lazy("NDCG counts what was found, more so near the top of the list."),
    )
    k = forms.IntegerField(
        label=gettext_lazy("Length of the list"), min_value=1, max_value=MAX_K, initial=20, required=False
    )
    activate = forms.BooleanField(
        label=gettext_lazy("Activate when it is good enough"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Serve the model at once when it passes the comparison with the baseline and the active model."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "role": [(name, _(role.title)) for name, role in ROLES.items()],
            "scope": [
                ("", _("as usual for this role")),
                ("new", _("only items the customer had not bought")),
                ("all", _("all purchases, repeats included")),
            ],
            "metric": [("", _("as usual for this role")), *((name, names.metric(name)) for name in METRICS)],
        }
        for name, options in choices.items():
            cast(forms.ChoiceField, self.fields[name]).choices = options

    def first_fields(self) -> list[forms.BoundField]:
        """What everybody decides."""
        return [self["role"], self["minutes"], self["activate"]]

    def more_fields(self) -> list[forms.BoundField]:
        """What most leave as it is."""
        return [self["scope"], self["metric"], self["k"]]

    def start(self, user: AbstractBaseUser | AnonymousUser) -> ModelRun:
        """Order the search. Raises ``AlreadyRunning`` while another one for the role is under way."""
        wanted = self.cleaned_data
        role = ROLES[wanted["role"]]
        metric = wanted["metric"] or role.metric.partition("@")[0]
        judged = role.judged_by(f"{metric}@{wanted['k'] or 20}", wanted["scope"])
        return ModelRun.objects.start(
            AUTO,
            role=judged.name,
            minutes=wanted["minutes"],
            metric=judged.metric,
            scope=judged.scope,
            user=user,
            via="admin",
            activate=wanted["activate"],
        )


def initial_like(run: str, algorithm: AlgorithmInfo) -> dict[str, Any]:
    """Initial values as those of the run with that key; empty when there is none of this algorithm.

    What the algorithm does not know (any more) is left out.
    """
    found = ModelRun.objects.filter(pk=run, algorithm=algorithm.name).first() if run.isdecimal() else None
    if found is None:
        return {}
    parameters = describe.mapping(found.parameters)
    if found.searches:
        parameters = {**parameters, **describe.mapping(found.chosen_parameters)}
    known = [parameter.name for parameter in algorithm.parameters if parameter.name in parameters]
    fields = {PREFIX + name: parameters[name] for name in known}
    return {**fields, "role": found.role, "seed": found.seed, "activate": found.activate_if_better}


def _field(parameter: Parameter) -> forms.Field:
    """The form field of one parameter, with its range, its default and its help."""
    common: dict[str, Any] = {
        "label": names.label(parameter.name),
        "help_text": _help(parameter),
        "initial": parameter.default,
        "required": not parameter.empty,
    }
    if parameter.kind == "bool":
        return forms.BooleanField(**{**common, "required": False})
    if parameter.kind == "choice":
        blank = [("", names.empty(parameter))] if parameter.empty else []
        return forms.ChoiceField(choices=blank + [(choice, choice) for choice in parameter.choices], **common)
    low, high = parameter.low, parameter.high
    if parameter.kind == "int":
        lowest, highest = (None if limit is None else int(limit) for limit in (low, high))
        return forms.IntegerField(min_value=lowest, max_value=highest, **common)
    return forms.FloatField(min_value=low, max_value=high, **common)


def _help(parameter: Parameter) -> str:
    parts = [_(parameter.help)]
    if parameter.low is not None and parameter.high is not None:
        limits = {"low": f"{parameter.low:g}", "high": f"{parameter.high:g}"}
        parts.append(_("From %(low)s to %(high)s.") % limits)
    if parameter.empty:
        parts.append(_("Leave it empty for “%(meaning)s”.") % {"meaning": names.empty(parameter)})
    default = names.empty(parameter) if parameter.default is None else parameter.default
    parts.append(_("Default: %(default)s.") % {"default": default})
    return " ".join(parts)
