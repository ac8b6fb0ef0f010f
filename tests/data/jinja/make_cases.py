#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what Jinja2 makes of the templates in cases.jsonl, in the environment that Hugging Face uses for chat templates.

    python3 make_cases.py cases.jsonl        (needs the package jinja2, 3.1)

The first line of the file has the variables that all templates see and the date; every other line is a template with
its text, or with an error where it has none. Templates are kept, results are written anew.
"""
import datetime
import json
import sys

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("run"), [], [], body).set_lineno(line)

    def run(self, caller):
        return caller()


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


path = sys.argv[1]
with open(path, encoding="utf-8") as lines:
    shared, *cases = [json.loads(line) for line in lines]

environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[
    Generation, jinja2.ext.loopcontrols, jinja2.ext.do])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = datetime.datetime.fromisoformat(shared["date"]).strftime

with open(path, "w", encoding="utf-8") as out:
    print(json.dumps(shared, ensure_ascii=False), file=out)
    for case in cases:
        result = {"template": case["template"]}
        try:
            result["text"] = environment.from_string(case["template"]).render(**shared["variables"])
        except Exception as error:  # whatever it is: the template does not render
            result["error"] = type(error).__name__
        print(json.dumps(result, ensure_ascii=False), file=out)
