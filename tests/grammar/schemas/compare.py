#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares nibble's JSON schemas with Python's jsonschema on random pairs of a schema and a text.

    compare.py PROGRAM [PAIRS [SEED]]                  fails if nibble allows a text that jsonschema finds invalid
    compare.py --cases PROGRAM N [SEED] > cases.jsonl  schemas that nibble takes, with texts and what jsonschema says

PROGRAM is built from main.cpp beside this. Texts are random values, values made for the schema, those with one thing
changed, and random texts of nibble's grammar. What nibble refuses is counted, by the keyword it names.
"""
import collections
import ipaddress
import json
import random
import re
import subprocess
import sys
from datetime import date

sys.dont_write_bytecode = True

from random_schemas import Schemas, Texts

try:
    import jsonschema
except ImportError:
    print("SKIPPED: this python3 has no jsonschema")
    sys.exit(0)


def is_date(text):
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.A) and date.fromisoformat(text))
    except ValueError:
        return False


def is_address(kind):
    def check(text):
        try:
            return bool(kind(text))
        except ValueError:
            return False
    return check


def compiles(text):
    try:
        return bool(re.compile(text))
    except re.error:
        return False


SAMPLES = 8  # texts of the grammar, for each schema
TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
HOST = r"(?=.{1,253}\Z)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*"
URI_CHARACTERS = r"([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"


def fully(pattern):
    return lambda text: bool(re.fullmatch(pattern, text, re.A))


CHECKS = {
    "date": is_date,
    "time": fully(TIME),
    "date-time": lambda text: is_date(text[:10]) and bool(re.fullmatch("T" + TIME, text[10:], re.A)),
    "duration": fully(r"P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)"),
    "email": lambda text: bool(re.fullmatch(r"(?=.{1,64}@)[^\s@.]+(\.[^\s@.]+)*@" + HOST, text, re.A)),
    "hostname": fully(HOST),
    "ipv4": is_address(ipaddress.IPv4Address),
    "ipv6": is_address(ipaddress.IPv6Address),
    "uri": lambda text: fully(URI_CHARACTERS)(text) and bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text)),
    "uri-reference": lambda text: fully(URI_CHARACTERS)(text) and not re.match(r"[^A-Za-z/?#][^/?#]*:", text),
    "uri-template": fully(r"([^\s\"'<>\\^`{|}%]|%[0-9A-Fa-f]{2}|\{[A-Za-z0-9_]+\})*"),
    "uuid": fully(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "json-pointer": lambda text: bool(re.fullmatch(r"(/([^~/]|~[01])*)*", text, re.S)),
    "relative-json-pointer": lambda text: bool(re.fullmatch(r"(0|[1-9]\d*)(#|(/([^~/]|~[01])*)*)", text, re.S | re.A)),
    "regex": compiles,
}


def checker():
    formats = jsonschema.FormatChecker(formats=())
    for name, check in CHECKS.items():
        formats.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))
    return formats


def is_valid(validator, text):
    def no_constant(name):
        raise ValueError(name)
    try:
        value = json.loads(text, parse_constant=no_constant)
    except ValueError:
        return False
    try:
        return validator.is_valid(value)
    except RecursionError:  # references in a circle: the specification has no answer
        return None


def questions(rng, count, texts):
    for _ in range(count):
        schema = Schemas(rng).whole()
        maker = Texts(rng, schema)
        values = [maker.value(schema) for _ in range(texts // 2)]
        values += [maker.changed(value) for value in values]
        yield {"schema": schema, "texts": list(dict.fromkeys(map(maker.text, values)))}


def ask(program, asked, **more):
    lines = "".join(json.dumps({**question, **more}) + "\n" for question in asked)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]  # a sample may hold other line ends


def reason_of(refusal):
    """What was expected, without the place."""
    return refusal.partition(": expected ")[2].partition(", got")[0] or refusal


def write_cases(program, asked, formats):
    for question, answer in zip(asked, ask(program, asked, samples=0)):
        if "refused" in answer:
            continue
        texts = {True: [], False: [], None: []}
        validator = jsonschema.Draft202012Validator(question["schema"], format_checker=formats)
        for text in question["texts"]:
            texts[is_valid(validator, text)].append(text)
        case = {"schema": question["schema"], "valid": texts[True], "invalid": texts[False]}
        print(json.dumps(case, ensure_ascii=False))


def compare(program, asked, formats):
    """The number of texts that are allowed and invalid."""
    pairs = allowed = valid = wrong = 0
    refused = []
    for question, answer in zip(asked, ask(program, asked, samples=SAMPLES)):
        validator = jsonschema.Draft202012Validator(question["schema"], format_checker=formats)
        verdicts = [(text, is_valid(validator, text)) for text in question["texts"]]
        accepts = answer.get("accepts", [False] * len(verdicts))
        if "refused" in answer:
            refused.append((question, answer["refused"]))
        samples = [(text, is_valid(validator, text)) for text in answer.get("samples", [])]
        verdicts += samples
        accepts += [True] * len(samples)
        pairs += len(verdicts)
        valid += sum(verdict is True for _, verdict in verdicts)
        allowed += sum(accepts)
        for (text, verdict), accepted in zip(verdicts, accepts):
            if accepted and verdict is False:
                wrong += 1
                print("INVALID AND ALLOWED:", json.dumps(question["schema"], ensure_ascii=False), "TEXT", text)
    still = [a["refused"] for a in ask(program, [q for q, _ in refused], samples=0, relax=True) if "refused" in a]
    print(f"{pairs} pairs of {len(asked)} schemas: {valid} valid, {allowed} allowed, {wrong} invalid and allowed")
    for title, reasons in ("refused", [why for _, why in refused]), ("refused when relaxed", still):
        print(f"{len(reasons)} schemas {title}")
        for reason, count in collections.Counter(map(reason_of, reasons)).most_common():
            print(f"{count:6} expected {reason}")
    return wrong


def main(arguments):
    cases = arguments[:1] == ["--cases"]
    program, *numbers = arguments[1:] if cases else arguments
    wanted = int(numbers[0]) if numbers else 100_000
    seed = int(numbers[1]) if len(numbers) > 1 else 5
    rng = random.Random(seed)
    if cases:
        return write_cases(program, list(questions(rng, wanted, 16)), checker())
    return compare(program, list(questions(rng, wanted // 24, 24)), checker()) != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
