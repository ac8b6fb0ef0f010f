// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_reader.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <nibble/grammar/tool_grammar.hpp>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_texts;

namespace {

/// What `relax` says of a schema, as "PLACE KEYWORD"; texts that must be allowed and one that must not.
std::vector<std::string> relaxed(const std::string& schema, std::initializer_list<const char*> good, const char* bad) {
    INFO(schema);
    CHECK_THROWS_AS(grammar_from_json_schema(json::parse(schema)), error);
    std::vector<relaxed_keyword> list;
    const auto g = grammar_from_json_schema(json::parse(schema), {.policy = schema_policy::relax, .relaxed = &list});
    for (const auto* text : good) {
        INFO(text);
        CHECK(matches(g, text));
    }
    CHECK_FALSE(matches(g, bad));
    std::vector<std::string> out;
    for (const auto& entry : list) {
        CHECK(entry.reason.starts_with("expected "));
        out.push_back(entry.place + " " + entry.keyword);
    }
    return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("JSON schema: annotations forbid nothing") {
    check_schema(
        R"({"title":"t","description":"d","default":1,"examples":[2],"example":3,"deprecated":true,"readOnly":true,
                     "writeOnly":false,"$comment":"c","$schema":"s","$id":"i","discriminator":{"propertyName":"k"},
                     "x-order":3,"x-":{},"xml":{},"externalDocs":{},"contentMediaType":"m","contentEncoding":"base64",
                     "contentSchema":{"not":{}},"$anchor":"a","enumNames":[],"$vocabulary":{},"type":"integer"})",
        {"1"}, {"\"\""});
    check_schema(R"({"properties":{"title":{"type":"integer"},"default":{"type":"string"}},"required":["title"]})",
                 {R"({"title":1,"default":""})"}, {"{}", R"({"title":""})"});
    check_schema(R"({"type":"integer","format":"int32"})", {"1"}, {"\"\""});
    check_schema(R"({"type":"string","format":"password"})", {"\"x\""}, {"1"});
    check_schema(R"({"not":false,"minProperties":0,"patternProperties":{},"propertyNames":true,"uniqueItems":false,
                     "unevaluatedProperties":{},"dependentRequired":{},"minLength":0,"required":[],"type":"object"})",
                 {"{}"}, {"1"});
}

TEST_CASE("JSON schema: older forms of keywords are read") {
    check_texts(R"({"type":"integer","minimum":1,"exclusiveMinimum":true,"maximum":3,"exclusiveMaximum":false})",
                {"2", "3"}, {"1", "4"});
    check_texts(R"({"items":[{"type":"string"},{"type":"integer"}],"additionalItems":false})", {"[\"a\",1]"},
                {"[1]", "[\"a\",1,1]"});
    check_texts(R"({"type":["string"],"nullable":true,"enum":["a",null]})", {"null", "\"a\""}, {"\"\""});
    check_texts(R"({"type":"string","minLength":2.0,"maxLength":3.0})", {"\"ab\""}, {"\"a\"", "\"abcd\""});
    check_texts(R"({"type":"integer","minimum":-1e30,"maximum":3.0})", {"-5", "3"}, {"4"});
}

TEST_CASE("JSON schema: relax leaves out what it reports and nothing else") {
    CHECK(relaxed(R"({"type":"object","properties":{"a/b":{"type":"string","format":"colour","maxLength":2}}})",
                  {R"({"a/b":"x"})"}, R"({"a/b":"xyz"})") == list{"#/properties/a~1b format"});
    CHECK(relaxed(R"({"properties":{"a":{"type":"integer"}},"patternProperties":{"b":{}},"minProperties":1})",
                  {R"({"a":1})", "{}"}, R"({"a":"x"})") == list{"# patternProperties", "# minProperties"});
    CHECK(relaxed(R"({"type":"integer","not":{"const":1},"if":{},"then":{}})", {"1"}, "\"x\"") ==
          list{"# not", "# if", "# then"});
    CHECK(relaxed(R"({"oneOf":[{"type":"string"},{"minLength":2}]})", {"\"a\"", "\"ab\""}, "1") == list{"# oneOf"});
    CHECK(relaxed(R"({"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":2})", {"[\"a\",\"a\"]"},
                  "[1]") == list{"# uniqueItems"});
    CHECK(relaxed(R"j({"type":"string","pattern":"(?!a)b","minLength":2})j", {"\"ab\""}, "\"b\"") == list{"# pattern"});
    CHECK(relaxed(R"({"type":"number","multipleOf":0.01,"minimum":0})", {"0.123"}, "-1") == list{"# multipleOf"});
    CHECK(relaxed(R"({"type":"array","items":{"$ref":"http://x/y"}})", {"[1,\"a\"]"}, "1") == list{"#/items $ref"});
    CHECK(relaxed(R"({"type":"strnig","maxLength":1})", {"\"a\""}, "\"ab\"") == list{"# type"});
    CHECK(relaxed(R"({"type":"string","maxLength":1000000000})", {"\"a\""}, "1") == list{"# maxLength"});
    CHECK(relaxed(R"({"type":"string","allOf":[{"minLength":2},{"maxLength":1}]})", {"\"abc\""}, "1") ==
          list{"# minLength"});
    CHECK(
        relaxed(
            R"({"items":{"$ref":"#/$defs/a"},"$defs":{"a":{"properties":{"b":{"type":"integer","x":1}},"required":["b"]}}})",
            {R"([{"b":1}])"}, "[{}]") == list{"#/$defs/a/properties/b x"});
    CHECK(relaxed(R"({"properties":{"a":3,"b":{"enum":1e3},"c":{"enum":[18446744073709551616]}}})",
                  {R"({"a":null,"b":2,"c":3})"},
                  "1") == list{"#/properties/a ", "#/properties/b enum", "#/properties/c enum"});
    std::string deep = "{}";
    for (int i = 0; i < 110; ++i) deep = R"({"items":)" + deep + "}";
    CHECK(relaxed(deep, {"[[[]]]"}, "1").size() == 1);
}

TEST_CASE("tool calls: one strange schema among many is relaxed and reported with its tool") {
    const json tools = json::parse(R"([{"name":"f","parameters":{"properties":{"a":{"type":"integer"}}}},
        {"name":"g","parameters":{"type":"object","properties":{"u":{"type":"string","format":"colour"},"v":{"$ref":"#/$defs/w"}},
                                  "$defs":{"w":{"type":"integer","not":{"const":1}}}}}])");
    CHECK_THROWS_AS(grammar_from_tools(tools), error);
    std::vector<relaxed_keyword> found;
    const auto g = grammar_from_tools(tools, {.schema = {.policy = schema_policy::relax, .relaxed = &found}});
    CHECK(matches(g, R"(<tool_call>{"name":"f","arguments":{"a":1}}</tool_call>)"));
    CHECK_FALSE(matches(g, R"(<tool_call>{"name":"f","arguments":{"a":"x"}}</tool_call>)"));
    CHECK(matches(g, R"(<tool_call>{"name":"g","arguments":{"u":"red","v":1}}</tool_call>)"));
    REQUIRE(found.size() == 2);
    CHECK(found[0].place == "tools[1].parameters/properties/u");
    CHECK(found[1] == relaxed_keyword{"tools[1].parameters/$defs/w", "not",
                                      "expected a keyword that a grammar can hold to, got 'not'"});
}
