// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_merge.hpp>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_schema_refused;

TEST_CASE("JSON schema: items and prefixItems in different parts of allOf hold together") {
    check_schema(
        R"({"type":"array","allOf":[{"items":{"type":"integer"}},{"prefixItems":[{"minimum":5}]}],"minItems":2})",
        {"[5,1]"}, {"[\"a\",1]", "[4,1]", "[5,\"a\"]", "[5.5,1]"});
    check_schema(R"({"allOf":[{"prefixItems":[{"type":"string"},{"type":"integer"}]},{"items":{"maxLength":2}}]})",
                 {"[\"ab\",1]", "[\"ab\",1,\"ab\"]"}, {"[\"abc\",1]", "[\"ab\",1,\"abc\"]"});
    check_schema(
        R"({"allOf":[{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}},{"prefixItems":[true,{"minimum":3}]}]})",
        {"[\"a\",3]", "[\"a\",3,1]"}, {"[\"a\",2]", "[\"a\",3,\"b\"]"});
    check_schema(R"({"$ref":"#/$defs/a","items":{"type":"integer"},"$defs":{"a":{"prefixItems":[{"minimum":1}]}}})",
                 {"[1,0]"}, {"[0]", "[\"a\"]"});
    check_schema_refused(R"({"allOf":[{"items":false},{"prefixItems":[true],"minItems":1}]})", errc::schema_unsupported,
                         "minItems");
}

TEST_CASE("JSON schema: additionalProperties of one part of allOf limit the properties of another") {
    check_schema(
        R"({"allOf":[{"properties":{"a":true},"additionalProperties":{"type":"integer"}},{"properties":{"b":{"minimum":3}}}]})",
        {R"({"a":"x","b":3})", R"({"c":1})"}, {R"({"b":"x"})", R"({"b":2})", R"({"c":"x"})"});
    check_schema(R"({"allOf":[{"properties":{"a":true},"additionalProperties":false},{"properties":{"b":true}}]})",
                 {R"({"a":1})"}, {R"({"b":1})"});
    check_schema(R"({"allOf":[{"additionalProperties":{"type":"string"}},{"additionalProperties":{"maxLength":1}}]})",
                 {R"({"x":"a"})"}, {R"({"x":1})", R"({"x":"ab"})"});
}

TEST_CASE("JSON schema: what both parts say of one thing holds together") {
    check_schema(R"({"allOf":[{"pattern":"^a"},{"pattern":"b$"},{"maxLength":3}]})", {"\"ab\"", "\"axb\""},
                 {"\"a\"", "\"b\"", "\"axxb\""});
    check_schema(R"({"allOf":[{"type":["integer","string"]},{"type":["number","null"]}]})", {"1"},
                 {"1.5", "null", "\"a\""});
    check_schema(
        R"({"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"anyOf":[{"minimum":3,"maxLength":1},{"const":0}]}]})",
        {"3", "0", "\"a\""}, {"2", "\"ab\""});
    check_schema(R"({"allOf":[{"multipleOf":4},{"multipleOf":6}],"type":"integer","minimum":1,"maximum":30})",
                 {"12", "24"}, {"4", "6", "8", "18"});
    check_schema(R"({"allOf":[{"enum":[1,2,"a",[1.0]]},{"enum":["a",2.0,[1]]}]})", {"2", "\"a\"", "[1.0]"}, {"1"});
    check_schema(R"({"allOf":[{"type":"string","nullable":true},{"type":"string"}]})", {"\"a\""}, {"null"});
    check_schema(R"({"enum":["a","bb",3,{"k":1}],"minLength":2})", {"\"bb\"", "3", R"({"k":1})"}, {"\"a\""});
    check_schema(R"({"enum":["a1","b1"],"pattern":"^a"})", {"\"a1\""}, {"\"b1\""});
    check_schema(R"({"minimum":9007199254740993,"enum":[9007199254740992.0,9007199254740993,9007199254740994.0]})",
                 {"9007199254740993"}, {"9007199254740992.0"});
}

TEST_CASE("JSON schema: a property that may not occur does not") {
    check_schema(R"({"properties":{"a":false,"b":true},"additionalProperties":true})", {R"({"b":1})", R"({"c":1})"},
                 {R"({"a":1})"});
    check_schema(R"({"properties":{"a":{"type":"string","enum":[1]},"b":true}})", {"{}", R"({"b":1})"}, {R"({"a":1})"});
    check_schema(R"({"anyOf":[{"type":"string"},{"type":"integer"}],"type":"integer"})", {"1"}, {"\"a\""});
    check_schema(R"({"type":"array","prefixItems":[{"const":1},false]})", {"[1]"}, {"[1,1]", "[1,2]"});
}
