"""Mounts the admin, both APIs and, with SILK=1, the profiler."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

import crm.api.urls
import migration_ops.api.urls

admin.autodiscover()
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v2/", include((crm.api.urls.urlpatterns, "ninja"), namespace="api-v2")),
    path("api/", include((migration_ops.api.urls.urlpatterns, "ninja"), namespace="api-v1")),
]
if settings.SILK:
    urlpatterns.append(path("silk/", include("silk.urls", namespace="silk")))
