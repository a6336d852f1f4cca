"""Who may do what: recommendations are for everyone, runs are for those with the model permission."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

APP: str = "concierge_recommendations"


class RunPermission(BasePermission):
    """The permission that the view names in ``permissions[method]``, such as ``view_modelrun``."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = view.permissions.get(request.method or "")  # type: ignore[attr-defined]
        user = request.user
        if not user or not user.is_authenticated:
            return False
        return request.method == "OPTIONS" or (needed is not None and user.has_perm(f"{APP}.{needed}"))
