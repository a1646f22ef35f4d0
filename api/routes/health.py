"""Whether the process lives, and whether it can answer; and what each problem means."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api import problem_types
from api.dependencies import ServicesDep
from api.problem_types import NOT_FOUND
from api.problems import ProblemError

router = APIRouter(tags=["health"])


@router.get("/health/live")
async def is_live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
def is_ready(services: ServicesDep) -> dict[str, str]:
    """The worklist answers; the problem `unavailable` while it does not."""
    services.worklist.age()
    return {"status": "ready"}


@router.get("/problems/{slug}", response_class=PlainTextResponse)
async def problem_page(slug: str) -> str:
    """What a problem means, and what to do."""
    for problem in problem_types.ALL:
        if problem.slug == slug:
            return f"{problem.title}\n\nStatus {int(problem.status)}. {problem.advice}\n"
    raise ProblemError(NOT_FOUND)
