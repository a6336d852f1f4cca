"""The API's addresses; the prefix is the host's choice: ``path("api/recommendations/", include("recommendations.api.urls"))``."""

from django.urls import path

from . import views

app_name = "recommendations_api"

urlpatterns = [
    path("placements/", views.PlacementList.as_view(), name="placements"),
]
