"""The leash, the mail catcher, the log and the files for containers."""

import os
import re
import runpy
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest
import yaml
from django.conf import settings

from config import embedded
from config.logs import without_personal_data

ROOT = Path(__file__).resolve().parents[2]


def test_a_program_that_does_not_stop_is_killed_with_its_children():
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    leash = embedded.leashed([sys.executable, "-c", stubborn], grace=0.2, output=subprocess.PIPE)
    assert leash.stdout is not None
    child = psutil.Process(int(leash.stdout.readline()))
    code = embedded.release(leash)
    assert code == 128 + signal.SIGKILL
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running()


def test_a_leash_passes_on_the_code_of_a_program_that_ends_by_itself():
    leash = embedded.leashed([sys.executable, "-c", "raise SystemExit(7)"])
    assert leash.wait(10) == 7
    embedded.release(leash)


@pytest.fixture
def mail_catcher(tmp_path):
    ports = [free_port(), free_port()]
    leash = embedded.leashed(
        [
            *(sys.executable, "-m", "config.mailcatcher", str(tmp_path)),
            *("--smtp-port", str(ports[0]), "--port", str(ports[1])),
        ],
        cwd=ROOT,
    )
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            fetch(f"http://127.0.0.1:{ports[1]}/")
            break
        except OSError:
            time.sleep(0.05)
    yield ports
    embedded.release(leash)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(address: str) -> tuple[str, dict[str, str]]:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return answer.read().decode(), dict(answer.headers)


def test_caught_mail_is_kept_shown_as_text_and_its_attachments_are_inert(mail_catcher, tmp_path):
    smtp_port, port = mail_catcher
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.nl", "b@example.nl", "Uw klacht <script>"
    message.set_content("Geachte <script>alert(1)</script>")
    message.add_attachment(b"<script>", maintype="text", subtype="html", filename='../a".html')
    with smtplib.SMTP("127.0.0.1", smtp_port) as client:
        client.send_message(message)
    (file,) = tmp_path.glob("*.eml")
    listed, _ = fetch(f"http://127.0.0.1:{port}/")
    shown, head = fetch(f"http://127.0.0.1:{port}/{file.name}")
    _, attachment = fetch(f"http://127.0.0.1:{port}/{file.name}/0")
    assert "Uw klacht &lt;script&gt;" in listed
    assert "Geachte &lt;script&gt;" in shown
    assert "<script" not in listed + shown
    assert head["Content-Security-Policy"].startswith("default-src 'none'")
    assert (attachment["Content-Type"], attachment["Content-Disposition"]) == (
        "application/octet-stream",
        'attachment; filename="attachment-0.html"',
    )
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"http://127.0.0.1:{port}/..%2f..%2fetc%2fpasswd")


def test_a_log_line_holds_no_mail_address_query_or_row():
    line = (
        "Not Found: /zoeken/?q=Jansen&x=1 for jan.jansen+klacht@example.co.nl\n"
        "duplicate key value violates unique constraint\n"
        "DETAIL:  Key (email)=(jan@example.nl, 06-1234) already exists.\n"
    )
    assert without_personal_data(line) == (
        "Not Found: /zoeken/?… for <mail address>\nduplicate key value violates unique constraint\nDETAIL: …"
    )


def test_the_compose_file_has_every_part_with_a_health_check():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {name for name, service in services.items() if "healthcheck" in service} == {
        "postgres",
        "valkey",
        "web",
        "worker",
        "beat",
        "post",
        "mail",
        "proxy",
    }
    # These two do one thing and end.
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"migrate", "backup"}
    for name in ("web", "worker", "beat", "post"):
        environment = services[name]["environment"]
        assert environment["ENVIRONMENT"] == "production"
        assert environment["DATABASE_URL"].startswith("postgresql://gehoor_app:")
        assert not {"OWNER_DATABASE_URL", "ADMIN_DATABASE_URL", "BACKUP_DATABASE_URL"} & set(environment)
    assert "ADMIN_DATABASE_URL" not in services["backup"]["environment"]


def test_every_setting_of_the_compose_file_is_one_that_is_listed():
    """A name that is misspelt would be passed by in silence."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    listed = set(re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name in ("migrate", "backup", "web", "worker", "beat", "post"):
        assert set(services[name]["environment"]) <= listed, name


def test_what_stops_is_given_the_time_to_finish():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    web = runpy.run_path(str(ROOT / "config" / "gunicorn.py"))
    assert int(services["web"]["stop_grace_period"].rstrip("s")) > web["graceful_timeout"]
    assert services["worker"]["stop_signal"] == "SIGQUIT"
    assert int(services["worker"]["stop_grace_period"].rstrip("s")) > settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT


def test_proxy_has_tls_and_tells_who_asked():
    text = (ROOT / "config" / "Caddyfile").read_text()
    assert text.count("{") == text.count("}")
    assert "reverse_proxy web:8000" in text
    assert "{$SITE_NAME:localhost}" in text
    assert "@inside path /gezond/optijd/* /gezond/cijfers/*" in text
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["proxy"]
    assert "./config/Caddyfile:/etc/caddy/Caddyfile:ro" in service["volumes"]


def test_the_lock_file_names_public_sources_only():
    text = (ROOT / "uv.lock").read_text()
    hosts = {part.split("/")[2].rstrip('"') for line in text.splitlines() for part in line.split() if "://" in part}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_running_twice_in_one_folder_is_refused(tmp_path):
    import fcntl

    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4242")
        lock.flush()
        said = subprocess.run(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT,
            env={**os.environ, "VAR_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (said.returncode, "already runs on" in said.stderr, "process 4242" in said.stderr) == (1, True, True)
