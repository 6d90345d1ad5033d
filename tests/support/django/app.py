#!/usr/bin/env python3
"""A Django project whose every change django-models-logging writes down.

    python app.py STEP

STEP is `setup`, `changes`, `requests` or `bulk`; the database is named by PGHOST, PGPORT and PGUSER.
"""

import os
import sys

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

LOGGED = "models_logging.middleware.LoggingStackMiddleware"


def configure(step):
    # Outside a request nothing would ever write what the middleware collects.
    middleware = ["django.contrib.sessions.middleware.SessionMiddleware",
                  "django.contrib.auth.middleware.AuthenticationMiddleware"]
    settings.configure(
        SECRET_KEY="not a secret",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=middleware + ([LOGGED] if step == "requests" else []),
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "models_logging",
                        "shop"],
        LOGGING_MODELS=("shop",),
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": os.environ["PGUSER"],
            "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
        }},
    )
    sys.modules.setdefault("app", sys.modules[__name__])
    django.setup()


VIEW = """CREATE VIEW project AS SELECT p.id, p.name, c.name AS company FROM shop_project p
          JOIN shop_company c ON c.id = p.company_id WHERE NOT p.is_dummy"""


def setup():
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", run_syncdb=True, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(VIEW)
    from shop.models import Company, Item, Project

    north, delta = Company.objects.create(name="North"), Company.objects.create(name="Delta")
    for n in range(10):
        project = Project.objects.create(name=f"p{n}", company=north if n % 2 else delta, is_dummy=n == 9)
        for i in range(3):
            Item.objects.create(project=project, label=f"i{n}.{i}", price=n)


def changes():
    from django.db import transaction

    from shop.models import Company, Item, Project

    delta = Company.objects.get(name="Delta")
    first = Project.objects.get(name="p0")
    first.name = "renamed \u0e44\u0e17\u0e22"
    first.save()
    Project.objects.create(name="new", company=delta)
    Item.objects.get(label="i1.0").delete()
    Project.objects.get(name="p2").delete()  # cascades to its items
    Project.objects.filter(name="p3").delete()  # a query, of which every object is signalled
    hidden = Project.objects.get(name="p9")
    hidden.is_dummy = False
    hidden.save()
    shown = Project.objects.get(name="p4")
    shown.is_dummy = True
    shown.save()
    with transaction.atomic():
        Project.objects.create(name="in a transaction", company=delta)
        try:
            with transaction.atomic():  # a savepoint
                Project.objects.create(name="taken back", company=delta)
                raise KeyError
        except KeyError:
            pass
    try:
        with transaction.atomic():
            Project.objects.filter(name="p5").first().delete()
            raise KeyError
    except KeyError:
        pass
    moved = Item.objects.get(label="i6.1")
    moved.project = first
    moved.save(update_fields=["project"])


def requests():
    """Through the middleware, which writes one entry for each object a request has touched."""
    from django.test import Client

    client = Client()
    for name in ("create_and_delete", "change_and_delete", "rolled_back", "change_twice"):
        assert client.get(f"/{name}").status_code == 200, name


def create_and_delete(_request):
    from shop.models import Company, Project

    Project.objects.create(name="ghost", company=Company.objects.first()).delete()
    return HttpResponse("done")


def change_and_delete(_request):
    from shop.models import Project

    project = Project.objects.get(name="p6")
    project.name = "doomed"
    project.save()
    project.delete()
    return HttpResponse("done")


def rolled_back(_request):
    from django.db import transaction

    from shop.models import Company, Project

    try:
        with transaction.atomic():
            project = Project.objects.get(name="p7")
            project.name = "never"
            project.save()
            Project.objects.create(name="never", company=Company.objects.first())
            raise KeyError
    except KeyError:
        pass
    return HttpResponse("done")


def change_twice(_request):
    from shop.models import Project

    for notes, name in (("x", "once"), ("y", "twice")):
        project = Project.objects.get(id=Project.objects.get(name__in=("p8", "once")).id)
        project.notes, project.name = notes, name
        project.save()
    return HttpResponse("done")


def bulk():
    """What sends no signal."""
    from django.db import connection

    from shop.models import Company, Item, Project

    delta = Company.objects.get(name="Delta")
    Project.objects.bulk_create([Project(name=f"bulk{n}", company=delta) for n in range(3)])
    Item.objects.filter(label__startswith="i8").update(price=99)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_item WHERE label = 'i7.2'")
        cursor.execute("UPDATE shop_company SET name = 'NORTH' WHERE name = 'North'")


urlpatterns = [path(view.__name__, view) for view in (create_and_delete, change_and_delete, rolled_back, change_twice)]

if __name__ == "__main__":
    steps = {f.__name__: f for f in (setup, changes, requests, bulk)}
    wanted = steps[sys.argv[1]]
    configure(sys.argv[1])
    wanted()
