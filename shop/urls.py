"""The sample shop's addresses; the shop's own pages carry the namespace ``shop``."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from shop.views import account, basket, catalogue, checkout

pages = [
    path("", catalogue.home, name="home"),
    path("c/<slug:slug>/", catalogue.category, name="category"),
    path("search/", catalogue.search_results, name="search"),
    path("p/<int:pk>-<slug:slug>/", catalogue.product, name="product"),
    path("p/<int:pk>.svg", catalogue.picture, name="picture"),
    path("p/<int:pk>/review/", catalogue.review, name="review"),
    path("basket/", basket.show, name="basket"),
    path("basket/add/<int:pk>/", basket.add, name="basket-add"),
    path("basket/coupon/", basket.coupon, name="coupon"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("orders/<slug:number>/thanks/", checkout.thanks, name="thanks"),
    path("account/", account.account, name="account"),
    path("account/points/", account.points, name="points"),
    path("account/orders/<slug:number>/", account.order, name="order"),
    path("account/orders/<slug:number>/cancel/", account.cancel, name="order-cancel"),
    path("account/orders/<slug:number>/address/", account.change_address, name="order-address"),
    path("account/orders/<slug:number>/return/", account.start_return, name="order-return"),
    path("account/orders/<slug:number>/reorder/", account.reorder, name="order-reorder"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("register/", account.Register.as_view(), name="register"),
]

urlpatterns = [
    path("", include((pages, "shop"))),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("shop/favicon.svg"))),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("support/", include("support_bot.urls")),
    path("api/recommendations/", include("recommendations.api.urls")),
    path("api/support/", include("support_bot.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
