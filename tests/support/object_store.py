"""An object store that speaks as much of S3 as a gallery asks for, in memory, on this machine, for tests."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Objects(BaseHTTPRequestHandler):
    """Path-style requests; signatures are not looked at. The server holds ``held``: key -> bytes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets; the second would wait for the first's receipt

    def log_message(self, *_: object) -> None:
        pass

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path.lstrip("/"))

    @property
    def asked(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query, keep_blank_values=True).items()}

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, code: int, data: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self) -> None:
        data, asked = self.body(), self.asked
        self.server.before_put(self.key)
        with self.server.lock:
            if "partNumber" in asked:
                self.server.parts[asked["uploadId"], int(asked["partNumber"])] = data
            elif self.headers.get("If-None-Match") == "*" and self.key in self.server.held:
                return self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
            elif source := self.headers.get("x-amz-copy-source"):
                self.server.keep(self.key, self.server.held[unquote(source).lstrip("/")])
                return self.answer(200, b"<CopyObjectResult><ETag>x</ETag></CopyObjectResult>")
            else:
                self.server.keep(self.key, data)
        return self.answer(200, ETag=etag(data))

    def do_POST(self) -> None:
        data, asked = self.body(), self.asked
        if "uploads" in asked:
            self.server.uploads += 1
            told = f"<InitiateMultipartUploadResult><UploadId>{self.server.uploads}</UploadId>"
            return self.answer(200, (told + "</InitiateMultipartUploadResult>").encode())
        if "uploadId" in asked:
            with self.server.lock:
                mine = sorted(part for part in self.server.parts if part[0] == asked["uploadId"])
                self.server.keep(self.key, b"".join(self.server.parts.pop(part) for part in mine))
            told = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
            return self.answer(200, told.encode())
        bucket = self.key.split("/")[0]
        keys = re.findall(r"<Key>(.*?)</Key>", data.decode())
        for key in keys:
            self.server.held.pop(f"{bucket}/{key}", None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def do_DELETE(self) -> None:
        self.server.held.pop(self.key, None)
        self.answer(204)

    def do_HEAD(self) -> None:
        if self.key not in self.server.held:
            return self.answer(404)
        data = self.server.held[self.key]
        return self.answer(
            200, Content_Length=str(len(data)), ETag=etag(data), Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"
        )

    def do_GET(self) -> None:
        if "list-type" in self.asked:
            return self.answer(200, self.listing().encode())
        if self.key not in self.server.held:
            return self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        data = self.server.held[self.key]
        headers = {"ETag": etag(data), "Last_Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        wanted = self.headers.get("Range")
        if not wanted:
            return self.answer(200, data, **headers)
        first, last = wanted.removeprefix("bytes=").split("-")
        start = int(first) if first else len(data) - int(last)
        end = min(int(last), len(data) - 1) if first and last else len(data) - 1
        return self.answer(206, data[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(data)}", **headers)

    def listing(self) -> str:
        bucket, asked = self.key.rstrip("/"), self.asked
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        keys = sorted(
            key.removeprefix(f"{bucket}/") for key in self.server.held if key.startswith(f"{bucket}/{prefix}")
        )
        if after := asked.get("start-after"):
            keys = [key for key in keys if key > after]
        folders = {prefix + key[len(prefix) :].split(delimiter)[0] + delimiter for key in keys} if delimiter else set()
        folders = {folder for folder in folders if any(key.startswith(folder) for key in keys)}
        files = [key for key in keys if not any(key.startswith(folder) for folder in folders)]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{self.server.written[f'{bucket}/{key}'].isoformat()}</LastModified><ETag>x</ETag>"
            f"<Size>{len(self.server.held[f'{bucket}/{key}'])}</Size></Contents>"
            for key in files
        )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>" for folder in sorted(folders)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{common}</ListBucketResult>"


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


class Store(ThreadingHTTPServer):
    """The server and what it holds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Objects)
        self.held: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.ahead = timedelta()  # of its clock before that of this machine
        self.parts: dict[tuple[str, int], bytes] = {}
        self.uploads = 0
        self.lock = Lock()
        self.before_put: Callable[[str], object] = lambda key: None

    def keep(self, key: str, data: bytes) -> None:
        """Hold an object, and when it was written."""
        self.held[key], self.written[key] = data, datetime.now(UTC) + self.ahead

    @property
    def options(self) -> dict[str, str]:
        """What LanceDB must be told to find it."""
        return {
            "aws_endpoint": f"http://127.0.0.1:{self.server_address[1]}",
            "allow_http": "true",
            "aws_access_key_id": "x",
            "aws_secret_access_key": "x",
            "aws_region": "us-east-1",
            "aws_virtual_hosted_style_request": "false",
        }


@contextmanager
def object_store() -> Iterator[Store]:
    """A store that runs while the block does."""
    with Store() as store:
        thread = Thread(target=store.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield store
        finally:
            store.shutdown()
            thread.join()
