"""URLs of a shop whose office has an admin site of its own, and of agents who have the inbox alone."""

from django.contrib import admin
from django.urls import path

from shop.urls import urlpatterns as shop_patterns
from support_bot.admin import ConversationAdmin, EntryAdmin, HandOverAdmin, KnowledgeBuildAdmin
from support_bot.models import Conversation, Entry, HandOver, KnowledgeBuild

office = admin.AdminSite(name="office")
office.register(Entry, EntryAdmin)
office.register(KnowledgeBuild, KnowledgeBuildAdmin)
office.register(Conversation, ConversationAdmin)
office.register(HandOver, HandOverAdmin)
agents = admin.AdminSite(name="agents")
agents.register(HandOver, HandOverAdmin)
gaps = admin.AdminSite(name="gaps")
gaps.register(Conversation, ConversationAdmin)

urlpatterns = [
    path("office/", office.urls),
    path("agents/", agents.urls),
    path("gaps/", gaps.urls),
    *shop_patterns,
]
