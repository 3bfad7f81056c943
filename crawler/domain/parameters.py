"""Parameters of a URL that name no page: who sent the visitor, and which visit this is.

One page linked from twenty newsletters, or on a site that puts the session into its links, would
otherwise be fetched again under every such address, without end.
"""

import re

_FAMILIES = (
    "utm_", "hsa_", "mtm_", "matomo_", "pk_", "piwik_", "at_campaign", "at_medium", "aspsessionid",
)  # fmt: skip
"""How names begin that Google Analytics, HubSpot, Matomo and AT Internet give to campaigns, and
ASP to sessions (letters of the server's choice follow)."""

_TRACKING = (
    "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid",
    "_ga", "_gl",  # Google: ads, shopping, cross-domain measurement
    "fbclid", "igshid", "igsh", "fb_action_ids", "fb_action_types", "fb_source", "fb_ref",  # Meta
    "msclkid", "yclid", "ysclid", "_openstat", "twclid", "ttclid", "li_fat_id", "epik", "rdt_cid",
    "sccid", "irclickid", "rb_clickid", "s_kwcid", "ef_id", "wickedid", "_branch_match_id",
    "mc_cid", "mc_eid", "mkt_tok", "vero_id", "vero_conv", "oly_anon_id", "oly_enc_id", "__s",
    "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking",  # mail campaigns
)  # fmt: skip
"""Names that Firefox (query stripping), Brave and the ClearURLs rules remove on every site.

Short and common words that those lists remove on single sites only (`ref`, `source`, `spm`) stay:
elsewhere they choose what is shown.
"""

_SESSIONS = ("phpsessid", "jsessionid", "cfid", "cftoken", "oscsid", "zenid")
"""Names that frameworks give to sessions (PHP, servlets, ColdFusion, osCommerce, Zen Cart)."""

_MAYBE_SESSIONS = ("s", "sid", "sess", "sessid", "session", "sessionid", "session_id")
"""Names that also stand for searches, shops and talks at conferences: the value decides."""


_NAMES = frozenset(_TRACKING + _SESSIONS)

# A random token: long, letters and digits mixed. 24 hexadecimal digits are left alone, since that
# is how MongoDB names the things themselves; so are UUIDs, with their hyphens.
_TOKEN = re.compile(r"(?![0-9a-f]{24}$)(?=[a-z]*[0-9])(?=[0-9]*[a-z])[0-9a-z]{20,}", re.IGNORECASE)


def _beginnings(names: tuple[str, ...]) -> str:
    """An expression for the first two characters of `name=`: few queries get past it."""
    seconds: dict[str, set[str]] = {}
    for name in names:
        seconds.setdefault(name[0], set()).add(f"{name}="[1])
    return "|".join(f"{first}[{''.join(sorted(each))}]" for first, each in seconds.items())


_SUSPECT = re.compile(
    f"[?&](?:{_beginnings(_FAMILIES + _TRACKING + _SESSIONS + _MAYBE_SESSIONS)})",
    re.IGNORECASE | re.ASCII,
)

# Servlets put the session into the path, behind any segment. A segment that would be left empty
# or as dots stays as it is: `/..;jsessionid=1/` would turn into another folder's address.
_PATH_SESSION = re.compile(r"(?<=[^/.])(?:;jsessionid=[^/?;]*)+", re.IGNORECASE | re.ASCII)


def without_visit(url: str) -> str:
    """A URL without fragment, its parameters of tracking and sessions left out.

    The others keep their order and their bytes; a query of which nothing is left goes.
    """
    path, mark, query = url.partition("?")
    if ";" in path:
        # A host may hold one, too, and would turn into another host without what follows.
        start = path.index("/", path.index("//") + 2)
        path = path[:start] + _PATH_SESSION.sub("", path[start:])
    if mark and _SUSPECT.search(url, len(path)):
        query = "&".join(each for each in query.split("&") if not _is_of_the_visit(each))
    return f"{path}?{query}" if query else path


def _is_of_the_visit(parameter: str) -> bool:
    key, _, value = parameter.partition("=")
    key = key.lower()
    if key in _MAYBE_SESSIONS:
        return _TOKEN.fullmatch(value) is not None
    return key in _NAMES or key.startswith(_FAMILIES)
