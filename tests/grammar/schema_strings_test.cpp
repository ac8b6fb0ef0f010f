// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_strings.hpp>

#include <string>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_schema_refused;

TEST_CASE("JSON schema: patterns, formats and lengths hold together") {
    check_schema(R"({"pattern":"^[a-z]+$","minLength":2,"maxLength":3})", {"\"ab\"", "\"abc\""},
                 {"\"a\"", "\"abcd\"", "\"AB\""});
    check_schema(R"({"pattern":"b","maxLength":2})", {"\"b\"", "\"ab\"", "\"b\\n\""}, {"\"abc\"", "\"a\"", "\"aab\""});
    check_schema(R"({"pattern":"^(ab)*$","minLength":3})", {"\"abab\""}, {"\"ab\"", "\"\"", "\"aba\""});
    check_schema(R"({"pattern":"é\\.$","minLength":3})", {"\"\\n\xc3\xa9.\""}, {"\"\xc3\xa9.\""});
    check_schema(R"({"format":"date","pattern":"^2024-0[12]-"})", {"\"2024-02-29\""},
                 {"\"2024-03-01\"", "\"2024-02-30\""});
    check_schema(R"({"format":"email","maxLength":6})", {"\"a@b.cd\""}, {"\"a@b.cde\"", "\"a@\""});
    check_schema_refused(R"({"type":"string","pattern":"^a{3}$","maxLength":2})", errc::schema_unsupported,
                         "keeps to all");
    check_schema_refused(R"({"type":"string","pattern":"^a?b?c?d?e?$","minLength":6})", errc::schema_unsupported,
                         "keeps to all");
}

TEST_CASE("JSON schema: counts in patterns") {
    check_schema(R"({"pattern":"^(a{2}){1,2}b{0}c{2,}d{0,1}$"})", {"\"aacc\"", "\"aaaacccd\""},
                 {"\"aac\"", "\"aabcc\"", "\"aaaaaacc\""});
    check_schema(R"({"pattern":"^(?:a|b?){2}$"})", {"\"\"", "\"a\"", "\"ab\"", "\"ba\""}, {"\"aaa\"", "\"c\""});
    check_schema(R"({"pattern":"^(a*)*(b|())+$"})", {"\"\"", "\"aab\""}, {"\"ba\""});
    for (const char* large : {"a{1,100000}", "(((a{200}){200}){200}){200}", "((((){9999}){9999}){9999}){9999}",
                              "(a|b|c|d|e){5000}", "a{100001}"})
        check_schema_refused(R"({"pattern":")" + std::string{large} + "\"}", errc::schema_unsupported, "#/pattern");
}

TEST_CASE("JSON schema: classes allow what ECMA 262 and Python agree on") {
    check_schema(R"({"pattern":"^\\W\\D\\S$"})", {"\"-a.\""},
                 {"\"\xd9\xa3--\"", "\"-\xd9\xa3-\"", "\"--\xef\xbb\xbf\""});
    check_schema(R"({"pattern":"^[^\\d][^\\s]$"})", {"\"ab\""}, {"\"\xd9\xa3x\"", "\"a\\u001f\""});
    check_schema(R"({"pattern":"^\\d\\s\\w$"})", {"\"1 a\""},
                 {"\"\xd9\xa3 a\"", "\"1\xef\xbb\xbf\"", "\"1 \xc3\xa9\""});
}

TEST_CASE("JSON schema: a dash behind a set in a class is a character") {
    test::check_texts(R"({"pattern":"^[\\w-.]+$"})", {"\"a-b.c\""}, {"\"a b\"", "\"\""});
}

TEST_CASE("JSON schema: formats") {
    const auto check = [](const char* format, std::initializer_list<const char*> good,
                          std::initializer_list<const char*> bad) {
        const auto g = grammar_from_json_schema(json_object{{"type", "string"}, {"format", format}});
        for (const auto* text : good) {
            INFO(format << ": " << text);
            CHECK(matches(g, json{text}.dump()));
        }
        for (const auto* text : bad) {
            INFO(format << ", not: " << text);
            CHECK_FALSE(matches(g, json{text}.dump()));
        }
    };
    check("date", {"2024-02-29", "0001-01-01"}, {"0000-01-01", "2023-02-29", "24-02-29", "2024-02-29 "});
    check("time", {"23:59:59Z", "00:00:00.5+05:30"}, {"24:00:00Z", "12:00", "12:00:60Z"});
    check("date-time", {"2024-02-29T00:00:00Z"}, {"2024-02-29", "2024-02-29 00:00:00Z"});
    check("duration", {"P1Y2M3DT4H5M6S", "PT1H", "P3W", "P1M", "PT5S"},
          {"P", "PT", "P1Y2D", "1D", "P1H", "P1W2D", "PT1H6S"});
    check("email", {"john.doe+tag@mail.example.com", "a@b"},
          {"john", "@x.y", "a..b@c.d", "a@-b.c", "a@b..c", "a b@c.d"});
    check("hostname", {"localhost", "a-b.example.com", "x1.y2"}, {"", "-a", "a-", "a_b", "a..b", "a."});
    check("ipv4", {"0.0.0.0", "255.10.1.199"}, {"256.0.0.1", "1.2.3", "01.2.3.4"});
    check("ipv6", {"::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::"},
          {"", ":", "1:2", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9"});
    check("uri", {"https://example.com:8080/a/b?x=1&y=%20#z", "mailto:a@b.c", "urn:isbn:1"},
          {"example.com", "/a", "http://a b", "http://a/%2", "1http://a", ":"});
    check("uri-reference", {"", "a/b", "../x", "/a?b", "#frag", "//host/p", "http://a"}, {"a b", "1:b", "%zz", "\\"});
    check("uuid", {"01234567-89AB-cdef-0123-456789abcdef"},
          {"0123456789abcdef0123456789abcdef", "g1234567-89ab-cdef-0123-456789abcdef"});
    check("json-pointer", {"", "/", "/a/0/~0~1", "/\xc3\xa9 \""}, {"a", "/~", "/~2"});
    check("relative-json-pointer", {"0", "1#", "2/a"}, {"", "#", "/a", "01"});
    check("regex", {"^[a-z0]?$", "a+\\.b", ""}, {"(", "[a", "*", "a**", "\\q"});
    check("uri-template", {"/a/{id}?q={x_1}"}, {"{", "{a", "}", "a b"});
    check("byte", {"", "QUI=", "QQ==", "QUJD"}, {"Q", "QQ=", "QR==", "Q Q="});
    for (const char* name : {"iri", "iri-reference", "idn-email", "idn-hostname"})
        CHECK(detail::format_pattern(name) != std::nullopt);
}
