// SPDX-License-Identifier: Apache-2.0
#include <nibble/json/json.hpp>

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "support/refusal.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::refusal;
using nibble::test::refusal_of;

std::string again(std::string_view text) { return json::parse(text).dump(); }
refusal refused(std::string_view text, const json_limits& limits = {}) {
    return refusal_of([&] { return json::parse(text, limits); });
}
refusal syntax(std::uint64_t offset) { return {errc::json_syntax, "JSON text", offset}; }

}  // namespace

TEST_CASE("JSON reads and writes back") {
    for (const std::string_view text : {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-1",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "12345678901234567890123456789012345678901234567890",
                                        "{\"id\":-98765432109876543210}",
                                        "1.0",
                                        "-0.0",
                                        "0.1",
                                        "1e-07",
                                        "1e+16",
                                        "123456789.125",
                                        "\"\"",
                                        "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\"",
                                        "\"é😀\"",
                                        "[]",
                                        "{}",
                                        "[[],{}]",
                                        "{\"b\":1,\"a\":[1,2.5,null]}"})
        CHECK(again(text) == text);
    CHECK(again(" { \"a\" : [ 1 , 2 ] }\r\n\t") == "{\"a\":[1,2]}");
    CHECK(again("\"\\u00e9\\ud83d\\ude00\\/\"") == "\"é😀/\"");
    CHECK(again("[1E2,1e-2,-1.5e+3]") == "[100.0,0.01,-1500.0]");
    CHECK(again("{\"a\":1,\"b\":2,\"a\":3}") == "{\"a\":3,\"b\":2}");
    CHECK(json::parse("{\"a\":[1,{}]}").dump(json_format::python()) == "{\"a\": [1, {}]}");
}

TEST_CASE("integers and other numbers are kept apart") {
    CHECK(json::parse("1").is_integer());
    CHECK_FALSE(json::parse("1.0").is_integer());
    CHECK(json::parse("1.0").is_number());
    CHECK(json::parse("1e-400").as_double() == 0);
    CHECK(json::parse("0." + std::string(400, '0') + "1").as_double() == 0);
    CHECK(json::parse("1e-99999999999999999999").as_double() == 0);
    CHECK(json(7u).as_integer() == 7);
    CHECK(json(std::numeric_limits<double>::quiet_NaN()).dump() == "NaN");
    CHECK(json(-std::numeric_limits<double>::infinity()).dump() == "-Infinity");
}

TEST_CASE("integers beyond 64 bits are what was written") {
    const json big = json::parse("12345678901234567890");
    CHECK(big.type() == json::kind::big_integer);
    CHECK(big.is_number());
    CHECK_FALSE(big.is_integer());
    CHECK(big.as_double() == 12345678901234567890.0);
    CHECK(big.as_big_integer().digits == "12345678901234567890");
    CHECK(refusal_of([&] { (void)big.as_integer(); }) == refusal{errc::json_type, "JSON value"});
    CHECK(refusal_of([&] { (void)json(1).as_big_integer(); }) == refusal{errc::json_type, "JSON value"});
    CHECK(big == json::parse("12345678901234567890"));
    CHECK_FALSE(big == json::parse("12345678901234567891"));  // the same double
    CHECK(json(std::uint64_t{1} << 63) == json::parse("9223372036854775808"));
    CHECK(json(std::numeric_limits<std::uint64_t>::max()).dump() == "18446744073709551615");
    CHECK(json(std::uint64_t{1} << 62).is_integer());
    CHECK(std::isinf(json::parse("1" + std::string(400, '0')).as_double()));
    CHECK(again(std::string(4300, '9')) == std::string(4300, '9'));
    CHECK(again("-" + std::string(4300, '9')).size() == 4301);
    CHECK(refused("[" + std::string(4301, '9') + "]") == syntax(1));
    CHECK(refused("[1000,10000000000000000000]", {.digits = 19}) == syntax(6));
}

TEST_CASE("a number that no double holds is an error, not infinity") {
    CHECK(refused("1e400") == syntax(0));
    CHECK(refused("{\"a\":-1e400}") == syntax(5));
    CHECK(refused("[1,1e99999999999999999999]") == syntax(3));
    CHECK(refused("1" + std::string(400, '0') + ".5") == syntax(0));
    CHECK(again("1.7976931348623157e308") == "1.7976931348623157e+308");
}

TEST_CASE("doubles are written as Python's repr writes them") {
    const std::pair<double, std::string_view> cases[] = {{1.0, "1.0"},
                                                         {1e15, "1000000000000000.0"},
                                                         {1e16, "1e+16"},
                                                         {1.5e16, "1.5e+16"},
                                                         {0.0001, "0.0001"},
                                                         {0.00001, "1e-05"},
                                                         {123456789012345680.0, "1.2345678901234568e+17"},
                                                         {5e-324, "5e-324"},
                                                         {1.7976931348623157e308, "1.7976931348623157e+308"},
                                                         {0.1 + 0.2, "0.30000000000000004"},
                                                         {100.0, "100.0"},
                                                         {12345.678, "12345.678"},
                                                         {1e100, "1e+100"}};
    for (const auto& [number, text] : cases) CHECK(json(number).dump() == text);
}

TEST_CASE("bad JSON is refused with its offset") {
    CHECK(refused("") == syntax(0));
    CHECK(refused(" ") == syntax(1));
    CHECK(refused("tru") == syntax(0));
    CHECK(refused("[1,]") == syntax(3));
    CHECK(refused("[1 2]") == syntax(3));
    CHECK(refused("[1") == syntax(2));
    CHECK(refused("{\"a\":1,}") == syntax(7));
    CHECK(refused("{\"a\" 1}") == syntax(5));
    CHECK(refused("{a:1}") == syntax(1));
    CHECK(refused("1 2") == syntax(2));
    CHECK(refused("01") == syntax(1));
    CHECK(refused("+1") == syntax(0));
    CHECK(refused("-") == syntax(0));
    CHECK(refused("1.") == syntax(2));
    CHECK(refused(".5") == syntax(0));
    CHECK(refused("1e") == syntax(2));
    CHECK(refused("NaN") == syntax(0));
    CHECK(refused("\"abc") == syntax(4));
    CHECK(refused("\"a\nb\"") == syntax(2));
    CHECK(refused("\"\\x\"") == syntax(2));
    CHECK(refused("\"\\u12g4\"") == syntax(3));
    CHECK(refused("\"\\u12") == syntax(3));
    CHECK(refused("\"ab\\ud800\"") == syntax(3));
    CHECK(refused("\"\\udc00\"") == syntax(1));
    CHECK(refused("\"\\ud800\\u0041\"") == syntax(1));
    CHECK(refused("\"a\xff\"") == syntax(2));
    CHECK(refused("\"\xed\xa0\x80\"") == syntax(1));
    CHECK(refused("'a'") == syntax(0));
    CHECK(refused(std::string_view("\0", 1)) == syntax(0));
    CHECK(refused("[1] // no") == syntax(4));
}

TEST_CASE("JSON is bounded") {
    const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    CHECK(again(nested(128)) == nested(128));
    CHECK(refused(nested(129)) == syntax(128));
    CHECK(refused(std::string(100'000, '[')) == syntax(128));
    CHECK(refused("[[[]]]", {.depth = 2}) == syntax(2));
    CHECK(refused("[1,2,3]", {.bytes = 6}) == refusal{errc::limit_exceeded, "JSON text"});

    // Many members: looked up in O(log n), so that this ends soon.
    std::string text = "{";
    for (int i = 0; i < 100'000; ++i)
        text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i % 60'000) + "\":" + std::to_string(i);
    const json many = json::parse(text + "}");
    CHECK(many.as_object().size() == 60'000);
    CHECK(many.find("k39999")->as_integer() == 99'999);
    CHECK(many.find("k40000")->as_integer() == 40'000);
    CHECK(many.find("x") == nullptr);
}

TEST_CASE("values are built and looked at") {
    json j;
    CHECK(j.is_null());
    j["name"] = "get_weather";
    j["tags"].push_back("a");
    j["tags"].push_back(true);
    j["n"]["m"] = 3;
    CHECK(j.dump() == "{\"name\":\"get_weather\",\"tags\":[\"a\",true],\"n\":{\"m\":3}}");
    CHECK(j.find("tags")->as_array().size() == 2);
    CHECK(j.find("none") == nullptr);
    CHECK(json(1).find("x") == nullptr);

    json copy = j;
    copy["n"]["m"] = 4;
    CHECK(j.find("n")->find("m")->as_integer() == 3);
    CHECK_FALSE(copy == j);
    CHECK(json::parse("{\"a\":1,\"b\":2}") == json::parse("{\"b\":2,\"a\":1}"));
    CHECK_FALSE(json(1) == json(1.0));

    const refusal wrong = refusal_of([&] { return j.as_array(); });
    CHECK(wrong.code == errc::json_type);
    CHECK(wrong.text == "JSON value: expected an array, got an object");
    CHECK(refusal_of([] { return json("1").as_integer(); }).code == errc::json_type);

    json::object big;
    for (int i = 0; i < 100; ++i) big.set(std::to_string(i), i);
    json::object other = big;
    other.set("50", "changed");
    CHECK(big.find("50")->as_integer() == 50);
    CHECK(other.find("50")->as_string() == "changed");
    CHECK(other.size() == 100);
}
