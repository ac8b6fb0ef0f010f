// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_unique.hpp>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_schema_refused;

TEST_CASE("JSON schema: items of few values are unique, in any order") {
    check_schema(R"({"type":"array","items":{"enum":["a",1,1.0,true]},"uniqueItems":true})",
                 {"[]", "[1]", "[true, \"a\"]", "[1,true,\"a\"]"},
                 {"[1,1]", "[1,1.0]", "[\"a\",1,\"a\"]", "[2]", "[1,]"});
    check_schema(R"({"items":{"type":["boolean","null"]},"uniqueItems":true,"minItems":2,"maxItems":2})",
                 {"[true,null]", "[false,true]"}, {"[true]", "[true,true]", "[true,false,null]"});
    check_schema(R"({"items":{"type":"integer","minimum":1,"maximum":5},"uniqueItems":true})", {"[5,1,3]"},
                 {"[1,1]", "[6]"});
    check_schema(R"({"prefixItems":[{"enum":["a","b"]}],"items":{"enum":["b","c"]},"uniqueItems":true})",
                 {"[\"a\",\"b\",\"c\"]", "[\"b\",\"c\"]"}, {"[\"b\",\"b\"]", "[\"c\"]"});
    check_schema(R"({"items":{"anyOf":[{"const":"x"},{"enum":["x","y"]}]},"uniqueItems":true})", {"[\"y\",\"x\"]"},
                 {"[\"x\",\"x\"]"});
    check_schema_refused(R"({"items":{"enum":[1,2]},"uniqueItems":true,"minItems":3})", errc::grammar_syntax,
                         "never ends");
}

TEST_CASE("JSON schema: more than eight values are unique in the order of the schema") {
    check_schema(
        R"({"items":{"enum":["a","b","c","d","e","f","g","h","i","j"]},"uniqueItems":true,"minItems":1,"maxItems":3})",
        {"[\"a\"]", "[\"b\",\"e\",\"j\"]"}, {"[]", "[\"e\",\"b\"]", "[\"a\",\"a\"]", "[\"a\",\"b\",\"c\",\"d\"]"});
}

TEST_CASE("JSON schema: unique items of many values take few rules") {
    check_schema(R"({"items":{"type":"integer","minimum":1,"maximum":100},"uniqueItems":true,"maxItems":20})",
                 {"[1,2,50,100]"}, {"[1,1]", "[101]", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]"});
    check_schema(
        R"({"items":{"type":"integer","minimum":9223372036854775806,"maximum":9223372036854775807},"uniqueItems":true})",
        {"[9223372036854775807,9223372036854775806]"}, {"[9223372036854775807,9223372036854775807]"});
}

TEST_CASE("JSON schema: items that cannot be equal are unique") {
    check_schema(R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false,"uniqueItems":true})",
                 {"[\"a\",1]"}, {"[1,\"a\"]", "[\"a\",1,2]"});
    check_schema(R"({"items":{"type":"string"},"maxItems":1,"uniqueItems":true})", {"[\"a\"]", "[]"},
                 {"[\"a\",\"b\"]"});
    check_schema_refused(R"({"items":{"type":"string"},"uniqueItems":true})", errc::schema_unsupported,
                         "#/uniqueItems");
    check_schema_refused(R"({"prefixItems":[{"type":"string"},{"minLength":1}],"items":false,"uniqueItems":true})",
                         errc::schema_unsupported, "#/uniqueItems");
    check_schema_refused(R"({"items":{"type":"integer","minimum":0},"uniqueItems":true})", errc::schema_unsupported,
                         "#/uniqueItems");
}
