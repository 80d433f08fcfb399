from django.contrib import admin
from django.urls import include, path
from library.views import BookList
from rest_framework.authtoken.views import obtain_auth_token

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/token/", obtain_auth_token),
    path("api/books/", BookList.as_view()),
]
