"""Mounts the admin and, with SILK=1, the profiler."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

admin.autodiscover()
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
if settings.SILK:
    urlpatterns.append(path("silk/", include("silk.urls", namespace="silk")))
