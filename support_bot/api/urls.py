"""The API's addresses; the prefix is the host's choice, ``include("support_bot.api.urls")``.

What is no id is found out by the views, so that every 404 has the API's own shape.
"""

from django.urls import path

from . import views

app_name = "support_bot_api"

urlpatterns = [
    path("session/", views.Session.as_view(), name="session"),
    path("conversations/", views.ConversationList.as_view(), name="conversations"),
    path("conversations/<str:pk>/messages/", views.MessageList.as_view(), name="messages"),
    path("conversations/<str:pk>/hand-over/", views.HandOver.as_view(), name="hand-over"),
    path("messages/<str:pk>/feedback/", views.MessageFeedback.as_view(), name="feedback"),
    path("faq/", views.Faq.as_view(), name="faq"),
    path("me/", views.Me.as_view(), name="me"),
    path("me/consent/", views.Consent.as_view(), name="consent"),
]
