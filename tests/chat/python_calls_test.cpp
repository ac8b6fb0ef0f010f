// SPDX-License-Identifier: Apache-2.0
#include <nibble/chat/python_calls.hpp>

#include <string>
#include <string_view>

#include "support/refusal.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// f{"x":1}g{} for [f(x=1), g()].
std::string read(std::string_view text) {
    std::string out;
    for (const tool_call& call : detail::python_call_reader{text}.read()) out += call.name + call.arguments.dump();
    return out;
}

}  // namespace

TEST_CASE("python calls: in a list, in lines, alone") {
    CHECK(read("f()") == "f{}");
    CHECK(read("[f(x=1), g()]") == "f{\"x\":1}g{}");
    CHECK(read("\nf(x=1)\ng(y = 2,)\n") == "f{\"x\":1}g{\"y\":2}");
    CHECK(read(" [ a.b_c( x = 1 ) , ] ") == "a.b_c{\"x\":1}");
}

TEST_CASE("python calls: values are literals of Python, or of JSON") {
    CHECK(read("f(a=True, b=False, c=None, d=true, e=null)") == R"(f{"a":true,"b":false,"c":null,"d":true,"e":null})");
    CHECK(read("f(a=-1.5e3, b=12345678901234567890)") == R"(f{"a":-1500.0,"b":12345678901234567890})");
    CHECK(read(R"(f(a='it"s', b="it's", c='a\n\t\\\'\"\d', d=''))") ==
          R"(f{"a":"it\"s","b":"it's","c":"a\n\t\\'\"\\d","d":""})");
    CHECK(read("f(a=[1, [2], {}], b={'k': [None], \"l\": ')]'})") == R"(f{"a":[1,[2],{}],"b":{"k":[null],"l":")]"}})");
}

TEST_CASE("python calls: what is none is refused") {
    const std::string deep(65, '[');
    for (const std::string text :
         {"", "[]", "f", "f(", "f(x", "f(x=", "f(x=1", "f(1)", "f(x=y)", "f(x='a)", "f(x=1 y=2)", "[f()", "f()]",
          "(x=1)", "f(x={1: 2})", "f(x={'a' 1})", "f(x=[1 2])", "import os", "f(x=__import__('os'))"}) {
        CAPTURE(text);
        CHECK(test::refusal_of([&] { return read(text); }).code == errc::json_syntax);
    }
    CHECK(test::refusal_of([&] { return read("f(x=" + deep); }).where == "tool call");
}

TEST_CASE("python calls: what is written is read") {
    const json arguments = json::parse(
        R"x({"a": "x\n'\"\\ )", "b": [true, false, null, 1.5], "c": {"k": {"l": []}}, "d": 12345678901234567890})x");
    const std::string text = detail::written_python_call({"", "f", arguments});
    CHECK(text.starts_with("f(a="));
    CHECK(text.find("[True, False, None, 1.5]") != std::string::npos);
    CHECK(detail::python_call_reader{text}.read().at(0).arguments == arguments);
}
