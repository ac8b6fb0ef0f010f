# SPDX-License-Identifier: Apache-2.0
"""Random JSON schemas, and texts that are valid against them as often as not."""
import json

NAMES = ["a", "b", "ab", "kind", "é", 'q"t', "a/b"]
PATTERNS = ["^[a-z]{1,3}$", "b", "^a|c$", "^(ab|c)*$", "^\\d+(\\.\\d+)?$", "^[^a-c]{2,}$", "^\\S+ \\w$",
            "^x{0,2}y?$", ""]
FORMATS = ["date", "time", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid",
           "json-pointer", "relative-json-pointer", "regex", "uri-template"]
STRINGS = ["", "a", "b", "ab", "abc", "c", "xy", "1", "12.5", "é", "é x", "q\"", "\n", "2024-02-29", "12:00:00Z", "P1D",
           "a@b.c", "::1", "1.2.3.4", "http://a/b", "/a", "0#", "a b"]
KEYWORDS = {"object": ("properties", "required"), "array": ("items", "prefixItems", "minItems", "maxItems"),
            "string": ("minLength", "maxLength", "pattern", "format"),
            "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")}
NUMBERS = [0, 1, -1, 2, 3, 5, 10, 15, 100, 0.5, -0.5, 1.5, 2.25, 1.0, 3.0, 0.1, 9.99, -2.75, 1e3, 12345678901]


class Schemas:
    """Random schemas. References go to a handful of definitions, which may refer to each other."""

    def __init__(self, rng):
        self.rng = rng

    def whole(self):
        self.definitions = []
        schema = self.schema(3)
        if not isinstance(schema, dict):
            return schema
        if self.definitions:
            schema["$defs"] = {name: self.schema(1) for name in self.definitions}
            for name in [n for n in self.definitions if n not in schema["$defs"]]:
                schema["$defs"][name] = {"type": "integer"}
        return schema

    def maybe(self, chance=0.5):
        return self.rng.random() < chance

    def pick(self, values):
        return self.rng.choice(values)

    def scalar(self):
        return self.pick([None, True, False] + STRINGS[:10] + NUMBERS[:10])

    def value(self, depth=1):
        roll = self.rng.random()
        if depth == 0 or roll < 0.7:
            return self.scalar()
        if roll < 0.85:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]
        return {self.pick(NAMES): self.value(depth - 1) for _ in range(self.rng.randrange(4))}

    def schema(self, depth):
        roll = self.rng.random()
        if roll < 0.03:
            return self.pick([True, True, {}, False])
        if roll < 0.12:
            name = self.pick(["x", "y", "z"])
            if name not in self.definitions:
                self.definitions.append(name)
            out = {"$ref": "#/$defs/" + name}
            return {**out, **self.limits()} if self.maybe(0.3) else out
        if depth > 0 and roll < 0.34:
            key = self.pick(["anyOf", "oneOf", "oneOf", "allOf"])
            out = self.limits() if self.maybe(0.3) else {}
            out[key] = [self.branch(depth - 1) for _ in range(self.rng.randrange(1, 4))]
            return out
        if roll < 0.42:
            out = {"enum": [self.value() for _ in range(self.rng.randrange(1, 5))]} if self.maybe(0.6) else \
                {"const": self.value()}
            return {**self.limits(), **out} if self.maybe(0.3) else out
        return self.typed(depth)

    def branch(self, depth):
        if self.maybe(0.35):  # told apart by a property
            kind = {"const": self.pick(["s", "t", "u", 1])}
            return {"type": "object", "properties": {"kind": kind, **self.properties(depth)}, "required": ["kind"]}
        if self.maybe(0.4):
            return self.limits()
        return self.schema(depth)

    def limits(self):
        """A few keywords about one type or several, often without `type`."""
        out = {}
        for part in self.rng.sample([self.number, self.string, self.array, self.object], self.pick([1, 1, 2])):
            out.update(part(0))
        if self.maybe(0.3):
            out["type"] = self.pick(["string", "integer", "number", "array", "object", ["string", "null"],
                                     ["number", "array"]])
        return out

    def typed(self, depth):
        kind = self.pick(["null", "boolean"] + ["string", "array", "object"] * 2 + ["integer", "number", "object"])
        make = {"string": self.string, "integer": self.number, "number": self.number, "array": self.array,
                "object": self.object}.get(kind, lambda depth: {})
        out = make(depth)
        if self.maybe(0.9):
            several = self.maybe(0.15) and kind not in ("null", "string")
            out["type"] = [kind, self.pick(["null", "string"])] if several else kind
        return out

    def number(self, _):
        out = {}
        low = self.pick([-10, -1, 0, 0, 1, 2.5, 0.5, -0.25, 3, 99.95, 0.001])
        if self.maybe():
            out[self.pick(["minimum", "exclusiveMinimum"])] = low
        if self.maybe():
            out[self.pick(["maximum", "exclusiveMaximum"])] = round(low + self.pick([0, 0.5, 1, 2, 10, 1000]), 3)
        if self.maybe(0.2):
            out["multipleOf"] = self.pick([1, 2, 3, 5, 10, 15, 100])
        return out

    def string(self, _):
        out = {}
        if self.maybe(0.4):
            out["minLength"] = self.rng.randrange(4)
        if self.maybe(0.4):
            out["maxLength"] = self.rng.randrange(2, 12)
        if self.maybe(0.3):
            out["pattern"] = self.pick(PATTERNS)
        if self.maybe(0.2):
            out["format"] = self.pick(FORMATS)
        return out

    def array(self, depth):
        out = {}
        if self.maybe(0.6):
            out["items"] = self.schema(depth - 1) if depth > 0 else self.pick(
                [{"type": "integer"}, {"enum": [1, 2, "a"]}, {"type": "boolean"}, False, {"maxLength": 1}])
        if self.maybe(0.3):
            out["prefixItems"] = [self.schema(max(depth - 1, 0)) if depth > 0 else self.pick(
                [{"type": "string"}, {"const": 1}, True, {"minimum": 1}]) for _ in range(self.rng.randrange(1, 3))]
        if self.maybe(0.4):
            out["minItems"] = self.rng.randrange(3)
        if self.maybe(0.4):
            out["maxItems"] = self.rng.randrange(1, 5)
        if self.maybe(0.2):
            out["uniqueItems"] = True
        return out

    def properties(self, depth):
        return {name: self.schema(depth - 1) if depth > 0 else self.pick(
            [{"type": "integer"}, {"type": "string"}, {"const": 1}, True, False, {"minimum": 1}])
            for name in self.rng.sample(NAMES, self.rng.randrange(4))}

    def object(self, depth):
        out = {}
        if self.maybe(0.8):
            out["properties"] = self.properties(depth)
        if self.maybe(0.5):
            out["required"] = self.rng.sample(NAMES, self.rng.randrange(3))
        if self.maybe(0.3):
            out["additionalProperties"] = self.pick(
                [True, False, {"type": "integer"}, {"type": ["string", "null"]}, {"const": 1}])
        return out


class Texts:
    """Values for a schema, right as often as not."""

    def __init__(self, rng, root):
        self.rng, self.root = rng, root
        self.random = Schemas(rng)

    def value(self, schema, depth=6):
        if not isinstance(schema, dict) or depth == 0 or self.rng.random() < 0.05:
            return self.random.value()
        rng = self.rng
        if "$ref" in schema:
            return self.value(self.root["$defs"][schema["$ref"].rpartition("/")[2]], depth - 1)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                value = self.value(rng.choice(schema[key]), depth - 1)
                if isinstance(value, dict):  # what the other parts want as well
                    for other in schema[key]:
                        more = self.value(other, depth - 1)
                        if isinstance(more, dict) and rng.random() < 0.5:
                            value = {**more, **value}
                return value
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        spoken_of = [kind for kind, keys in KEYWORDS.items() if any(key in schema for key in keys)]
        kinds = schema.get("type") or spoken_of or ["null"]
        kind = rng.choice(kinds) if isinstance(kinds, list) else kinds
        if kind == "object":
            listed = schema.get("properties", {})
            names = [n for n in listed if rng.random() < 0.8 or n in schema.get("required", [])]
            names += [n for n in schema.get("required", []) if n not in listed]
            if rng.random() < 0.2:
                names.append(rng.choice(NAMES))
            return {n: self.value(listed.get(n, schema.get("additionalProperties", True)), depth - 1) for n in names}
        if kind == "array":
            prefix = schema.get("prefixItems", [])
            least, most = (max(schema.get(key, n), len(prefix)) for key, n in (("minItems", 0), ("maxItems", 4)))
            parts = prefix + [schema.get("items", True)] * (most + 1 - len(prefix))
            return [self.value(part, depth - 1) for part in parts[:rng.randrange(least, max(least, most) + 2)]]
        if kind in ("number", "integer"):
            limits = [schema[k] for k in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum") if k in schema]
            near = rng.choice(limits or NUMBERS)
            return rng.choice([near, near + 1, near - 1, round(near + rng.random(), 3), int(near) + rng.randrange(5),
                               schema.get("multipleOf", 1) * rng.randrange(20)])
        if kind == "string":
            if rng.random() < 0.5:
                return rng.choice(STRINGS)
            return "".join(rng.choice("abcxy1 .é") for _ in range(rng.randrange(6)))
        return {"null": None, "boolean": rng.random() < 0.5}[kind]

    def changed(self, value):
        """The value with one thing changed, somewhere."""
        rng = self.rng
        if isinstance(value, list) and value and rng.random() < 0.7:
            i = rng.randrange(len(value))
            return rng.choice([value[:i] + [self.changed(value[i])] + value[i + 1:], value[:i] + value[i + 1:],
                               value + [value[i]], value[:i] + [self.random.scalar()] + value[i + 1:]])
        if isinstance(value, dict) and value and rng.random() < 0.8:
            name = rng.choice(list(value))
            rest = {k: v for k, v in value.items() if k != name}
            return rng.choice([{**value, name: self.changed(value[name])}, rest,
                               {**value, rng.choice(NAMES): self.random.value()}])
        if isinstance(value, str) and rng.random() < 0.7:
            return rng.choice([value + "a", value[1:], value.upper(), value + value])
        if isinstance(value, (int, float)) and not isinstance(value, bool) and rng.random() < 0.7:
            return rng.choice([value + 1, -value, value + 0.001, value * 10, float(value)])
        return self.random.value()

    def text(self, value):
        return json.dumps(value, ensure_ascii=self.rng.random() < 0.3,
                          separators=self.rng.choice([(",", ":"), (", ", ": ")]))
