"""The views of the API. Each names its own policy; authentication stays the host's."""

from __future__ import annotations

from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..conf import settings


class PlacementList(APIView):
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    def get(self, request: Request) -> Response:
        return Response([{"slug": slug, "title": str(fields["title"])} for slug, fields in settings.PLACEMENTS.items()])
