"""What process calls say, as JSON: written on one side, read on the other."""

from dataclasses import dataclass
from typing import Any

from crawler.domain.selectors import Selectors
from crawler.functions.wire import malformed
from crawler.storage.results import PageToProcess


@dataclass(frozen=True, slots=True)
class ProcessCall:
    """Pages of a job to process, and what the job takes from them."""

    job_id: str
    pages: list[PageToProcess]
    selectors: Selectors


def process_call_json(call: ProcessCall) -> dict[str, Any]:
    """The body of a `POST /api/v4/process`."""
    return {
        "jobId": call.job_id,
        "contentSelector": call.selectors.content,
        "removeSelectors": list(call.selectors.remove),
        "results": [
            {
                "id": page.id,
                "url": page.url,
                "contentHash": page.content_hash.hex(),
                "contentType": page.content_type,
                "isParsable": page.is_parsable,
                "alternateUrl": page.alternate_url,
                "alternateHash": page.alternate_hash and page.alternate_hash.hex(),
            }
            for page in call.pages
        ],
    }


def pages_left(answer: dict[str, Any], pages: list[PageToProcess]) -> list[PageToProcess]:
    """Of the pages of a call those that it did not get to, by its answer.

    Raises:
        ValueError: when it is no such answer.
    """
    try:
        left = {int(page_id) for page_id in answer["left"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an answer of the process function: {error!r}") from None
    return [page for page in pages if page.id in left]


def read_process_call(body: Any) -> ProcessCall:
    """A process call; one without selectors wants the content as it is found.

    Raises:
        InvalidRequest: when the body is not one.
    """
    try:
        pages = [
            PageToProcess(
                int(row["id"]),
                str(row["url"]),
                bytes.fromhex(row["contentHash"]),
                row["contentType"],
                is_parsable=bool(row.get("isParsable")),
                alternate_url=row.get("alternateUrl"),
                alternate_hash=_hash(row.get("alternateHash")),
            )
            for row in body["results"]
        ]
        selectors = Selectors(
            body.get("contentSelector"), tuple(map(str, body.get("removeSelectors", ())))
        )
        return ProcessCall(str(body["jobId"]), pages, selectors)
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(error) from None


def _hash(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)
