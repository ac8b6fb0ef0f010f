// SPDX-License-Identifier: Apache-2.0
#include <nibble/jinja/template.hpp>

#include <fstream>
#include <string>
#include <string_view>

#include "support/paths.hpp"
#include "support/refusal.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::refusal;
using nibble::test::refusal_of;

std::string render(std::string_view source, const json::object& variables = {}, const jinja::limits& limits = {}) {
    return jinja::compiled_template(source, limits).render(variables, {}, {2025, 7, 8, 9, 5, 3});
}
refusal refused(std::string_view source, const json::object& variables = {}) {
    return refusal_of([&] { return render(source, variables); });
}

}  // namespace

TEST_CASE("templates render as Jinja2 renders them") {
    std::ifstream in(nibble::test::data_dir() / "jinja" / "cases.jsonl");
    std::string line;
    REQUIRE(std::getline(in, line));
    const json shared = json::parse(line);
    REQUIRE(shared.find("date")->as_string() == "2025-07-08T09:05:03");
    const json::object& variables = shared.find("variables")->as_object();
    std::size_t n_cases = 0;
    for (; std::getline(in, line); ++n_cases) {
        const json expected = json::parse(line);
        const std::string& source = expected.find("template")->as_string();
        INFO(source);
        if (const json* text = expected.find("text")) {
            std::string got;
            try {
                got = render(source, variables);
            } catch (const error& e) {
                got = e.what();
            }
            CHECK(got == text->as_string());
        } else {
            CHECK_THROWS_AS(render(source, variables), error);
        }
    }
    CHECK(n_cases == 1030);
}

TEST_CASE("errors say what and where") {
    using enum errc;
    const json::object variables{{"d", json::object{{"a", 1}}}, {"n", nullptr}};
    CHECK(refused("a\nb {{ x.y }}", variables) == refusal{tmpl_type_error, "chat template line 2, column 7"});
    CHECK(refused("{{ d.a.b.c }}", variables).text ==
          "chat template line 1, column 9: 'int object' has no attribute 'b'");
    CHECK(refused("{{ 'é' }}{{ 1 + }}") == refusal{tmpl_syntax, "chat template line 1, column 17"});
    CHECK(refused("{{ 1 + }}").text == "chat template line 1, column 8: expected an expression, got '}}'");
    CHECK(refused("{% if d %}", variables) == refusal{tmpl_syntax, "chat template line 1, column 11"});
    CHECK(refused("{% endif %}") == refusal{tmpl_syntax, "chat template line 1, column 4"});
    CHECK(refused("{{ 'abc }}") == refusal{tmpl_syntax, "chat template line 1, column 4"});
    CHECK(refused("x {# abc") == refusal{tmpl_syntax, "chat template line 1, column 3"});
    CHECK(refused("{{ raise_exception('no\nway') }}") == refusal{tmpl_raised, "chat template line 1, column 19"});
    CHECK(refused("{{ raise_exception('no\nway') }}").text == "chat template line 1, column 19: no\\x0away");
    CHECK(refused("{{ 1 | nothing }}") == refusal{tmpl_unsupported, "chat template line 1, column 8"});
    CHECK(refused("{{ 1 is nothing }}") == refusal{tmpl_unsupported, "chat template line 1, column 9"});
    CHECK(refused("{{ n() }}", variables) == refusal{tmpl_type_error, "chat template line 1, column 5"});
    for (const std::string_view tag : {"include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'", "block b"})
        CHECK(refused("\n {% " + std::string(tag) + " %}") ==
              refusal{tmpl_unsupported, "chat template line 2, column 5"});
    CHECK(refused("{% for x in [] recursive %}{% endfor %}") ==
          refusal{tmpl_unsupported, "chat template line 1, column 16"});
}

TEST_CASE("without a date there is no strftime_now, and a call of it gives an empty text") {
    const auto undated = [](std::string_view source) { return jinja::compiled_template(source).render({}, {}, {}); };
    CHECK(undated("{{ strftime_now is defined }}|{{ strftime_now('%Y') if strftime_now is defined else 'none' }}") ==
          "False|none");
    CHECK(undated("Today: {{ strftime_now('%d %B %Y') }}{% set t = strftime_now('%Y') %}{{ 'y' + t ~ t }}.") ==
          "Today: y.");
    CHECK(refusal_of([&] { return undated("{{ strftime_now.x }}"); }) ==
          refusal{errc::tmpl_type_error, "chat template line 1, column 16"});
    CHECK(render("{{ strftime_now is defined }}{{ strftime_now('%Y') }}") == "True2025");
}

TEST_CASE("the sandbox shows nothing of its host") {
    CHECK(render("{{ ''.__class__ is defined }}{{ cycler.__init__ is defined }}{{ self is defined }}{{ lipsum is "
                 "defined }}") == "FalseFalseFalseFalse");
    for (const std::string_view source : {"{{ ''.__class__.__mro__ }}", "{{ [].append(1) }}", "{{ {}.update({}) }}",
                                          "{{ raise_exception.__globals__.x }}", "{{ ''['__class__']() }}",
                                          "{{ ('' | attr('__class__'))() }}", "{{ '{0.__class__.x}'.format(1) }}"})
        CHECK(refused(source).code == errc::tmpl_type_error);
    CHECK(render("{{ '{0.__class__}'.format(1) }}").empty());
}

TEST_CASE("dates come from the argument") {
    const auto at = [](int year, int month, int day) {
        return jinja::compiled_template("{{ strftime_now('%A %j %U %V %G %y') }}")
            .render({}, {}, {year, month, day, 0, 0, 0});
    };
    // Checked with Python's datetime.
    CHECK(at(2024, 12, 30) == "Monday 365 52 01 2025 24");
    CHECK(at(2021, 1, 3) == "Sunday 003 01 53 2020 21");
    CHECK(at(2024, 2, 29) == "Thursday 060 08 09 2024 24");
    CHECK(at(2000, 1, 1) == "Saturday 001 00 52 1999 00");
    CHECK_THROWS_AS(at(2025, 2, 29), error);
    CHECK_THROWS_AS(at(2025, 13, 1), error);
    CHECK(jinja::compiled_template("no date").render({}, {}, {2025, 13, 1, 0, 0, 0}) == "no date");
}

TEST_CASE("bytes that are no UTF-8 pass through") {
    const json::object variables{{"s", "a\xff\xe6\x97z"}};
    CHECK(render("{{ s }}|{{ s | length }}|{{ s[1:] }}|{{ s | upper }}|{{ [s] }}|{{ s | tojson }}", variables) ==
          "a\xff\xe6\x97z|4|\xff\xe6\x97z|A\xff\xe6\x97Z|['a\xff\xe6\x97z']|\"a\xff\xe6\x97z\"");
    CHECK(refused("{{ \xff }}").code == errc::tmpl_syntax);
    CHECK(render(std::string_view("a\0{{ '\0' | length }}", 20)) == std::string("a\0", 2) + "1");
}

TEST_CASE("a template renders the same again and again, and its copies do") {
    const jinja::compiled_template first(
        "{% set ns = namespace(n=0) %}{% for c in s %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}");
    const jinja::compiled_template second = first;
    const json::object variables{{"s", "abc"}};
    for (int i = 0; i < 3; ++i) {
        CHECK(first.render(variables, {}, {}) == "3");
        CHECK(second.render(json::object{{"s", "a"}}, {}, {}) == "1");
    }
}
