"""The forms of a build: starting one, and moving the thresholds of the one that answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from support_bot.models import ActiveKnowledge, KnowledgeBuild

from . import describe
from .build_details import curve_points, point_words

MAX_SEED = 2**31 - 1  # what a PositiveIntegerField holds on every database
AS_LEARNED = ""


class StartBuildForm(forms.Form):
    """What may be chosen before the bot learns its FAQ anew."""

    activate = forms.BooleanField(
        label=gettext_lazy("Activate when it is good enough"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Answer from it at once when it is not worse than the active build."),
    )
    seed = forms.IntegerField(
        label=gettext_lazy("Random seed"),
        min_value=0,
        max_value=MAX_SEED,
        initial=0,
        help_text=gettext_lazy("The same seed on the same entries gives the same build."),
    )

    def start(self, user: Any) -> KnowledgeBuild:
        """Order the build. Raises ``AlreadyBuilding`` while another one is live."""
        return KnowledgeBuild.objects.start(
            user=user, via="admin", seed=self.cleaned_data["seed"], activate=self.cleaned_data["activate"]
        )


class ThresholdsForm(forms.Form):
    """One choice a language: a point of its curve, or as learned."""

    def __init__(self, *args: Any, build: KnowledgeBuild, active: ActiveKnowledge, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = describe.mapping(active.thresholds)
        for code, report in describe.mapping(build.metrics).items():
            told = describe.mapping(report)
            choices = [(f"{at:.6g}", point_words(at, point)) for at, point in curve_points(told)]
            if not choices:
                continue
            learned = _("as learned: %s") % describe.figure(told.get("threshold"))
            set_to = describe.number(own.get(code))
            initial = AS_LEARNED if set_to is None else f"{set_to:.6g}"
            if initial not in (AS_LEARNED, *(value for value, _words in choices)):
                choices = sorted([*choices, (initial, initial)], key=lambda pair: float(pair[0]))
            self.fields[code] = forms.ChoiceField(
                label=describe.language_name(code),
                choices=[(AS_LEARNED, learned), *choices],
                required=False,
                initial=initial,
            )

    def save(self) -> None:
        """Store the choices; languages that this build does not know keep theirs."""
        for code, value in self.cleaned_data.items():
            ActiveKnowledge.objects.set_threshold(code, float(value) if value else None)

    def words(self) -> str:
        """What was chosen, for the message and the log."""
        learned = _("as learned")
        return ", ".join(f"{code} {value or learned}" for code, value in self.cleaned_data.items())
