"""URLs of a shop whose office has an admin site of its own, with two of our four lists on it."""

from django.contrib import admin
from django.urls import path

from recommendations.admin import ModelRunAdmin, PlacementAdmin
from recommendations.models import ModelRun, Placement
from shop.urls import urlpatterns as shop_patterns

office = admin.AdminSite(name="office")
office.register(ModelRun, ModelRunAdmin)
runs_only = admin.AdminSite(name="runs")
runs_only.register(ModelRun, ModelRunAdmin)
placements_only = admin.AdminSite(name="placements")
placements_only.register(Placement, PlacementAdmin)
office.register(Placement, PlacementAdmin)

urlpatterns = [
    path("office/", office.urls),
    path("runs/", runs_only.urls),
    path("placements/", placements_only.urls),
    *shop_patterns,
]
