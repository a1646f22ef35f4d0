"""The dashboard's built files, read once and served from memory, and the headers they need.

A build has three or four files of some 100 kB in all: held compressed, with their hashes, a request
costs a look into a dictionary, and no address can lead out of the folder.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from api import problem_types, problems

log = structlog.get_logger()

FOLDER = Path(__file__).parent / "dashboard" / "static"
PAGE = "index.html"
PAGES = ("/", "/now", "/animals/{animal_id}")  # addresses that a person may reload or send on
FILES_MAX = 200
FILE_BYTES_MAX = 4 * 1024 * 1024
VERSION_CHARS_MIN = 8  # of a file's SHA-256 in `?v=`: 32 bits tell two builds apart
MISSING = (
    "The dashboard's files are missing: build them with `npm run build` in api/dashboard, then "
    "start the API again. Everything below /api/v1 and /live works without them.\n"
)
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
SQUEEZED_ALREADY = {".woff2", ".png", ".jpg", ".webp", ".ico"}
# Scripts and styles of our own files alone: a cow named `<script>` stays a name.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file of the build. squeezed: gzip of body, None = not worth it. hash: SHA-256, hex."""

    body: bytes
    squeezed: bytes | None
    media_type: str
    hash: str


def read_files(folder: Path) -> dict[str, WebFile]:
    """The files of a build by their path in it; empty if there is none. Raises OSError."""
    if not (folder / PAGE).is_file():
        return {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())[:FILES_MAX]
    return {
        path.relative_to(folder).as_posix(): _read(path)
        for path in paths
        if path.stat().st_size <= FILE_BYTES_MAX
    }


def _read(path: Path) -> WebFile:
    body = path.read_bytes()
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    squeezed = None if path.suffix in SQUEEZED_ALREADY else gzip.compress(body, 9, mtime=0)
    if squeezed is not None and len(squeezed) >= len(body):
        squeezed = None
    return WebFile(
        body, squeezed, guessed or "application/octet-stream", hashlib.sha256(body).hexdigest()
    )


def serve_dashboard(app: FastAPI, folder: Path = FOLDER) -> None:
    """Add the dashboard's addresses to the application."""
    files = read_files(folder)
    if not files:
        log.warning("dashboard_missing", folder=str(folder))

    async def page(request: Request) -> Response:
        if PAGE not in files:
            return PlainTextResponse(MISSING, HTTPStatus.SERVICE_UNAVAILABLE)
        return answer(request, files[PAGE], cache="no-store")

    async def asset(request: Request) -> Response:
        file = files.get(request.path_params["path"])
        if file is None:
            return problems.response(problem_types.NOT_FOUND)
        version = request.query_params.get("v", "")
        named = len(version) >= VERSION_CHARS_MIN and file.hash.startswith(version)
        # a version that is not this file's is of another build: it must not stay in any cache
        cache = "public, max-age=31536000, immutable" if named else "no-cache"
        return answer(request, file, cache=cache)

    for path in PAGES:
        app.add_api_route(path, page, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route(
        "/assets/{path:path}", asset, methods=["GET", "HEAD"], include_in_schema=False
    )


def answer(request: Request, file: WebFile, *, cache: str) -> Response:
    """The file as the request wants it: squeezed or not, or just `304 Not Modified`."""
    squeezed = file.squeezed if _takes_gzip(request) else None
    tag = f'"{file.hash[:32]}{"-gz" if squeezed else ""}"'
    headers = {
        "ETag": tag,
        "Cache-Control": cache,
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": POLICY,
    }
    known = request.headers.get("if-none-match", "")
    if cache != "no-store" and tag in (part.strip() for part in known.split(",")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if squeezed:
        headers["Content-Encoding"] = "gzip"
    return Response(squeezed or file.body, headers=headers, media_type=file.media_type)


def _takes_gzip(request: Request) -> bool:
    accepted = request.headers.get("accept-encoding", "")
    for part in accepted.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
