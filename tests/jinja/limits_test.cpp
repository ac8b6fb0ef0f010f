// SPDX-License-Identifier: Apache-2.0
#include <nibble/jinja/template.hpp>

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/refusal.hpp"
#include "support/sanitizers.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::refusal_of;

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}
std::string render(std::string_view source, const json::object& variables = {}, const jinja::limits& limits = {}) {
    return jinja::compiled_template(source, limits).render(variables, {}, {});
}
errc refused(std::string_view source, const json::object& variables = {}) {
    const auto r = refusal_of([&] { return render(source, variables); });
    INFO(source.substr(0, 60));
    CHECK(r.where != "accepted");
    return r.code;
}

/// Runs `work` on a thread with a small stack. Sanitizers and builds without optimization make frames larger.
void on_small_stack(const std::function<void()>& work) {
#if defined(NIBBLE_TEST_ASAN) || defined(NIBBLE_TEST_TSAN) || !defined(__OPTIMIZE__)
    constexpr std::size_t bytes = 2048 * 1024;
#else
    constexpr std::size_t bytes = 256 * 1024;
#endif
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
    pthread_t thread;
    const auto start = [](void* argument) -> void* {
        (*static_cast<const std::function<void()>*>(argument))();
        return nullptr;
    };
    REQUIRE(pthread_create(&thread, &attributes, start, const_cast<std::function<void()>*>(&work)) == 0);
    REQUIRE(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&attributes);
}
/// The code with which each template is refused, found on a small stack.
std::vector<errc> refused_on_small_stack(const std::vector<std::string>& sources) {
    std::vector<errc> codes;
    on_small_stack([&] {
        for (const std::string& source : sources) codes.push_back(refusal_of([&] { return render(source); }).code);
    });
    return codes;
}

}  // namespace

TEST_CASE("a rendering ends soon after it was cancelled, from before or from another thread") {
    jinja::limits endless;
    endless.steps = UINT64_MAX;
    const jinja::compiled_template loop(
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}", endless);
    const jinja::compiled_template search("{% for a in range(100000) %}{% for b in range(100000) %}"
                                          "{% if ('x' * 100000).find('y') == 1 %}{% endif %}{% endfor %}{% endfor %}",
                                          endless);
    for (const auto* busy : {&loop, &search}) {
        std::atomic<bool> cancel = true;
        const auto cancelled = [&] { return refusal_of([&] { return busy->render({}, {}, {}, &cancel); }).code; };
        CHECK(cancelled() == errc::tmpl_cancelled);
        cancel = false;
        std::atomic<bool> started = false;
        std::thread other{[&] {
            started.wait(false);
            cancel = true;
        }};
        started = true;
        started.notify_one();
        CHECK(cancelled() == errc::tmpl_cancelled);
        other.join();
    }
    std::atomic<bool> never = false;
    CHECK(jinja::compiled_template("{{ 1 + 1 }}").render({}, {}, {}, &never) == "2");
}

TEST_CASE("nesting without end is refused at load, on a small stack") {
    constexpr std::size_t n = 6000;
    const std::vector<std::string> sources{
        "{{ " + repeated("(", n) + "1" + repeated(")", n) + " }}",
        "{{ " + repeated("[", n) + repeated("]", n) + " }}",
        "{{ " + repeated("{1:", n) + "1" + repeated("}", n) + " }}",
        "{{ " + repeated("not ", n) + "1 }}",
        "{{ " + repeated("- ", n) + "1 }}",
        "{{ " + repeated("x(", n) + repeated(")", n) + " }}",
        "{{ " + repeated("x[", n) + repeated("]", n) + " }}",
        "{{ " + repeated("x|f(", n) + repeated(")", n) + " }}",
        "{{ " + repeated("x is f(", n) + repeated(")", n) + " }}",
        "{{ " + repeated("1 if 1 else ", n) + "1 }}",
        "{{ " + repeated("1 + (2 * ", n) + "1" + repeated(")", n) + " }}",
        repeated("{% if 1 %}", n) + repeated("{% endif %}", n),
        repeated("{% for x in [1] %}", n) + repeated("{% endfor %}", n),
        repeated("{% macro m() %}", n) + repeated("{% endmacro %}", n),
        repeated("{% set x %}", n) + repeated("{% endset %}", n),
        repeated("{% filter upper %}", n) + repeated("{% endfilter %}", n),
        repeated("{% generation %}", n),
        "{% for " + repeated("(", n) + "x" + repeated(")", n) + " in y %}",
        "{% set " + repeated("(", n) + "x" + repeated(")", n) + " = y %}",
    };
    CHECK(refused_on_small_stack(sources) == std::vector<errc>(sources.size(), errc::tmpl_too_deep));
}

TEST_CASE("long chains are loops, or are refused at run time, on a small stack") {
    constexpr std::size_t n = 100'000;
    jinja::limits limits;
    limits.source_bytes = 8 << 20;
    std::string elifs, sums, names, filters, items;
    on_small_stack([&] {
        elifs = render("{% if 0 %}" + repeated("{% elif 0 %}", n) + "{% else %}end{% endif %}", {}, limits);
        sums = render("{{ 1" + repeated("+1", n) + " }}", {}, limits);
        items = render("{{ [" + repeated("1,", n) + "]|length }}{{ 0" + repeated(" or 0", n) + "}}{{ ''" +
                           repeated("~1", n) + "}}",
                       {}, limits);
        const auto code = [&](const std::string& source) {
            return refusal_of([&] { return render(source, {}, limits); }).code;
        };
        names = code("{{ a" + repeated(".a", n) + " }}") == errc::tmpl_too_deep ? "deep" : "other";
        filters = code("{{ 'x'" + repeated("|upper", n) + " }}") == errc::tmpl_too_deep ? "deep" : "other";
    });
    CHECK(elifs == "end");
    CHECK(sums == "100001");
    CHECK(items == "1000000" + repeated("1", n));
    CHECK(names == "deep");
    CHECK(filters == "deep");
}

TEST_CASE("recursion at run time ends, on a small stack") {
    const std::vector<std::string> sources{
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% for x in [1] %}{% if x %}{{ [a()] }}{% endif %}{% "
        "endfor %}{% endmacro %}{{ a() }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
        "{% macro m(x=m()) %}{% endmacro %}{% set n = namespace(m=m) %}{% macro m(x=n.m()) %}{% endmacro %}{{ m() }}",
        "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}",
        "{% set ns = namespace(l=[]) %}{% for x in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[]) %}{% for x in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson "
        "}}",
        "{% set ns = namespace(l=[], m=[]) %}{% for x in range(1000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] "
        "%}{% endfor %}{{ ns.l == ns.m }}",
        "{% set ns = namespace(l=[], m=[]) %}{% for x in range(1000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] "
        "%}{% endfor %}{{ ns.l < ns.m }}",
    };
    CHECK(refused_on_small_stack(sources) == std::vector<errc>(sources.size(), errc::tmpl_too_deep));
    // A deep value by itself is no harm: nothing recurses when it is released.
    CHECK(render("{% set ns = namespace(l=[]) %}{% for x in range(99999) %}{% set ns.l = [ns.l] %}{% endfor %}ok") ==
          "ok");
}

TEST_CASE("a rendering takes a bounded number of steps") {
    using enum errc;
    CHECK(refused("{{ range(10**9) | length }}") == tmpl_out_of_fuel);
    CHECK(refused("{% for a in range(999) %}{% for b in range(999) %}{% for c in range(999) %}{% endfor %}{% endfor "
                  "%}{% endfor %}") == tmpl_out_of_fuel);
    CHECK(refused("{% set ns = namespace(l=range(1000)|list) %}{% for x in range(40) %}{% set ns.l = ns.l + ns.l %}{% "
                  "endfor %}") == tmpl_out_of_fuel);
    CHECK(refused("{% set l = [0] * 10**9 %}") == tmpl_out_of_fuel);
    CHECK(refused("{% set ns = namespace(l=[1]) %}{% for x in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ "
                  "ns.l == [ns.l] }}{{ ns.l }}") == tmpl_out_of_fuel);
    CHECK(refused("{% for x in range(99999) %}{% set y = 'x' * 9999 %}{% endfor %}") == tmpl_out_of_fuel);
    CHECK(refused("{% for x in range(99999) %}{{ 'x' * 999 in 'y' * 9999 }}{% endfor %}") == tmpl_out_of_fuel);
}

TEST_CASE("what built-ins compare, search and walk through is paid for") {
    using enum errc;
    // Each of these would take from seconds to hours if a step could cost more than a bounded time.
    const std::string loop = "{% for i in range(90000) %}{% if ", end = " %}{% endif %}{% endfor %}";
    const std::string strings = "{% set s = 'a' * 16000000 %}{% set t = ('a' * 15999999) ~ 'b' %}";
    for (const std::string_view again : {"s == t",
                                         "s < t",
                                         "s in [t]",
                                         "s.removeprefix(t)",
                                         "s.removesuffix(t)",
                                         "s.startswith((t, t))",
                                         "s.endswith(t)",
                                         "s is sameas t",
                                         "t in d",
                                         "d.get(t)",
                                         "d[t]",
                                         "d | attr(t)",
                                         "'{x}'.format(**d)",
                                         "[t].count(s)",
                                         "[t].index(s)",
                                         "'' | truncate(99999999, end=s)",
                                         "s | length",
                                         "s[-1]",
                                         "'b'.strip(s)",
                                         "s.find(t)",
                                         "s.rfind(t)",
                                         "s.count(t)",
                                         "t in s",
                                         "s.partition(t)",
                                         "s.rpartition(t)",
                                         "s.split(t)",
                                         "s.rsplit(t)",
                                         "s.replace(t, '')",
                                         "s | replace(t, '')",
                                         "[1] | map(attribute=s) | list",
                                         "{s: 1} == {t: 1}",
                                         "{(s, 1): 1}",
                                         "[s, t] | unique | list",
                                         "[s, t] | sort",
                                         "[s, t] | max",
                                         "ns[t]",
                                         "'%(x)s' % {'x': 1, s: 2}",
                                         "(s | escape) == 1",
                                         "s | wordcount",
                                         "s.isalpha()"}) {
        INFO(std::string{again});
        CHECK(refused(strings + "{% set d = {s: 1, 'x': 2} %}{% set ns = namespace(**d) %}" + loop +
                      std::string{again} + end) == tmpl_out_of_fuel);
    }
    const std::string lists = "{% set r = range(100000) %}{% set l = [1] * 90000 %}";
    for (const std::string_view again :
         {"r | sum", "l.count(1)", "2 in l", "l | min", "l | map(attribute='real') | list", "l | unique | list",
          "l == (l + [])", "r | list"}) {
        INFO(std::string{again});
        CHECK(refused(lists + loop + std::string{again} + end) == tmpl_out_of_fuel);
    }
    // One search in a text that is made for it.
    CHECK(refused("{% set s = 'a' * 16000000 %}{{ s.find('a' * 8000000 ~ 'b') }}") == tmpl_out_of_fuel);
    CHECK(refused("{% set s = 'a' * 16000000 %}{{ s.rfind('a' * 8000000 ~ 'b') }}") == tmpl_out_of_fuel);
    // A tuple that holds a tuple ten times, twelve levels deep.
    std::string shared = "{% set a = (1,1,1,1,1,1,1,1,1,1) %}";
    for (int i = 0; i < 11; ++i) shared += "{% set a = (a,a,a,a,a,a,a,a,a,a) %}";
    for (const std::string_view use : {"{{ a in {} }}", "{{ {a: 1} }}", "{{ {}.get(a) }}", "{{ {}[a] }}",
                                       "{{ [a, a] | unique | list }}", "{{ a is filter }}"})
        CHECK(refused(shared + std::string{use}) == tmpl_out_of_fuel);
    // Names in one scope, parameters of one macro: looked through one by one.
    std::string names, parameters;
    for (int i = 0; i < 20'000; ++i) names += "{% set a" + std::to_string(i) + "=1 %}";
    for (int i = 0; i < 60'000; ++i) parameters += "p" + std::to_string(i) + "=1,";
    CHECK(refused(names) == tmpl_out_of_fuel);
    CHECK(refused("{% macro m(" + parameters + "z=1) %}{% endmacro %}{{ m() }}") == tmpl_out_of_fuel);
}

TEST_CASE("searches find what they look for") {
    CHECK(
        render("{{ 'abcabc'.find('ca') }} {{ 'abcabc'.rfind('bc') }} {{ 'abcabc'.find('') }} {{ 'abcabc'.rfind('') }}"
               " {{ 'aab'.find('ab') }} {{ 'ab'.find('abc') }} {{ 'ab'.rfind('abc') }} {{ ''.find('a') }} "
               "{{ 'aaa'.count('aa') }} {{ 'aXbX'.split('X') }} {{ 'aXbX'.rsplit('X', 1) }} {{ 'xay'.partition('a') }} "
               "{{ 'aaab'.rfind('aab') }} {{ 'ba'.find('a') }} {{ 'a' in 'ba' }}") ==
        "2 4 0 6 1 -1 -1 -1 1 ['a', 'b', ''] ['aXb', ''] ('x', 'a', 'y') 1 1 True");
}

TEST_CASE("texts are bounded before they are made") {
    using enum errc;
    for (const std::string_view source :
         {"{{ 'x' * 10**9 }}", "{{ '%1000000000d' % 1 }}", "{{ '%.1000000000f' % 1 }}", "{{ '%*d' % (1000000000, 1) }}",
          "{{ '{:1000000000}'.format('a') }}", "{{ '{:.99999999999999999999f}'.format(1.5) }}",
          "{{ 'a'.center(10**9) }}", "{{ 'a'.ljust(10**18, 'é') }}", "{{ 'a'.zfill(10**9) }}",
          "{{ 'a' | center(10**9) }}", "{{ 'a' | indent(10**9) }}", "{{ [1] | tojson(indent=10**9) }}",
          "{{ ('x' * 10**6).replace('x', 'x' * 10**4) }}", "{{ ('x' * 10**4).join('y' * 10**4) }}",
          "{{ ('x' * 10**4) | list | join('y' * 10**4) }}", "{{ '\\t'.expandtabs(10**12) }}",
          "{% set ns = namespace(s='xxxxxxxx') %}{% for x in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
          "{% set ns = namespace(s='xxxxxxxx') %}{% for x in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
          "{% set s = 'x' * 10**6 %}{% for x in range(99) %}{{ s }}{% endfor %}"})
        CHECK(refused(source) == tmpl_output_too_large);
    CHECK(refused(std::string(2 << 20, 'x')) == limit_exceeded);
}

TEST_CASE("numbers stay in their range") {
    for (const std::string_view source : {"{{ 1 // 0 }}",
                                          "{{ 1 % 0 }}",
                                          "{{ 1 / 0 }}",
                                          "{{ 1.5 // 0 }}",
                                          "{{ 1.5 % 0.0 }}",
                                          "{{ 0 ** -1 }}",
                                          "{{ 10 ** 400 }}",
                                          "{{ 10.0 ** 400 }}",
                                          "{{ 9223372036854775807 + 1 }}",
                                          "{{ -9223372036854775807 - 2 }}",
                                          "{{ (-9223372036854775807 - 1) // -1 }}",
                                          "{{ 3037000500 * 3037000500 }}",
                                          "{{ '9' * 30 | int }}{{ ('9' * 30) | int }}",
                                          "{{ 1e30 | int }}",
                                          "{{ 'a'[::0] }}",
                                          "{{ 9223372036854775807 | round(-19) + 'x' }}",
                                          "{{ range(1, 2, 0) }}",
                                          "{{ range(0, 9223372036854775807, 4611686018427387904)[0:2] }}",
                                          "{{ range(0, 4611686018427387904, 4611686018427387903)[::4] }}",
                                          "{{ [1] | slice(0) }}"})
        CHECK(refused(source) == errc::tmpl_type_error);
    CHECK(refused("{{ " + std::string(10'000, '9') + " }}") == errc::tmpl_syntax);
    CHECK(render("{{ -(-9223372036854775807 - 1) }} {{ (-9223372036854775807 - 1) | abs }}") ==
          "9223372036854775808 9223372036854775808");
    const json::object huge{{"n", json::parse("-98765432109876543210")}, {"m", json::parse(std::string(400, '1'))}};
    for (const std::string_view source :
         {"{{ n + 1 }}", "{{ n % 2 }}", "{{ n is odd }}", "{{ [n] | sum }}", "{{ '%x' | format(n) }}",
          "{{ n | round(-1) }}", "{{ m | float }}", "{{ m / 2.0 }}"})
        CHECK(refused(source, huge) == errc::tmpl_type_error);
    CHECK(render("{{ m > 1e308 }} {{ -m < -1e308 }}", huge) == "True True");
    CHECK(render("{{ (-9223372036854775807 - 1) % -1 }} {{ 'abc'[-9223372036854775807:9223372036854775807] }} "
                 "{{ 'abc'[::9223372036854775807] }} {{ 'abc'[::-9223372036854775807] }} {{ [1,2][9223372036854775807] "
                 "is defined }} "
                 "{{ range(-9223372036854775807, 9223372036854775807, 9223372036854775807) | list }}") ==
          "0 abc a c False [-9223372036854775807, 0]");
}

TEST_CASE("what large variables bring with them is enough for large renderings") {
    json::array messages;
    for (int i = 0; i < 100'000; ++i)
        messages.push_back(json::object{{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", "hello"}});
    const std::string text = render("{% for m in messages %}{% if (m.role == 'user') == (loop.index0 % 2 == 0) %}<{{ "
                                    "m.role }}>{{ m.content | trim }}{% endif %}{% endfor %}",
                                    json::object{{"messages", messages}});
    CHECK(text.size() == 50'000 * (6 + 5 + 11 + 5));

    const std::string content(10 << 20, 'x');
    CHECK(render("{{ s.replace('y', 'z') | trim }}", json::object{{"s", content}}) == content);

    // An object of many keys is searched, not scanned.
    json::object many;
    for (int i = 0; i < 20'000; ++i) many.set("key" + std::to_string(i), i);
    CHECK(render("{% set ns = namespace(n=0) %}{% for k in d %}{% if d[k] == loop.index0 and k in d %}{% set ns.n = "
                 "ns.n + 1 %}{% endif %}{% endfor %}{{ ns.n }}",
                 json::object{{"d", many}}) == "20000");
}

TEST_CASE("a letter whose case depends on its neighbours looks at them alone, not at the whole text") {
    constexpr std::size_t n = 400'000;  // the square of it would take hours
    const std::string capitals = repeated("\u03a3", n);
    CHECK((render("{{ x | lower }}", json_object{{"x", capitals}}) == repeated("\u03c3", n - 1) + "\u03c2"));
    CHECK((render("{{ x | lower }}", json_object{{"x", capitals + repeated(".", n) + "a"}}) ==
           repeated("\u03c3", n) + repeated(".", n) + "a"));
}
