"""What the frame of every page shows."""
from typing import Any
from django.http import HttpRequest


def shop(request: HttpRequest) -> dict[str, Any]:
    return {}
