"""Clew's application: the one place where its parts are wired.

`create_app` makes them and starts nothing; gunicorn.conf.py starts each worker's own work after
fork. `python app.py` hands over to the supervisor, which starts the engines and gunicorn;
`python app.py crawl …` to the command line.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    # Before the app's own imports: neither needs them. The supervisor spares time and memory, and
    # commands are clients of the API: they need no database.
    if len(sys.argv) > 1:
        from crawler.terminal.command import main as run_command
        from supervision.visiting import Visit

        run_command(Visit)
    from supervisor import main

    sys.exit(main())

from flask import Flask

from crawler.runtime.worker import Runtime
from crawler.settings import Settings, SettingsError, load_secret
from crawler.storage.reading import ReadingStore
from crawler.web import (
    api,
    functions,
    health,
    pages,
    prefix,
    problems,
    requests,
    security,
    stream,
)
from crawler.web.services import EXTENSION, Services

_ROOT = Path(__file__).resolve().parent
_MOST_BODY_BYTES = 4 * 2**20
_BLUEPRINTS = (
    api.blueprint,
    functions.blueprint,
    health.blueprint,
    pages.blueprint,
    stream.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application, by settings that are read from the environment where none are given.

    Raises:
        SettingsError: when a setting is wrong, or no engines are named.
    """
    settings = settings or Settings.from_environ(os.environ)
    app = Flask(
        __name__, template_folder=str(_ROOT / "templates"), static_folder=str(_ROOT / "static")
    )
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = _services(settings)
    _register(app, settings.public_url)
    return app


def _services(settings: Settings) -> Services:
    if settings.database_url is None or settings.redis_url is None:
        raise SettingsError(
            "DATABASE_URL and REDIS_URL are unset: start Clew by `python app.py`, which starts"
            " the engines, or set both"
        )
    secret = settings.secret or load_secret(settings.data_dir)
    runtime = Runtime(settings, settings.database_url, settings.redis_url, secret)
    return Services(
        settings=settings,
        secret=secret,
        policy=runtime.policy,
        sealer=runtime.sealer,
        jobs=runtime.jobs,
        pages=runtime.pages,
        links=runtime.links,
        reading=ReadingStore(runtime.database),
        reports=runtime.reports,
        exports=runtime.exports,
        search=runtime.search,
        waits=runtime.waits,
        comparisons=runtime.comparisons,
        runtime=runtime,
    )


def _register(app: Flask, public_url: str | None) -> None:
    """What every request passes through, the routes, and at last the prefix in front of all."""
    for part in (problems, security, requests):
        part.register(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    prefix.register(app, public_url)
