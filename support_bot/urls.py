"""The pages' addresses; the prefix is the host's: ``path("support/", include("support_bot.urls"))``."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "support_bot"

urlpatterns = [
    path("", views.conversation, name="page"),
    path("send/", views.send, name="send"),
    path("vote/", views.vote, name="vote"),
    path("person/", views.person, name="person"),
    path("restart/", views.restart, name="restart"),
    path("your-data/", views.your_data, name="your-data"),
    path("your-data/export/", views.export, name="export"),
    path("your-data/erase/", views.erase, name="erase"),
    path("your-data/consent/", views.consent, name="consent"),
    path("faq/", views.faq, name="faq"),
]
