"""The API's addresses; the prefix is the host's choice, ``include("recommendations.api.urls")``."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from . import views


class RunNumber(IntConverter):
    """As many digits as a primary key can have."""

    regex = "[0-9]{1,18}"


register_converter(RunNumber, "recommendations_run")

app_name = "recommendations_api"

urlpatterns = [
    path("placements/", views.PlacementList.as_view(), name="placements"),
    path("placements/<str:slug>/", views.PlacementDetail.as_view(), name="placement"),
    path("rank/", views.Rank.as_view(), name="rank"),
    path("runs/", views.RunList.as_view(), name="runs"),
    path("runs/<recommendations_run:pk>/", views.RunDetail.as_view(), name="run"),
    path("runs/<recommendations_run:pk>/activate/", views.RunActivate.as_view(), name="activate"),
    path("runs/<recommendations_run:pk>/cancel/", views.RunCancel.as_view(), name="cancel"),
]
