"""Who may ask: Host, origin, token; and what pages may load.

Without a token Clew answers only its own machine, by names that no other page can claim (a
rebound DNS name is a foreign Host), and nothing that a proxy forwarded. With one, the API takes
it as `Authorization: Bearer` and pages take a cookie that the sign-in form sets.
"""

import hashlib
import hmac
import re
import time
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from itsdangerous import BadSignature, TimestampSigner
from werkzeug.wrappers import Response as AnyResponse

from crawler.domain.errors import FieldError
from crawler.settings import Settings
from crawler.web.problems import Forbidden, Unauthorized
from crawler.web.services import services

COOKIE = "clew_session"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_COOKIE_SECONDS = 30 * 86_400
_WRONG_TOKEN_SECONDS = 0.5
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip")
_PORT = re.compile(r":\d*$")
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN_ENDPOINTS = frozenset(
    {"health.healthz", "health.readyz", "security.sign_in", "security.sign_in_page", "static"}
)
_SIGNED_ENDPOINTS = frozenset({"functions.crawl", "functions.process"})

blueprint = Blueprint("security", __name__)


def register(app: Flask) -> None:
    """Has every request checked and every response marked."""
    app.register_blueprint(blueprint)
    app.before_request(_check)
    app.after_request(_mark)


def _check() -> AnyResponse | None:
    if request.endpoint in ("health.healthz", "health.readyz"):
        return None
    if request.endpoint in _SIGNED_ENDPOINTS:
        return None  # signed calls, from any machine of ours; verified where they arrive
    settings = services().settings
    _check_host(settings)
    bearer = _has_bearer(settings)
    if request.method not in _SAFE_METHODS and not bearer:
        _check_origin(settings)
    if settings.token is None or bearer or request.endpoint in _OPEN_ENDPOINTS or _has_cookie():
        return None
    if request.path.startswith("/api/"):
        raise Unauthorized("This needs the access token, as Authorization: Bearer.")
    return redirect(url_for("security.sign_in_page", next=_here()))


def _check_host(settings: Settings) -> None:
    host = request.headers.get("Host", "")
    name = _PORT.sub("", host)
    if settings.token is None:
        forwarded = [each for each in _FORWARDING if each in request.headers]
        if name.lower() not in _LOCAL_HOSTS:
            raise _foreign_host()
        if forwarded:
            raise Forbidden(
                "Without CLEW_TOKEN nothing that a proxy forwarded is answered.",
                code="forwarded",
                errors=(FieldError(forwarded[0], "is present"),),
            )
    elif settings.public_url is not None:
        accepted = {urlsplit(settings.public_url).netloc.lower()}
        if host.lower() not in accepted and name.lower() not in _LOCAL_HOSTS:
            raise _foreign_host()


def _foreign_host() -> Forbidden:
    return Forbidden(
        "This Host is not answered here; see CLEW_PUBLIC_URL.",
        code="foreign-host",
        errors=(FieldError("Host", "is not one of this server's names"),),
    )


def _check_origin(settings: Settings) -> None:
    """Refuses what another page may have sent; clients that are no browser send neither header."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        allowed = origin is None or origin.lower() in _own_origins(settings)
    if not allowed:
        raise Forbidden(
            "Another site may not do this in your name.",
            code="cross-origin",
            errors=(FieldError("Origin", "is another site"),),
        )


def _own_origins(settings: Settings) -> set[str]:
    own = {f"{request.scheme}://{request.host}".lower()}
    if settings.public_url is not None:
        public = urlsplit(settings.public_url)
        own.add(f"{public.scheme}://{public.netloc}".lower())
    return own


def _has_bearer(settings: Settings) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if settings.token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), settings.token.encode())


def _signer() -> TimestampSigner:
    """Signs what the token was, so that a changed token ends every session."""
    token = services().settings.token or ""
    key = hmac.new(services().secret.encode(), b"session:" + token.encode(), hashlib.sha256)
    return TimestampSigner(key.digest(), salt="clew-session")


def _has_cookie() -> bool:
    try:
        _signer().unsign(request.cookies.get(COOKIE, ""), max_age=_COOKIE_SECONDS)
    except BadSignature:
        return False
    return True


def _here() -> str:
    query = request.query_string.decode("latin-1")
    return request.script_root + request.path + (f"?{query}" if query else "")


@blueprint.get("/sign-in")
def sign_in_page() -> str:
    """The form that asks for the token."""
    return render_template("sign_in.html", next=_safe_next(), error=None)


@blueprint.post("/sign-in")
def sign_in() -> AnyResponse | tuple[str, int]:
    """Sets the session cookie for the right token."""
    settings = services().settings
    given = request.form.get("token", "").strip().encode()
    if settings.token is None or not hmac.compare_digest(given, settings.token.encode()):
        time.sleep(_WRONG_TOKEN_SECONDS)
        page = render_template(
            "sign_in.html", next=_safe_next(), error="That is not this server's token."
        )
        return page, 401
    response = redirect(_safe_next(), 303)
    response.set_cookie(
        COOKIE,
        _signer().sign("in").decode(),
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=(settings.public_url or "").startswith("https:"),
        path=request.script_root or "/",
    )
    return response


def _safe_next() -> str:
    """Where to go after signing in: a path of this server, never `//elsewhere`."""
    target = request.values.get("next", "")
    if target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable():
        return target
    return url_for("pages.index")


def _mark(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not "no-referrer": browsers would then send the forms' own posts with `Origin: null`.
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return response
