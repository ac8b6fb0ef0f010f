// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/tool_grammar.hpp>

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include <nibble/grammar/matcher.hpp>

#include "support/random_text.hpp"
#include "support/schema_validator.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::random_text;

unsigned below(std::mt19937& rng, std::size_t n) { return static_cast<unsigned>(rng() % n); }

void check(const char* schema, std::initializer_list<const char*> good, std::initializer_list<const char*> bad) {
    INFO(schema);
    const json parsed = json::parse(schema);
    const auto g = grammar_from_json_schema(parsed);
    for (const auto* text : good) {
        INFO("text " << text);
        CHECK(matches(g, text));
        CHECK(test::schema_validator{parsed}.valid(json::parse(text)));
    }
    for (const auto* text : bad) {
        INFO("text " << text);
        CHECK_FALSE(matches(g, text));
    }
}

void check_refused(const std::string& schema, errc code, const std::string& says) {
    INFO(schema.substr(0, 200));
    try {
        (void)grammar_from_json_schema(json::parse(schema));
        FAIL_CHECK("accepted");
    } catch (const error& e) {
        INFO(e.what());
        CHECK(e.code() == code);
        CHECK(std::string{e.what()}.find(says) != std::string::npos);
    }
}

/// Samples `n` texts, all of which must be JSON and valid. Returns how many came to an end.
int sample(const json& schema, int n, std::mt19937& rng) {
    const test::schema_validator validator{schema};
    auto states = grammar_from_json_schema(schema).states();
    int ended = 0;
    for (int i = 0; i < n; ++i) {
        const auto text = random_text(states, rng, 3000);
        if (text.empty()) continue;
        ++ended;
        INFO(schema.dump() << "\n" << escaped(text, 3000));
        json value;
        REQUIRE_NOTHROW(value = json::parse(text));
        REQUIRE(validator.valid(value));
    }
    return ended;
}

/// The text of a random schema.
std::string random_schema(std::mt19937& rng, int depth) {
    const auto pick = [&](unsigned n) { return below(rng, n); };
    const auto number = [](std::int64_t x) { return std::to_string(x); };
    const auto inner = [&] { return random_schema(rng, depth - 1); };
    std::string out;
    const auto maybe = [&](const char* key, const std::string& value) {
        if (pick(2)) out += std::string(",\"") + key + "\":" + value;
    };
    switch (pick(depth > 0 ? 10 : 6)) {
        case 0: return R"({"type":"boolean"})";
        case 1: {
            out = pick(3) ? R"({"type":"integer")" : R"({"type":"number")";
            const std::int64_t low = static_cast<std::int64_t>(pick(2000)) - 1000;
            maybe(pick(2) ? "minimum" : "exclusiveMinimum", number(low));
            maybe(pick(2) ? "maximum" : "exclusiveMaximum", number(low + 2 + pick(pick(2) ? 10 : 100000)));
            return out + "}";
        }
        case 2:
            out = R"({"type":"string")";
            maybe("minLength", number(pick(5)));
            maybe("maxLength", number(pick(5) + 5));
            return out + "}";
        case 3: {
            static const std::vector<const char*> patterns{
                R"(^[a-z]{1,3}-\\d+$)", R"(^(ab|c)*\\.$)",           R"(q\")", R"(^x|y$)",
                R"(^[^a-z]{2}$)",       R"(^\\w+@\\w+\\.(com|org)$)"};
            static const std::vector<const char*> formats{"date", "time", "date-time", "uuid", "ipv4"};
            return std::string(R"({"type":"string",)") +
                   (pick(2) ? std::string("\"pattern\":\"") + patterns[pick(6)]
                            : std::string("\"format\":\"") + formats[pick(5)]) +
                   "\"}";
        }
        case 4: return R"({"enum":[1,"two",null,2.5,{"a":[true]}]})";
        case 5:
            return pick(2) ? R"({"type":["string","null"],"maxLength":6})" : R"({"type":"integer","nullable":true})";
        case 6:
            out = R"({"type":"array")";
            maybe("items", inner());
            maybe("minItems", number(pick(5)));
            maybe("maxItems", number(pick(5) + 5));
            if (pick(2)) maybe("prefixItems", "[" + inner() + "," + inner() + "]");
            return out + "}";
        case 7: return R"({"anyOf":[)" + inner() + "," + inner() + "]}";
        case 8:
            return R"({"allOf":[{"type":"object","properties":{"a":)" + inner() + R"(}},{"properties":{"b":)" +
                   inner() + R"(},"required":["b"]}]})";
        default: {
            std::string properties, required;
            for (const auto* name : {"\"a\"", "\"ab\"", "\"name\"", R"("b\"q")", "\"é\"", "\"value\""}) {
                if (pick(2)) continue;
                properties += (properties.empty() ? "" : ",") + std::string(name) + ":" + inner();
                if (pick(2)) required += (required.empty() ? "" : ",") + std::string(name);
            }
            out = R"({"type":"object","properties":{)" + properties + R"(},"required":[)" + required + "]";
            if (pick(2)) maybe("additionalProperties", pick(2) ? inner() : pick(2) ? "true" : "false");
            return out + "}";
        }
    }
}

}  // namespace

TEST_CASE("JSON schema: any value is any JSON") {
    check("{}",
          {"{}", "[]", "[1, -2.5e+10, \"\\u00e9\\n\"]", R"({"a":{"b":[null,true,false]}})", "\"\xc3\xa9\"", "0",
           "{\n  \"a\": 1\n}"},
          {"", "01", "+1", ".5", "1.", "'a'", "{a:1}", "[1,]", "\"\n\"", "nul", "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"",
           "\"\xff\""});
    check("true", {"\"\\ud83d\\ude00\"", "-0"}, {"undefined"});
}

TEST_CASE("JSON schema: objects") {
    const auto* person =
        R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},"email":{"type":"string"}},"required":["name"]})";
    check(person,
          {R"({"name":"x"})", R"({"name": "x", "age": 3})", R"({"name":"x","email":""})",
           R"({"name":"x","age":1,"email":"e"})"},
          {"{}", R"({"age":3})", R"({"age":3,"name":"x"})", R"({"name":"x",})", R"({"name":"x","other":1})",
           R"({"name":1})", R"({"name":"x"  })"});
    check(R"({"properties":{"a":{"const":1},"b":{"const":2}}})", {"{}", R"({"a":1})", R"({"b":2})", R"({"a":1,"b":2})"},
          {R"({"b":2,"a":1})", R"({"a":2})"});
    check(R"({"type":"object","additionalProperties":false})", {"{}"}, {R"({"a":1})"});
    check(R"({"type":"object"})", {"{}", R"({"a":[1]})"}, {"[]"});
    check(R"({"properties":{"a":{"type":"integer"},"ab":{"type":"integer"}},"additionalProperties":{"type":"string"}})",
          {"{}", R"({"a":1,"x":"y"})", R"({"abc":"","b":"","aa":""})", R"({"":"x"})", R"({"b\n":"x"})", R"({"A":"x"})"},
          {R"({"a":"x"})", R"({"ab":"x"})", R"({"x":1})", R"({"\u0061":"x"})", R"({"a\u0062":"x"})"});
    check(R"({"properties":{"a\"b":{"const":1}},"additionalProperties":{"const":2}})",
          {R"({"a\"b":1})", R"({"a":2})", R"({"ax":2})"}, {R"({"a\"b":2})"});
    check(R"({"type":"object","required":["z"],"properties":{"a":{"const":1}},"additionalProperties":true})",
          {R"({"a":1,"z":[]})", R"({"z":0,"q":0})"}, {R"({"a":1})", R"({"z":0,"z":1})"});
    check(R"({"type":"object","required":["z"]})", {R"({"z":[],"a":1})"}, {"{}"});
    check(R"({"properties":{"a":false,"b":true}})", {"{}", R"({"b":0})"}, {R"({"a":0})"});
}

TEST_CASE("JSON schema: arrays") {
    check(R"({"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":3})", {"[1,2]", "[1, 2,\n3]"},
          {"[1]", "[1,2,3,4]", "[1,\"a\"]"});
    check(R"({"type":"array","items":{"const":1},"maxItems":1})", {"[]", "[1]"}, {"[1,1]"});
    check(R"({"items":{"const":1},"minItems":1})", {"[1]", "[1,1,1]"}, {"[]"});
    check(R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"});
    check(R"({"prefixItems":[{"const":1},{"const":"a"}],"items":false})", {"[1,\"a\"]"}, {"[1,\"a\",2]", "[\"a\",1]"});
    check(R"({"prefixItems":[{"const":1},{"const":"a"}],"items":{"type":"null"},"minItems":3,"maxItems":4})",
          {"[1,\"a\",null]", "[1,\"a\",null,null]"}, {"[1,\"a\"]", "[1,\"a\",null,null,null]"});
    check(R"({"prefixItems":[{"const":1},{"const":2}],"maxItems":1})", {"[1]"}, {"[1,2]"});
}

TEST_CASE("JSON schema: strings") {
    check(R"({"type":"string","minLength":1,"maxLength":3})",
          {"\"a\"", "\"\xc3\xa9\xe3\x81\x82z\"", "\"\\n\\u00e9\\ud83d\\ude00\""}, {"\"\"", "\"abcd\""});
    check(R"({"pattern":"^\\d{3}-[a-c\"\\\\]+$"})", {"\"123-abc\"", "\"000-\\\"\\\\\""},
          {"\"12-a\"", "\"123-d\"", "\"123-\""});
    check(R"({"pattern":"b|^c$"})", {"\"abc\"", "\"b\"", "\"c\""}, {"\"cc\"", "\"\""});
    check(R"({"pattern":"^(?:a|b[^c-z])+?\\.x{2}$"})", {"\"aba.xx\"", "\"a.xx\""}, {"\"bc.xx\"", "\"axxx\""});
    check(R"({"pattern":"^\\w\\s\\S\\D\\t$"})", {"\"a \\\"b\\t\"", "\"_ .-\\t\""}, {"\"a b1\\t\""});
    check(R"({"type":"string","format":"date"})",
          {"\"2024-02-29\"", "\"1999-12-31\"", "\"2000-02-29\"", "\"0001-04-30\""},
          {"\"2023-02-29\"", "\"1900-02-29\"", "\"2024-04-31\"", "\"2024-13-01\"", "\"2024-00-10\""});
    check(R"({"type":"string","format":"date-time"})", {"\"2024-02-29T23:59:59.25+01:00\"", "\"2024-01-01T00:00:00Z\""},
          {"\"2024-01-01 00:00:00Z\"", "\"2024-01-01T24:00:00Z\"", "\"2024-01-01T00:00:00\""});
    check(R"({"format":"ipv4"})", {"\"0.0.0.0\"", "\"255.249.199.9\""}, {"\"256.0.0.1\"", "\"1.2.3\"", "\"01.2.3.4\""});
    check(R"({"format":"uuid"})", {"\"01234567-89ab-cdef-0123-456789abcdef\""},
          {"\"0123456789abcdef0123456789abcdef\""});
}

TEST_CASE("JSON schema: ranges of integers are exact") {
    std::mt19937 rng{3};
    const auto random_integer = [&] {
        const std::int64_t wide = static_cast<std::int64_t>(static_cast<std::uint64_t>(rng()) << 32 | rng());
        return wide >> below(rng, 63);
    };
    for (int round = 0; round < 300; ++round) {
        auto a = random_integer(), b = round % 2 ? random_integer() : a + static_cast<std::int64_t>(below(rng, 300));
        if (a > b) std::swap(a, b);
        const auto g = grammar_from_json_schema(json::parse(R"({"type":"integer","minimum":)" + std::to_string(a) +
                                                            ",\"maximum\":" + std::to_string(b) + "}"));
        for (int i = 0; i < 20; ++i) {
            const auto x = i == 0   ? a
                           : i == 1 ? b
                           : i % 2  ? random_integer()
                                    : (rng() % 2 ? a : b) / 2 * 2 + static_cast<std::int64_t>(below(rng, 21)) - 10;
            INFO(a << " to " << b << ": " << x);
            REQUIRE(matches(g, std::to_string(x)) == (a <= x && x <= b));
            REQUIRE_FALSE(matches(g, "0" + std::to_string(x)));
        }
    }
    check(R"({"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807})",
          {"-9223372036854775808", "9223372036854775807", "0"}, {"9223372036854775808", "-9223372036854775809", "-0"});
    check(R"({"type":"integer","exclusiveMinimum":2.5,"exclusiveMaximum":5})", {"3", "4"}, {"2", "5"});
    check(R"({"type":"integer","minimum":10})", {"10", "123456789012345678"}, {"9", "-10"});
    check(R"({"type":"integer","maximum":-3})", {"-3", "-123456789012345678"}, {"-2", "0"});
    check(R"({"type":"integer"})", {"0", "-1", "123"}, {"1.5", "01", "1e3", "--1"});
}

TEST_CASE("JSON schema: numbers with integral limits") {
    check(R"({"type":"number","minimum":0,"maximum":1})", {"0", "0.25", "1", "1.000"},
          {"-0.1", "1.0001", "2", "1e0", "-0"});
    check(R"({"type":"number","exclusiveMinimum":0})", {"0.5", "1", "17.25"}, {"0", "0.0", "-1"});
    check(R"({"type":"number","exclusiveMinimum":-2,"exclusiveMaximum":2})", {"-1.999", "-0.5", "0", "1.5", "1"},
          {"-2", "2", "-2.0", "2.0"});
    check(R"({"type":"number","minimum":-12,"maximum":-10})", {"-12", "-11.5", "-10", "-10.0"},
          {"-9.9", "-12.1", "-10.", "10"});
    check(R"({"type":"number"})", {"0", "-1.5E+10", "2e-7"}, {"1.", "e5", "1e100"});
}

TEST_CASE("JSON schema: choices and references") {
    check(R"({"enum":["a",1,null,{"x":[1, 2]}]})", {"\"a\"", "1", "null", R"({"x": [1,2]})"}, {"\"b\"", "2"});
    check(R"({"type":"string","enum":["a",1]})", {"\"a\""}, {"1"});
    check(R"({"const":"\u00e9\n\""})", {"\"\xc3\xa9\\n\\\"\""}, {"\"e\""});
    check(R"({"anyOf":[{"type":"string","maxLength":2},{"type":"integer"}]})", {"\"ab\"", "7"}, {"\"abc\"", "1.5"});
    check(
        R"({"type":"object","properties":{"k":{"type":"string"}},"anyOf":[{"required":["k"]},{"properties":{"n":{"const":1}},"required":["n"]}]})",
        {R"({"k":"x"})", R"({"n":1})", R"({"k":"","n":1})"}, {"{}"});
    check(R"({"oneOf":[{"type":"string"},{"type":"integer"}]})", {"\"ab\"", "7"}, {"1.5"});
    check(
        R"({"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"integer"}},"required":["kind"]},{"type":"object","properties":{"kind":{"const":"b"}},"required":["kind"]}]})",
        {R"({"kind":"a","x":1})", R"({"kind":"b"})"}, {R"({"kind":"b","x":1})"});
    check(
        R"({"oneOf":[{"type":"object","properties":{"a":{}},"required":["a"]},{"type":"object","properties":{"b":{}},"required":["b"]}]})",
        {R"({"a":1})", R"({"b":1})"}, {R"({"a":1,"b":1})"});
    check(R"({"allOf":[{"type":"integer","minimum":3},{"maximum":5}]})", {"3", "5"}, {"2", "6"});
    check(R"({"type":["integer","null"],"minimum":5})", {"5", "null"}, {"4"});
    check(R"({"type":"string","nullable":true})", {"\"\"", "null"}, {"1"});
    check(
        R"({"$ref":"#/$defs/list","$defs":{"list":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/list"},{"type":"null"}]}},"required":["v","next"]}}})",
        {R"({"v":1,"next":{"v":2,"next":null}})"}, {R"({"v":1})"});
    check(R"({"type":"array","items":{"$ref":"#"}})", {"[]", "[[],[[]]]"}, {"[1]"});
    const auto escaped_names = grammar_from_json_schema(json::parse(
        R"({"properties":{"a/b":{"const":1},"c":{"$ref":"#/properties/a~1b"},"d":{"$ref":"#/properties/a%7E1b"}},"required":["c"]})"));
    CHECK(matches(escaped_names, R"({"a/b":1,"c":1,"d":1})"));
    CHECK_FALSE(matches(escaped_names, R"({"c":2})"));
    check(
        R"({"allOf":[{"$ref":"#/$defs/a"},{"properties":{"y":{"type":"integer"}},"required":["y"]}],"$defs":{"a":{"type":"object","properties":{"x":{"const":1}},"required":["x"]}}})",
        {R"({"x":1,"y":2})"}, {R"({"x":1})"});
    check(
        R"({"title":"t","description":"d","default":1,"examples":[1],"$schema":"s","$id":"i","$comment":"c","type":"integer"})",
        {"1"}, {"\"\""});
}

TEST_CASE("JSON schema: without white space") {
    const auto g = grammar_from_json_schema(json::parse(R"({"properties":{"a":{"items":{}}},"required":["a"]})"),
                                            {.white_space = false});
    CHECK(matches(g, R"({"a":[1,{"b":2}]})"));
    CHECK_FALSE(matches(g, R"({"a": [1]})"));
    CHECK_FALSE(matches(g, R"({"a":[1, 2]})"));
}

TEST_CASE("JSON schema: what is not supported is an error with its place") {
    check_refused(R"({"type":"object","properties":{"x":{"patternProperties":{}}}})", errc::schema_unsupported,
                  "JSON schema at #/properties/x: expected supported keywords, got 'patternProperties'");
    check_refused(R"({"items":{"not":{}}})", errc::schema_unsupported, "#/items");
    check_refused(R"({"type":"integer","multipleOf":2})", errc::schema_unsupported, "'multipleOf'");
    check_refused(R"({"type":"array","uniqueItems":true})", errc::schema_unsupported, "#/uniqueItems");
    check_refused(R"({"type":"string","format":"email"})", errc::schema_unsupported, "#/format");
    check_refused(R"j({"type":"string","pattern":"(?=a)"})j", errc::schema_unsupported, "#/pattern");
    check_refused(R"({"type":"string","pattern":"(a)\\1"})", errc::schema_unsupported, "back references");
    check_refused(R"({"type":"string","pattern":"a^b"})", errc::schema_unsupported, "anchors");
    check_refused(R"({"type":"string","pattern":"[a"})", errc::schema_unsupported, "']'");
    check_refused(R"({"type":"string","pattern":"a","maxLength":3})", errc::schema_unsupported,
                  "one of format, pattern");
    check_refused(R"({"type":"strnig"})", errc::schema_unsupported, "#/type");
    check_refused(R"({"type":"number","minimum":0.5})", errc::schema_unsupported, "integers");
    check_refused(R"({"type":"integer","minimum":3,"maximum":2})", errc::schema_unsupported, "between the limits");
    check_refused(R"({"type":"array","minItems":3,"maxItems":2})", errc::schema_unsupported, "minItems");
    check_refused(R"({"required":["a"],"additionalProperties":false})", errc::schema_unsupported, "'a'");
    check_refused(R"({"oneOf":[{"type":"number"},{"type":"integer"}]})", errc::schema_unsupported, "branches 0 and 1");
    check_refused(R"({"enum":["a"],"minLength":3})", errc::schema_unsupported, "'minLength'");
    check_refused(R"({"enum":[]})", errc::schema_unsupported, "a value");
    check_refused(R"({"properties":{"a":{"$ref":"http://x"}}})", errc::schema_unsupported, "#/properties/a/$ref");
    check_refused(R"({"$ref":"#/nowhere"})", errc::schema_unsupported, "a place in this schema");
    check_refused(R"({"allOf":[{"type":"string"},{"type":"integer"}]})", errc::schema_unsupported, "type");
    check_refused("false", errc::schema_unsupported, "allows something");
    check_refused("3", errc::schema_unsupported, "an object or a boolean");
    check_refused(R"({"$ref":"#"})", errc::grammar_syntax, "never ends");
    check_refused(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", errc::grammar_syntax,
                  "never ends");
}

TEST_CASE("JSON schema: hostile schemas are refused") {
    std::string deep = "{}";
    for (int i = 0; i < 120; ++i) deep = "{\"items\":" + deep + "}";
    check_refused(deep, errc::schema_unsupported, "inside each other");
    check_refused(R"({"allOf":[{"$ref":"#"},{"type":"string"}]})", errc::schema_unsupported, "64 deep");
    check_refused(R"({"type":"string","maxLength":1000000000})", errc::grammar_limit, "#/maxLength");
    check_refused(R"({"type":"array","minItems":-1})", errc::schema_unsupported, "#/minItems");
    // Each definition holds the one before twice: 2^30 when written out.
    std::string definitions = R"("d0":{"type":"integer"})";
    for (int i = 1; i <= 30; ++i) {
        const std::string ref = R"({"$ref":"#/$defs/d)" + std::to_string(i - 1) + "\"}";
        definitions += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + ref + "," + ref + "]}";
    }
    check_refused(R"({"$ref":"#/$defs/d30","$defs":{)" + definitions + "}}", errc::grammar_limit,
                  "smaller when written out");
}

TEST_CASE("JSON schema: random texts of random schemas are valid") {
    std::mt19937 rng{17};
    int ended = 0, n_schemas = 0;
    for (int round = 0; round < 400; ++round) {
        const json schema = json::parse(random_schema(rng, 3));
        INFO(schema.dump());
        try {
            ended += sample(schema, 8, rng);
            ++n_schemas;
        } catch (const error& e) {
            INFO(e.what());
            const bool known = e.code() == errc::schema_unsupported;  // some contradict themselves
            REQUIRE(known);
        }
    }
    CHECK(n_schemas > 350);
    CHECK(ended > 2000);
}

TEST_CASE("tool calls: the grammar allows calls of the tools and nothing else") {
    const auto tools = json::parse(
        R"([{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},
                                       {"type":"function","function":{"name":"add","parameters":{"$ref":"#/$defs/p","$defs":{"p":{"properties":{"x":{"type":"integer"}}}}}}},
                                       {"name":"now"}])");
    const std::string weather =
                          "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>",
                      add = "<tool_call>{\"name\":\"add\",\"arguments\":{\"x\":1}}</tool_call>";
    const auto required = grammar_from_tools(tools), free = grammar_from_tools(tools, {.required = false}),
               many = grammar_from_tools(tools, {.required = false, .parallel = true});
    for (const auto& text :
         {weather, add, "\n" + add, std::string{"<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>"}}) {
        INFO(text);
        CHECK(matches(required, text));
        CHECK(matches(free, text));
        CHECK(matches(many, text));
    }
    CHECK_FALSE(matches(required, weather + add));
    CHECK(matches(grammar_from_tools(tools, {.parallel = true}), weather + "\n" + add));
    for (const std::string text : {"", "It rains. <tool_ call> <tool_cal", "<<tool_<tool_call"}) {
        INFO(text);
        CHECK_FALSE(matches(required, text));
        CHECK(matches(free, text));
        CHECK(matches(free, text + weather));
        CHECK_FALSE(matches(free, text + weather + "x"));
        CHECK(matches(many, text + weather + "x" + add + "y"));
    }
    for (const char* text : {"<tool_call>", "<tool_call>x", "<tool_call>{\"name\":\"rm\",\"arguments\":{}}</tool_call>",
                             "<tool_call>{\"name\":\"add\",\"arguments\":{\"x\":\"1\"}}</tool_call>",
                             "<tool_call>{\"name\":\"get_weather\",\"arguments\":{}}</tool_call>"}) {
        INFO(text);
        CHECK_FALSE(matches(many, text));
    }
    CHECK(matches(grammar_from_tools(tools, {.open = "", .close = "", .arguments_key = "parameters"}),
                  "{\"name\": \"add\", \"parameters\": {}}"));
    CHECK_THROWS_AS(grammar_from_tools(json::parse("[]")), error);
    CHECK_THROWS_AS(grammar_from_tools(json::parse("[{\"description\":\"x\"}]")), error);
    CHECK_THROWS_AS(grammar_from_tools(tools, {.required = false, .open = ""}), error);
    CHECK_THROWS_AS(grammar_from_tools(
                        json::parse(R"([{"name":"a","parameters":{"type":"object","properties":{"x":{"if":{}}}}}])")),
                    error);
}
