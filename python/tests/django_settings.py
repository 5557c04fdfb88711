"""A Django site in one file: settings, views, routes, a form."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

import servers

SECRET_KEY = "of no use"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
MIDDLEWARE = ["abatis.django.middleware", "django.middleware.common.CommonMiddleware"]
ABATIS = servers.settings()
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 24
USE_TZ = True
INSTALLED_APPS = ["rest_framework"]
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
DATABASES: dict[str, object] = {}


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(servers.digest(request.body), content_type="text/plain")


def ok(request: HttpRequest) -> HttpResponse:
    assert request.abatis.verdict is not None
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [path("echo", echo), re_path("", ok)]
