// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_judge.hpp>

#include <string>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_schema_refused;

TEST_CASE("JSON schema: oneOf is refused where a value may fit two branches") {
    for (const char* branches :
         {R"({"type":"string"},{"minLength":3})",  // without a type, it says nothing of numbers and does not forbid
                                                   // them
          R"({"type":"integer"},{"minLength":3})", R"({"minimum":1},{"maximum":1})",
          R"({"required":["a"]},{"required":["b"]})",
          R"({"anyOf":[{"type":"string"},{"type":"integer"}]},{"type":"integer"})", R"({"const":[1]},{"const":[1.0]})",
          R"({"type":"number","maximum":5},{"type":"integer","minimum":5})",
          R"({"type":"string","pattern":"^a"},{"type":"string","pattern":"b$"})",
          R"({"type":"array","items":{"type":"string"}},{"type":"array","items":{"type":"integer"}})",
          R"({"properties":{"k":{"const":1}}},{"properties":{"k":{"const":2}}})",
          R"({"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"})", R"({},{"type":"integer"})"})
        check_schema_refused(R"({"oneOf":[)" + std::string{branches} + R"(],"$defs":{"a":{"type":"string"}}})",
                             errc::schema_unsupported, "#/oneOf: expected branches of which no value fits two");
}

TEST_CASE("JSON schema: oneOf is written where no value can fit two branches") {
    check_schema(R"({"oneOf":[{"type":"number","maximum":5},{"type":"integer","exclusiveMinimum":5}]})",
                 {"5", "6", "1.5"}, {"6.5"});
    check_schema(R"({"oneOf":[{"minimum":1},{"maximum":0}]})", {"1", "0"}, {"0.5", "\"a\""});
    check_schema(R"({"type":"string","oneOf":[{"maxLength":2},{"minLength":3}]})", {"\"\"", "\"abc\""}, {"1"});
    check_schema(R"({"oneOf":[{"anyOf":[{"type":"string"},{"type":"integer"}]},{"type":"null"}]})",
                 {"\"a\"", "1", "null"}, {"1.5"});
    check_schema(
        R"({"oneOf":[{"type":"array","items":{"type":"string"},"minItems":1},{"type":"array","items":{"type":"integer"},"minItems":1}]})",
        {"[\"a\"]", "[1]"}, {"[]"});
    check_schema(R"({"oneOf":[{"type":"boolean"},{"enum":["auto",2]}]})", {"true", "\"auto\"", "2"}, {"1"});
    check_schema(
        R"({"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"}],"discriminator":{"propertyName":"kind"},"$defs":{
            "cat":{"type":"object","properties":{"kind":{"const":"cat"},"lives":{"type":"integer"}},"required":["kind"]},
            "dog":{"type":"object","properties":{"kind":{"enum":["dog","wolf"]}},"required":["kind"]}}})",
        {R"({"kind":"cat","lives":9})", R"({"kind":"wolf"})"}, {R"({"kind":"dog","lives":1})", R"({"kind":"fox"})"});
    check_schema(R"({"enum":[1,2,"a"],"oneOf":[{"type":"integer"},{"maximum":1}]})", {"2", "\"a\""}, {"1"});
}

TEST_CASE("JSON schema: references in a circle end") {
    check_schema_refused(R"({"oneOf":[{"$ref":"#"},{"$ref":"#"}]})", errc::schema_unsupported, "oneOf");
    check_schema_refused(R"({"enum":[1],"anyOf":[{"$ref":"#"}]})", errc::schema_unsupported, "enum");
    check_schema_refused(R"({"enum":[1],"allOf":[{"$ref":"#"}]})", errc::schema_unsupported, "64 deep");
}
