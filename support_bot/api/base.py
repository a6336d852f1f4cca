"""What every call of the API has in common: who may, in which shape, kept by no cache."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from .. import dialogue
from ..adapters import get_adapter
from ..models import Conversation
from ..types import Subject
from . import errors, serializers
from .parsing import BoundedJSONParser, refuse_large
from .throttling import ByAddress, ByConversation, ByVisitor

logger = logging.getLogger(__name__)

TOKEN: Final = "X-Conversation-Token"  # noqa: S105 - the header's name


class View(APIView):
    """JSON in and out, no version, never kept by any cache; errors in the API's own shape.

    Not in the host's transaction under ``ATOMIC_REQUESTS``: a message is accepted, and committed, before it
    is answered.
    """

    permission_classes = [AllowAny]
    throttle_classes = [ByVisitor, ByAddress]
    parser_classes = [BoundedJSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    versioning_class = None
    subject: Subject

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_exception_handler(self) -> Any:
        return errors.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        refuse_large(request._request)
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        try:
            self.subject = get_adapter().subject(request._request)
        except (exceptions.APIException, PermissionDenied, Http404):
            raise
        except Exception as error:
            logger.exception("The adapter could not tell who is asking")
            raise errors.Unavailable from error

    def only_reads(self, request: Request) -> bool:
        """Whether the call counts as reading for the throttles."""
        return request.method in SAFE_METHODS

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["Cookie", "Authorization", TOKEN])
        return response


class ConversationView(View):
    """Base of what is done within a conversation, ``self.conversation``: for its owner, or with the token of
    a guest's, which is the customer's own from the first call after a login on.

    For everybody else it does not exist, whatever the method. The token needs no CSRF value: no other site
    can make a browser send that header. The owner's browser needs one.
    """

    throttle_classes = [ByConversation, ByVisitor, ByAddress]
    conversation: Conversation | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.conversation is None:
            raise exceptions.NotFound

    def perform_authentication(self, request: Request) -> None:
        key, token = self.conversation_key(), request.headers.get(TOKEN) or None
        if token and dialogue.is_its_token(key, token):
            request._request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        by_session = getattr(request._request, "user", None)
        try:
            super().perform_authentication(request)
        except exceptions.PermissionDenied:
            # To an owner it is said that the CSRF value is missing, to others nothing.
            owner = Subject(user_key=get_adapter().user_key(by_session))
            if dialogue.find_conversation(key, subject=owner) is None:
                raise exceptions.NotFound from None
            raise
        found = dialogue.find_conversation(key, subject=self.subject, token=token)
        self.conversation = found if found is not None and dialogue.adopt(found, self.subject) else None

    def conversation_key(self) -> Any:
        """What the address says of the conversation."""
        return self.kwargs["pk"]

    @property
    def found(self) -> Conversation:
        """The conversation, once :meth:`initial` has let the call through."""
        assert self.conversation is not None  # noqa: S101 - for the type checker
        return self.conversation


def checked(serializer: Any, data: Any) -> dict[str, Any]:
    """``data`` as the serializer lets it through; ``ValidationError`` otherwise."""
    return dict(serializer.run_validation(data))


def problems(*codes: int) -> dict[int, Any]:
    """What the schema says of these answers."""
    return dict.fromkeys(codes, serializers.SupportProblem)
