"""The minimal project's pages, and the API where it is installed."""

import os

from django.urls import include, path

from tests.minimal.urls import urlpatterns as pages

urlpatterns = list(pages)
if os.environ["EXTRA"] == "support":
    from drf_spectacular.views import SpectacularAPIView

    urlpatterns += [
        path("support/", include("support_bot.urls")),
        path("api/support/", include("support_bot.api.urls")),
        path("api/schema/", SpectacularAPIView.as_view()),
    ]
if os.environ["EXTRA"] == "api":
    from drf_spectacular.views import SpectacularAPIView

    urlpatterns += [
        path("api/recommendations/", include("recommendations.api.urls")),
        path("api/schema/", SpectacularAPIView.as_view()),
    ]
