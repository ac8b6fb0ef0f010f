#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chat.exe on a console of Wine: texts are UTF-8 in both directions, Ctrl-C ends a reply and not the conversation.

    windows_console.py WINE CHAT MODEL
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
import tty


class Console:
    """A program on a console of Wine, which draws it on a terminal."""

    def __init__(self, *command):
        self.bytes, self.searched = b"", 0
        self.program, self.terminal = pty.fork()
        if self.program == 0:
            tty.setraw(0)  # keys arrive as they are
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("4H", 24, 200, 0, 0))
            os.execv(command[0], command)

    def text(self):
        """What was drawn so far, without how: a blank is a step to the right."""
        drawn = self.bytes.decode(errors="ignore").replace("\x1b[1C", " ")
        return re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", drawn)

    def shows(self, wanted):
        """Waits until it is drawn behind what was waited for before."""
        deadline = time.monotonic() + 60
        while (at := self.text().find(wanted, self.searched)) < 0:
            if time.monotonic() > deadline:
                sys.exit(f"the console does not show {wanted!r}:\n{self.text()}")
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.bytes += os.read(self.terminal, 65536)
        self.searched = at + len(wanted)

    def type(self, line):
        os.write(self.terminal, f"{line}\r".encode())

    def press_ctrl_c(self):
        """Wine makes the event of it that a console makes of the key, which it does not look at during a reply."""
        os.kill(self.program, signal.SIGINT)

    def exit_code(self):
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:  # the terminal is gone
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.program, 0)[1])


wine, chat, model = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    console = Console(wine, chat, "--model", model, "--think", "off", "--threads", "1",
                      "--grammar", 'root ::= "Größe 日本 " "ab"{900}')
    console.shows("> ")
    console.type("/system Grüße 東京")
    console.shows("> ")
    console.type("Hello!")
    console.shows("Größe 日本 ab")
    console.press_ctrl_c()
    console.shows("ended by: cancelled")
    console.shows("> ")
    console.type(f"/save {folder}/saved.json")
    console.shows("> ")
    with open(f"{folder}/saved.json", encoding="utf-8") as file:
        system, question, reply = (message["content"] for message in json.load(file))
    assert (system, question) == ("Grüße 東京", "Hello!"), (system, question)
    assert reply.startswith("Größe 日本 ab") and len(reply) < 1800, reply
    console.type("\x1a")  # Ctrl-Z
    assert console.exit_code() == 0
