"""Reading a mail: whatever strangers send, it is read as far as it can be, quickly, and nothing is raised (G11)."""

from __future__ import annotations

import random
import time
from email.message import EmailMessage

import pytest

from complaints.inbox import texts
from complaints.inbox.reading import Report, read
from tests.complaints.inbox.conftest import written


def deep(levels: int) -> bytes:
    head = b"From: a@b.example\nSubject: diep\n"
    return head + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)
    )


def test_words_names_and_files_of_an_ordinary_mail():
    mail = written("Eén.\nTwee.", sender='"Jörg <slim@ander.example>" <jorg@school.example>', subject="Über alles")
    mail.add_alternative("<p>Eén.</p><script>boe</script><p>Twee &amp; drie.</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="brief.pdf")
    found = read(mail.as_bytes())
    assert (found.sender, found.sender_name) == ("jorg@school.example", "Jörg <slim@ander.example>")
    assert (found.subject, found.text, found.is_whole) == ("Über alles", "Eén.\nTwee.", True)
    assert [(each.name, each.content) for each in found.attachments] == [("brief.pdf", b"%PDF-1.4")]


def test_a_mail_of_html_alone_becomes_lines():
    mail = EmailMessage()
    mail["From"] = "a@b.example"
    mail.set_content(
        "<style>p{}</style><p>Een&nbsp;<b>zin</b></p><!-- <p>niet --> <ul><li>a</li><li>b</li></ul><textarea>x",
        subtype="html",
    )
    assert read(mail.as_bytes()).text == "Een zin\na\nb"


def test_signs_that_turn_or_hide_words_are_taken_out():
    mail = written("factuur\u202efdp.exe\x00\x1b[2J \u200bweg", subject="=?utf-8?q?a=0D=0ABcc:_x=00?=")
    found = read(mail.as_bytes())
    assert found.text == "factuurfdp.exe[2J weg"
    assert "\n" not in found.subject
    assert "\x00" not in found.subject


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "a@b.example, c@d.example",
        "=?utf-8?q?j.verweij=40wilgenroos.example?= <x>",
        "<a@b.example> <c@d.example>",
        "a@b.example)c@d.example",
        "undisclosed:;",
        "a@b@c.example",
    ],
)
def test_a_sender_who_is_not_plain_is_nobody(sender: str):
    assert read(f"From: {sender}\n\nhallo".encode()).sender == ""


def test_two_senders_in_two_headers_are_nobody():
    assert read(b"From: a@b.example\nFrom: c@d.example\n\nhallo").sender == ""


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "List-Id: <lijst.example>",
        "Return-Path: <>",
    ],
)
def test_what_a_machine_wrote_is_known_by(header: str):
    assert read(f"From: a@b.example\n{header}\n\nhallo".encode()).is_automatic


def test_what_a_person_wrote_is_not_automatic():
    assert not read(b"From: a@b.example\nAuto-Submitted: no\nReturn-Path: <a@b.example>\n\nhallo").is_automatic


def test_a_report_of_a_mail_server_tells_what_and_of_which_mail():
    found = read(
        b"From: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        b"Final-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1 (unknown)\n\n"
        b"--b\nContent-Type: message/rfc822\n\nMessage-ID: <ons@gehoor.example>\nSubject: x\n\ntekst\n--b--\n"
    )
    assert found.report == Report("failed", "5.1.1", ("<ons@gehoor.example>",))


@pytest.mark.parametrize(
    "raw",
    [
        deep(1500),
        deep(90) + b"x\n" * 100_000,
        b"From: a@b.example\n" + b"\n" * 8_000_000,
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<" * 8_000_000,
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<!--" * 2_000_000,
        b"From: a@b.example\nContent-Type: text/plain; charset=punycode\n\n" + b"a" * 2_000_000,
        b"From: a@b.example\nContent-Type: text/plain" + b";a*0=b" * 500_000 + b"\n\nx",
        b"From: " + b"(" * 2_000_000 + b"\n\nx",
        b"From: a@b.example\nSubject: " + b"=?utf-8?q?a?= " * 100_000 + b"\n\nx",
        b"From: a@b.example\nContent-Type: text/html\n\n&#" + b"9" * 100_000,
        b"Content-Type: message/rfc822\n\n" * 95 + b"x",
    ],
    ids=["deep", "branches", "lines", "tags", "comments", "codec", "parameters", "from", "subject", "entity", "nested"],
)
def test_a_bomb_is_read_in_little_time(raw: bytes):
    started = time.monotonic()
    read(raw)
    assert time.monotonic() - started < 4


def test_a_thousand_malformed_mails_raise_nothing():
    dice = random.Random(11)
    for raw in malformed(dice, 1000):
        found = read(raw)
        told = [found.text, found.subject, found.sender, found.sender_name, found.message_id, *found.answers_to]
        told += [each.name for each in found.attachments]
        assert not any("\x00" in each for each in told)
        "".join(told).encode()  # no half characters: PostgreSQL refuses those


def malformed(dice: random.Random, count: int) -> list[bytes]:
    """Mails with bytes changed, cut, doubled and moved, and with headers that no program would write."""
    mail = written("Wörter und Sätze. " * 20, subject="Ünïcode", References="<a@b> <c@d>", In_Reply_To="<e@f>")
    mail.add_alternative("<p>Wörter</p>", subtype="html")
    mail.add_attachment(b"\x00\xff" * 50, maintype="application", subtype="pdf", filename="bïjlage.pdf")
    seed = mail.as_bytes()
    strange = [
        b'Content-Type: text/plain; charset="\xff\xfe"\n',
        b"Content-Transfer-Encoding: x-uuencode\n",
        b"Content-Type: multipart/mixed\n",
        b"Content-Type: ;;;=;\n",
        b"From: =?x-unknown?b?////?= <@>\n",
        b"Subject: =?utf-8?b?\xe9\xe9?= =?utf-16?b?AAA?=\n",
        b"Content-Disposition: attachment; filename*=utf-99''%FF%00; filename*0*=a; filename*2=b\n",
        b"Date: 99 Foo 99999\nReceived: ; Tue, 99 Zzz 99999 99:99:99 +9999\n",
        b"Message-ID: <" + b"x" * 500 + b">\n",
        b"\x00\x00\n",
        b" no header\n",
        b": empty\n",
    ]
    found = []
    for _ in range(count):
        raw = bytearray(seed)
        for _ in range(dice.randrange(1, 6)):
            at = dice.randrange(len(raw) or 1)
            match dice.randrange(5):
                case 0:
                    raw[at : at + dice.randrange(1, 40)] = dice.randbytes(dice.randrange(1, 40))
                case 1:
                    del raw[at : at + dice.randrange(1, 200)]
                case 2:
                    raw[at:at] = raw[at : at + dice.randrange(1, 200)]
                case 3:
                    raw[0:0] = dice.choice(strange)
                case _:
                    raw[at:at] = dice.choice(strange)
        found.append(bytes(raw))
    return found


def test_the_mail_that_is_answered_is_left_out_at_the_end_alone():
    answer = "Dank.\n\nOp vr 20 nov 2026 schreef Klik <gehoor@localhost>:\n> Uw klacht\n>\n> Groet\n"
    assert texts.without_quote(answer) == "Dank."
    between = "> Wat?\nDit.\n> En?\nDat."
    assert texts.without_quote(between) == between
    assert texts.without_quote("> alleen dit") == "> alleen dit"
