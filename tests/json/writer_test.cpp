// SPDX-License-Identifier: Apache-2.0
#include <nibble/json/writer.hpp>

#include <string>
#include <string_view>

#include <nibble/json/json.hpp>

#include "test.hpp"

using namespace nibble;

namespace {

std::string quoted(std::string_view text, bool ensure_ascii = false) {
    std::string out;
    append_json_string(out, text, ensure_ascii);
    return out;
}

}  // namespace

TEST_CASE("strings are written with the escapes of JSON") {
    CHECK(quoted("a\"b\\c/") == R"("a\"b\\c/")");
    CHECK(quoted("\b\f\n\r\t\x01\x1f") == R"("\b\f\n\r\t\u0001\u001f")");
    CHECK(quoted("\x7f\u00e9\U0001f600") == "\"\x7f\u00e9\U0001f600\"");
    CHECK(quoted("\x7f\u00e9\n\U0001f600", true) == R"("\u007f\u00e9\n\ud83d\ude00")");
    CHECK(quoted("\xff\xc3 a", true) == "\"\xff\xc3 a\"");  // no UTF-8: as it is
    CHECK(quoted(std::string_view{"\0", 1}) == R"("\u0000")");
}

TEST_CASE("lists and objects are written on one line or on several") {
    const json value = json::parse(R"({"a":[1,[],{}],"b":{"\u00e9":null}})");
    CHECK(value.dump() == "{\"a\":[1,[],{}],\"b\":{\"\u00e9\":null}}");
    CHECK(value.dump(json_format::python()) == "{\"a\": [1, [], {}], \"b\": {\"\u00e9\": null}}");
    CHECK(value.dump({.key_separator = ": ", .indent = "  ", .ensure_ascii = true}) ==
          "{\n  \"a\": [\n    1,\n    [],\n    {}\n  ],\n  \"b\": {\n    \"\\u00e9\": null\n  }\n}");
    CHECK(json{json::array{}}.dump({.indent = " "}) == "[]");
}
