from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from .models import Thing


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "minimal/home.html")


def thing(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "minimal/thing.html", {"thing": get_object_or_404(Thing, pk=pk)})


urlpatterns = [path("", home, name="home"), path("<int:pk>/", thing, name="thing")]
