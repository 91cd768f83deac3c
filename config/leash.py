"""Runs one program that may not outlive whoever started it: `python leash.py [--options] -- program arguments`.

The starter holds the other end of our standard input. When that end closes, for whatever reason (a stop, a crash,
a SIGKILL), the program is asked to stop, and after its grace it is killed together with all it started.
Standard library only, and run as a file: it must start fast and work in any state of the rest.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    parser = argparse.ArgumentParser()
    parser.add_argument("--signal", default="TERM", help="how this program is asked to stop")
    parser.add_argument("--grace", type=float, default=10, help="seconds until it is killed")
    parser.add_argument("--record", type=Path, help="file that says which process it is, while it runs")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command

    # A SimpleQueue, because its put may be called inside a signal handler; an Event's set could lock itself out.
    released: queue.SimpleQueue[None] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: released.put(None))

    # A session of its own: Ctrl-C in the terminal reaches the starter, and the starter decides about the order.
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    if options.record:
        options.record.write_text(json.dumps({"pid": program.pid, "started_at": time.time(), "leash": os.getpid()}))

    def wait_for_end_of_input() -> None:
        while os.read(0, 4096):
            pass
        released.put(None)

    def wait_for_end_of_program() -> None:
        program.wait()
        released.put(None)

    threading.Thread(target=wait_for_end_of_input, daemon=True).start()
    threading.Thread(target=wait_for_end_of_program, daemon=True).start()
    released.get()

    if program.poll() is None:
        program.send_signal(getattr(signal, f"SIG{options.signal}"))
        try:
            program.wait(options.grace)
        except subprocess.TimeoutExpired:
            print(f"leash: killed after {options.grace:g} s: {command[0]}", file=sys.stderr, flush=True)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)  # what it left behind; usually nothing
    code = program.wait()
    if options.record:
        options.record.unlink(missing_ok=True)
    os._exit(code if code >= 0 else 128 - code)  # at once: the reading thread still waits


if __name__ == "__main__":
    main()
