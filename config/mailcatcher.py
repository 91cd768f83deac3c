"""The mail of a demo: an SMTP server that keeps every message as a file, and a page to read them. Sends nothing on.

Run as `python -m config.mailcatcher FOLDER --smtp-port 1025 --port 8025`; both listen on this machine alone.
"""

import argparse
import html
import signal
import threading
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f4; padding: 1rem; font: inherit; }
"""


class MailFolder:
    """Messages as .eml files, named by the moment they came, so that names sort by age."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What aiosmtpd calls for each message."""
        with self._lock:
            name = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ.eml")
            # Under another name first: a reader never sees half a message.
            half = self.folder / f"{name}.part"
            recipients = ", ".join(envelope.rcpt_tos)
            half.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + (envelope.original_content or b""))
            half.rename(self.folder / name)
        return "250 Kept"

    def names(self) -> list[str]:
        """The newest first."""
        return sorted((path.name for path in self.folder.glob("*.eml")), reverse=True)

    def message(self, name: str) -> EmailMessage | None:
        if name not in self.names():  # also keeps out any path that leads elsewhere
            return None
        return message_from_bytes((self.folder / name).read_bytes(), policy=default_policy)


class Page(BaseHTTPRequestHandler):
    """The list of messages, one message, one attachment. Shows text only; nothing of a message is ever run."""

    mail: ClassVar[MailFolder]
    server_version = "mailcatcher"

    def do_GET(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/") if part]
        message = self.mail.message(parts[0]) if parts else None
        if not parts:
            self._send(self._list())
        elif message is None:
            self._send(_page("Not found", "<p>There is no such message.</p>"), HTTPStatus.NOT_FOUND)
        elif len(parts) == 1:
            self._send(self._one(parts[0], message))
        else:
            self._attachment(message, parts[1])

    def _list(self) -> str:
        rows = []
        for name in self.mail.names()[:500]:
            message = self.mail.message(name)
            if message is not None:
                cells = "".join(f"<td>{_cell(message, head)}</td>" for head in ("Date", "From", "To"))
                rows.append(f"<tr>{cells}<td><a href='/{name}'>{_cell(message, 'Subject') or '—'}</a></td></tr>")
        head = "<tr><th>Date</th><th>From</th><th>To</th><th>Subject</th></tr>"
        return _page("Caught mail", f"<table>{head}{''.join(rows)}</table>" if rows else "<p>No mail yet.</p>")

    def _one(self, name: str, message: EmailMessage) -> str:
        heads = "".join(
            f"<tr><th>{html.escape(head)}</th><td>{html.escape(str(value))}</td></tr>"
            for head, value in message.items()
        )
        body = message.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        attachments = "".join(
            f"<li><a href='/{name}/{number}'>{html.escape(part.get_filename() or part.get_content_type())}</a></li>"
            for number, part in enumerate(message.iter_attachments())
        )
        return _page(
            str(message["Subject"] or "—"),
            f"<p><a href='/'>All mail</a></p><table>{heads}</table>"
            f"<pre>{html.escape(str(text))}</pre><ul>{attachments}</ul>",
        )

    def _attachment(self, message: EmailMessage, number: str) -> None:
        attachments = list(message.iter_attachments())
        if not number.isdecimal() or int(number) >= len(attachments):
            self._send(_page("Not found", "<p>There is no such attachment.</p>"), HTTPStatus.NOT_FOUND)
            return
        part = attachments[int(number)]
        content = part.get_payload(decode=True)
        # As a download of no particular type: the browser keeps it and opens nothing.
        extension = "".join(
            letter for letter in Path(part.get_filename() or "").suffix if letter.isalnum() or letter == "."
        )
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Disposition", f'attachment; filename="attachment-{number}{extension}"')
        self._end(content if isinstance(content, bytes) else bytes(part))

    def _send(self, page: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self._end(page.encode())

    def _end(self, body: bytes) -> None:
        self.send_header(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-downloads"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet: the web server's log is enough."""


def _cell(message: EmailMessage, head: str) -> str:
    return html.escape(str(message[head] or ""))


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{html.escape(title)}</title>"
        f"<style>{_STYLE}</style><h1>{html.escape(title)}</h1>{body}</html>"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Catch mail and show it.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--port", type=int, default=8025)
    options = parser.parse_args()

    mail = MailFolder(options.folder)
    smtp = Controller(mail, hostname="127.0.0.1", port=options.smtp_port, data_size_limit=64 * 1024 * 1024)
    smtp.start()
    Page.mail = mail
    web = ThreadingHTTPServer(("127.0.0.1", options.port), Page)
    web.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=web.shutdown).start())
    web.serve_forever()
    web.server_close()
    smtp.stop()


if __name__ == "__main__":
    main()
