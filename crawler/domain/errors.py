"""A user's mistake, told so that it can be mended: a stable code, a sentence, the fields meant.

    Problem
    ├── InvalidRequest       400  invalid-request: `errors` names each field
    ├── UnknownJob           404  unknown-job
    ├── UnknownPage          404  unknown-page
    ├── Conflict             409  wrong-state, nothing-to-do, idempotency-conflict
    └── …                         what the web layer adds (401, 403, 415, …)

The web layer maps them to HTTP in one place (RFC 9457); everything that is not a Problem is
an internal error.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request."""

    field: str
    message: str

    def as_json(self) -> dict[str, str]:
        """As it stands in `errors` of the problem."""
        return {"field": self.field, "message": self.message}


class Problem(Exception):
    """A mistake of the caller."""

    status = 400
    code = "invalid-request"

    def __init__(
        self,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.code = code or self.code
        self.status = status or self.status


class InvalidRequest(Problem):
    """Something in the request is wrong; `errors` says which fields."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(
            "; ".join(f"{each.field} {each.message}" for each in errors), errors=errors
        )


class UnknownJob(Problem):
    """No job has this id, or it was deleted."""

    status = 404
    code = "unknown-job"

    def __init__(self) -> None:
        super().__init__("There is no job with this id.", errors=(FieldError("id", "is unknown"),))


class UnknownPage(Problem):
    """The job has no page with this id."""

    status = 404
    code = "unknown-page"

    def __init__(self) -> None:
        super().__init__(
            "There is no page with this id in the job.",
            errors=(FieldError("pageId", "is unknown"),),
        )


class Conflict(Problem):
    """The request is right in itself, but not in the job's present state."""

    status = 409
    code = "wrong-state"
