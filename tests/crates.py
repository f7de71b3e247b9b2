"""RO-Crates held against roc-validator's profile of Process Run Crates, without a network."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import Any

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
ACCEPT = {"Accept": "application/ld+json, application/json, */*;q=0.1"}


def fill_cache(cache: Path) -> None:
    """Put the JSON-LD context, which rocrate brings, where the validator looks for what it has fetched before."""
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    context = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()

    class Given(HTTPAdapter):
        def send(self, request: Any, *others: Any, **options: Any) -> Any:
            """Answer every request by the context."""
            headers = {"Content-Type": "application/ld+json"}
            raw = HTTPResponse(io.BytesIO(context), headers, 200, preload_content=False, request_url=request.url)
            return self.build_response(request, raw)

    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount("https://w3id.org/", Given())
        assert session.get(CONTEXT, headers=ACCEPT, allow_redirects=True).ok


def objections(crate: Path, cache: Path, severity: str = "REQUIRED") -> list[str]:
    """Return what the validator objects to, of this severity or a graver one: `<severity> <message>`."""
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings

    if not cache.with_suffix(".sqlite").exists():
        fill_cache(cache)
    settings = ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="process-run-crate",
        requirement_severity=Severity[severity],
        offline=True,
        cache_path=cache,
    )
    result = services.validate(settings)
    return [f"{issue.severity.name} {issue.message}" for issue in result.get_issues()]
