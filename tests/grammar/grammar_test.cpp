// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/matcher.hpp>

#include <initializer_list>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/grammar/gbnf.hpp>
#include <nibble/unicode/utf8.hpp>

#include "test.hpp"

namespace {

using namespace nibble;

unsigned below(std::mt19937& rng, unsigned n) { return static_cast<unsigned>(rng() % n); }

void check(const char* gbnf, std::initializer_list<const char*> good, std::initializer_list<const char*> bad) {
    INFO(gbnf);
    const auto g = grammar::from_gbnf(gbnf);
    for (const auto* text : good) {
        INFO("text '" << text << "'");
        CHECK(matches(g, text));
    }
    for (const auto* text : bad) {
        INFO("text '" << text << "'");
        CHECK_FALSE(matches(g, text));
    }
}

void check_refused(const std::string& gbnf, errc code, const std::string& says) {
    INFO(gbnf.substr(0, 100));
    try {
        (void)grammar::from_gbnf(gbnf);
        FAIL_CHECK("accepted");
    } catch (const error& e) {
        INFO(e.what());
        CHECK(e.code() == code);
        CHECK(std::string{e.what()}.find(says) != std::string::npos);
    }
}

std::string repeated(std::string_view text, std::size_t n) {
    std::string out;
    while (n-- > 0) out += text;
    return out;
}

/// `n` rules, each made by `body` from its number.
template <class Body>
std::string chain(int n, Body body) {
    std::string out = "root ::= r0\n";
    for (int i = 0; i < n; ++i) out += "r" + std::to_string(i) + " ::= " + body("r" + std::to_string(i + 1)) + "\n";
    return out + "r" + std::to_string(n) + " ::= \"a\"\n";
}

// ---- a slow matcher to compare with: where may each expression end that starts at a given place

class slow_matcher {
public:
    slow_matcher(const grammar_syntax& syntax, std::u32string text) : syntax_(syntax), text_(std::move(text)) {}

    bool matches() { return ends(syntax_.rules[syntax_.root].body, 0).count(text_.size()) != 0; }

private:
    using places = std::set<std::size_t>;

    places ends(std::uint32_t index, std::size_t from) {
        const auto known = memo_.find({index, from});
        if (known != memo_.end()) return known->second;
        memo_[{index, from}] = {};  // what comes back to itself here never ends
        const auto& node = syntax_.nodes[index];
        places out;
        switch (node.type) {
            case grammar_node::kind::literal: {
                std::size_t at = from;
                const auto bytes = syntax_.literal(node);
                std::size_t i = 0;
                while (i < bytes.size()) {
                    const auto [c, length] = decode_utf8(bytes, i);
                    if (at >= text_.size() || text_[at] != c) break;
                    ++at;
                    i += length;
                }
                if (i == bytes.size()) out.insert(at);
                break;
            }
            case grammar_node::kind::characters:
                for (auto i = node.begin; i < node.end && from < text_.size(); ++i)
                    if (syntax_.ranges[i].first <= text_[from] && text_[from] <= syntax_.ranges[i].last)
                        out.insert(from + 1);
                break;
            case grammar_node::kind::sequence:
                out = {from};
                for (auto i = node.begin; i < node.end; ++i) out = after(out, syntax_.children[i]);
                break;
            case grammar_node::kind::choice:
                for (auto i = node.begin; i < node.end; ++i) out.merge(ends(syntax_.children[i], from));
                break;
            case grammar_node::kind::repeat: {
                places now{from};
                for (std::uint32_t n = 0; n < node.at_least; ++n) now = after(now, node.begin);
                out = now;
                for (auto n = node.at_least; n < node.at_most; ++n) {
                    now = after(now, node.begin);
                    const std::size_t before = out.size();
                    out.insert(now.begin(), now.end());
                    if (out.size() == before) break;
                }
                break;
            }
            case grammar_node::kind::reference: out = ends(syntax_.rules[node.begin].body, from); break;
        }
        return memo_[{index, from}] = out;
    }

    places after(const places& starts, std::uint32_t index) {
        places out;
        for (const auto start : starts) out.merge(ends(index, start));
        return out;
    }

    const grammar_syntax& syntax_;
    std::u32string text_;
    std::map<std::pair<std::uint32_t, std::size_t>, places> memo_;
};

const std::vector<std::string> letters{"a", "b", "c", "é", "あ", "😀"};

std::string random_expression(std::mt19937& rng, int depth) {
    const auto pick = [&](unsigned n) { return below(rng, n); };
    const auto atom = [&]() -> std::string {
        switch (pick(depth > 0 ? 7 : 5)) {
            case 0: return "\"" + letters[pick(6)] + letters[pick(6)] + "\"";
            case 1: return "\"" + letters[pick(3)] + "\"";
            case 2: return "[" + letters[pick(3)] + letters[3 + pick(3)] + "]";
            case 3: return pick(2) ? "[a-b]" : "[^a" + letters[1 + pick(5)] + "]";
            case 4: return "r" + std::to_string(pick(4));
            default: return "(" + random_expression(rng, depth - 1) + ")";
        }
    };
    static const std::vector<std::string> quantifiers{"*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"};
    std::string out;
    for (unsigned i = 0, n = 1 + pick(3); i < n; ++i) {
        if (i > 0) out += " | ";
        for (unsigned k = 0, m = pick(4); k < m; ++k) out += atom() + (pick(3) == 0 ? quantifiers[pick(7)] : "") + " ";
        if (pick(8) == 0) out += "\"\"";
    }
    return out;
}

/// Appends a random text of the expression; false if it became too long.
bool derive(const grammar_syntax& syntax, std::uint32_t index, std::mt19937& rng, int depth, std::string& out) {
    const auto& node = syntax.nodes[index];
    if (depth > 60 || out.size() > 60) return false;
    switch (node.type) {
        case grammar_node::kind::literal: out += syntax.literal(node); return true;
        case grammar_node::kind::characters: {
            const auto& range = syntax.ranges[node.begin + below(rng, node.end - node.begin)];
            for (const auto& letter : letters) {  // prefer characters that also occur elsewhere
                const auto c = decode_utf8(letter, 0).code_point;
                if (range.first <= c && c <= range.last && rng() % 2) {
                    out += letter;
                    return true;
                }
            }
            append_utf8(out, range.first + below(rng, range.last - range.first + 1));
            return true;
        }
        case grammar_node::kind::sequence:
            for (auto i = node.begin; i < node.end; ++i)
                if (!derive(syntax, syntax.children[i], rng, depth + 1, out)) return false;
            return true;
        case grammar_node::kind::choice:
            return derive(syntax, syntax.children[node.begin + below(rng, node.end - node.begin)], rng, depth + 1, out);
        case grammar_node::kind::repeat: {
            const auto most = std::min(node.at_most, node.at_least + 3);
            for (auto n = node.at_least + below(rng, most - node.at_least + 1); n > 0; --n)
                if (!derive(syntax, node.begin, rng, depth + 1, out)) return false;
            return true;
        }
        case grammar_node::kind::reference: return derive(syntax, syntax.rules[node.begin].body, rng, depth + 1, out);
    }
    return false;
}

std::u32string characters_of(std::string_view text) {
    std::u32string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, length] = decode_utf8(text, at);
        out += c;
        at += length;
    }
    return out;
}

}  // namespace

TEST_CASE("GBNF: terminals, groups and repetition") {
    check("root ::= \"ab\" \"c\"", {"abc"}, {"", "ab", "abcd", "abd"});
    check("root ::= \"a\" | \"b\" |", {"a", "b", ""}, {"ab"});
    check("root ::= [a-c]{2,3}", {"ab", "ccc"}, {"a", "abcd", "ad"});
    check("root ::= \"x\"{2}", {"xx"}, {"x", "xxx"});
    check("root ::= \"x\"{2,}", {"xx", "xxxxxx"}, {"x"});
    check("root ::= \"x\"{0}", {""}, {"x"});
    check("root ::= (\"a\" | \"b\")* \"c\"?", {"", "abba", "abc", "c"}, {"ca", "cc"});
    check("root ::= [^a\\n]+", {"bcd", "\xc3\xa9"}, {"a", "\n", ""});
    check("root ::= .", {"a", "\n", "\xf0\x9f\x98\x80"}, {"", "ab", "\xf0\x9f\x98"});
    check("root ::= [-a] [a-] [\\]\\[\\\\^]", {"--]", "aa^", "a-\\"}, {"b-]"});
    check("root ::= \"\\x41\\u00e9\\U0001f600\\n\\t\\r\\\"\\\\\"", {"A\xc3\xa9\xf0\x9f\x98\x80\n\t\r\"\\"}, {"A"});
    check("root ::= [\\u3042-\\u3093]+ [a-\\uffff]", {"\xe3\x81\x82\xe3\x82\x93z"}, {"\xe3\x81\x81z"});
    check("root ::= \"a\" *", {"", "aaa"}, {"b"});
    check("root ::= \"a\"?*", {"", "aaa"}, {"b"});
}

TEST_CASE("GBNF: rules, comments and lines") {
    check("# a list\nroot ::= item+ # of items\n\n\nitem ::= \"- \" [^\\n]+ \"\\n\"", {"- a\n", "- a\n- b\n"},
          {"", "- \n", "- a"});
    check("root ::= (\n  \"a\" # first\n  | \"b\"\n)\r\n", {"a", "b"}, {"ab"});
    check("root ::=\n  \"a\" |\n  \"b\"\nother ::= root", {"a", "b"}, {});
    check("start ::= \"x\"\nroot ::= start start-2 UPPER_9\nstart-2 ::= \"y\"\nUPPER_9 ::= \"z\"", {"xyz"}, {"x"});
    check("root ::= \"# no comment\"", {"# no comment"}, {});
    const auto other_root = grammar::from_gbnf("root ::= \"a\"\nother ::= \"b\"", "other");
    CHECK(matches(other_root, "b"));
    CHECK_FALSE(matches(other_root, "a"));
}

TEST_CASE("GBNF: recursion and ambiguity") {
    check("root ::= \"(\" root \")\" root | \"\"", {"", "()", "(()())()"}, {"(", "())", ")("});
    check("root ::= \"a\" root root | \"\"", {"", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, {"b"});
    check("root ::= \"x\" root ws? | \"y\"\nws ::= \" \"", {"y", "xxy", "xxy  "}, {"xxy   ", "x"});
    check("root ::= a b\na ::= \"x\"* \nb ::= \"x\"* \"y\"", {"y", "xxxxy"}, {"x"});
    check("root ::= (\"a\"*)*", {"", "aaa"}, {"b"});
    check("root ::= ((\"a\"?)+ | \"b\"*)* \"c\"", {"c", "abbac"}, {"", "ca"});
    check("root ::= n n n \"x\"\nn ::= m?\nm ::= \"\" | \"a\" m", {"x", "aaax"}, {"a"});
    // Brackets of n kinds chosen at each level: 2^60 stacks, which share their parts.
    check("root ::= \"a\" (root \"x\" | root \"y\") | \"b\"", {"b", "abx", "aabxy"}, {"ab", "abz"});
    const auto g = grammar::from_gbnf("root ::= \"a\" (root \"x\" | root \"y\") | \"b\"");
    CHECK(matches(g, repeated("a", 60) + "b" + repeated("xy", 30)));
    CHECK_FALSE(matches(g, repeated("a", 60) + "b" + repeated("xy", 29)));
    // Right recursion takes no stack.
    CHECK(matches(grammar::from_gbnf("root ::= \"a\" root | \"b\""), repeated("a", 100'000) + "b"));
}

TEST_CASE("GBNF: errors name line and column") {
    check_refused("root ::= \"a\"\nx ::= [z-a]", errc::grammar_syntax,
                  "line 2, column 8: expected a range in ascending order");
    check_refused("root ::= \"\xc3\xa9\" \"abc", errc::grammar_syntax, "line 1, column 14: expected a closing '\"'");
    check_refused("root ::= [ab", errc::grammar_syntax, "column 10: expected a closing ']'");
    check_refused("root ::= []", errc::grammar_syntax, "at least one character");
    check_refused("root ::= [^\\x00-\\U0010ffff]", errc::grammar_syntax, "at least one character");
    check_refused("root ::= [\xff]", errc::grammar_syntax, "column 11: expected valid UTF-8, got \\xff");
    check_refused("root ::= \"\xed\xa0\x80\"", errc::grammar_syntax, "valid UTF-8");
    check_refused("root ::= \"\\ud800\"", errc::grammar_syntax, "a Unicode character");
    check_refused("root ::= \"\\U00110000\"", errc::grammar_syntax, "a Unicode character");
    check_refused("root ::= \"\\xg0\"", errc::grammar_syntax, "hexadecimal digits");
    check_refused("root ::= \"\\q\"", errc::grammar_syntax, "an escape");
    check_refused("root ::= (\"a\"", errc::grammar_syntax, "expected ')', got the end");
    check_refused("root ::= \"a\")", errc::grammar_syntax, "expected an expression or the end of the line");
    check_refused("root ::= +", errc::grammar_syntax, "something to repeat");
    check_refused("root ::= \"a\"{3,2}", errc::grammar_syntax, "m <= n");
    check_refused("root ::= \"a\"{x}", errc::grammar_syntax, "a number");
    check_refused("root ::= \"a\"{1", errc::grammar_syntax, "expected '}'");
    check_refused("root ::= <think>", errc::grammar_syntax, "token terminals");
    check_refused("root \"a\"", errc::grammar_syntax, "'::=' after rule 'root'");
    check_refused("root ::= \"a\"\n| \"b\"", errc::grammar_syntax, "needs parentheses");
    check_refused("root ::= a b", errc::grammar_syntax, "column 10: expected a definition of rule 'a'");
    check_refused("root ::= \"a\"\nroot ::= \"b\"", errc::grammar_syntax, "line 2, column 1: expected each rule once");
    check_refused("x ::= \"a\"", errc::grammar_syntax, "a rule 'root'");
    check_refused("", errc::grammar_syntax, "a rule 'root'");
    CHECK_THROWS_AS(grammar::from_gbnf(std::string_view{"root ::= \0", 10}), error);
}

TEST_CASE("GBNF: a grammar must match something, and not begin with itself") {
    check_refused("root ::= \"a\" root", errc::grammar_syntax, "never ends");
    check_refused("root ::= a\na ::= \"x\" b\nb ::= \"y\" a", errc::grammar_syntax, "never ends");
    check_refused("root ::= root \"a\" | \"b\"", errc::grammar_syntax, "left recursion root -> root");
    check_refused("root ::= a | \"x\"\na ::= b \"y\"\nb ::= c? a | \"z\"\nc ::= \"q\"", errc::grammar_syntax,
                  "left recursion a -> b -> a");
    check_refused("root ::= (\"x\"? root){3} | \"y\"", errc::grammar_syntax, "left recursion");
    // A branch that never ends is left out, and with it the way to a dead end.
    const auto g = grammar::from_gbnf("root ::= \"a\" | \"b\" forever\nforever ::= \"c\" forever");
    grammar_matcher matcher{g};
    CHECK_FALSE(matcher.accept("b"));
    CHECK(matcher.accept("a"));
    CHECK(matcher.finished());
}

TEST_CASE("GBNF: hostile grammars are refused or bounded") {
    check_refused("root ::= " + repeated("(", 60'000) + "\"a\"" + repeated(")", 60'000), errc::grammar_too_deep,
                  "nested groups");
    check_refused("root ::= \"a\"" + repeated("*", 60'000), errc::grammar_too_deep, "nested groups");
    check_refused("root ::= \"a\"{0,1000000000}", errc::grammar_limit, "100000 times");
    check_refused("root ::= \"a\"{0,99999999999999999999999999}", errc::grammar_limit, "100000 times");
    check_refused("root ::= (\"abc\"{0,90000} \"d\"){0,90000}", errc::grammar_limit, "instructions");
    check_refused("root ::= ((\"a\"?){0,10000}){0,10000}", errc::grammar_limit, "first state");
    check_refused(chain(100'000, [](const auto& next) { return next; }), errc::grammar_limit, "rules");
    check_refused(chain(15'000, [](const auto& next) { return next + " \"x\""; }), errc::grammar_too_deep,
                  "start inside each other");
    check_refused("root ::= \"" + std::string(std::size_t{1} << 21, 'x') + "\"", errc::grammar_limit, "bytes");
    CHECK(matches(grammar::from_gbnf(chain(15'000, [](const auto& next) { return next; })), "a"));
    // Two ways at each of 200 rules.
    CHECK_FALSE(matches(
        grammar::from_gbnf(chain(200, [](const auto& next) { return next + " \"x\" | " + next + " \"y\""; })), "ab"));

    SECTION("nesting of the text is limited") {
        const auto g = grammar::from_gbnf("root ::= \"(\" root \")\" | \"\"");
        CHECK(matches(g, repeated("(", 400) + repeated(")", 400)));
        CHECK_FALSE(matches(g, repeated("(", 1'000'000)));
    }
    SECTION("so is the work for one token") {
        const auto g = grammar::from_gbnf("root ::= \"s\" (\"a\"{0,300} \"b\"{0,300}){0,300} \"c\"");
        grammar_states states = g.states({.max_steps = 500});
        CHECK(states.step(states.start(), 's') == grammar_states::dead);
        CHECK(states.exhausted());
        states.begin_token();
        CHECK(states.step(states.start(), 'a') == grammar_states::dead);
        CHECK_FALSE(states.exhausted());
    }
}

TEST_CASE("grammar matcher: pieces may cut characters, wrong ones change nothing") {
    const auto g = grammar::from_gbnf("root ::= \"é\" [あ-ん]+ \"!\"");
    grammar_matcher matcher{g};
    CHECK(matcher.accept("\xc3"));
    CHECK_FALSE(matcher.accept("\xaa"));
    CHECK_FALSE(matcher.complete());
    CHECK(matcher.accept("\xa9\xe3\x81"));
    CHECK_FALSE(matcher.accept("!"));
    CHECK(matcher.accept("\x82\xe3\x82\x93!"));
    CHECK(matcher.complete());
    CHECK(matcher.finished());
    matcher.reset();
    CHECK_FALSE(matcher.complete());
    CHECK(matcher.accept("\xc3\xa9"));
}

TEST_CASE("grammar states: forgetting states does not change the answers") {
    const auto g = grammar::from_gbnf("root ::= \"a\" (root \"x\" | root \"y\") | \"b\"");
    grammar_matcher roomy{g}, tight{g, {.max_frames = 600, .max_transitions = 200}};
    std::mt19937 rng{5};
    std::string text;
    for (int i = 0; i < 60; ++i) text += 'a';
    text += 'b';
    for (int i = 0; i < 60; ++i) text += rng() % 2 ? 'x' : 'y';
    for (const char c : text) {
        REQUIRE(roomy.accept({&c, 1}));
        REQUIRE(tight.accept({&c, 1}));
        REQUIRE(roomy.complete() == tight.complete());
    }
    CHECK(roomy.complete());
}

TEST_CASE("character classes become exactly their UTF-8 bytes") {
    std::mt19937 rng{7};
    const std::vector<char32_t> edges{0,      0x7f,   0x80,   0x7ff,   0x800,   0xfff,   0x1000,
                                      0xd7ff, 0xe000, 0xffff, 0x10000, 0x3ffff, 0x40000, 0x10ffff};
    const auto random_character = [&]() -> char32_t {
        const char32_t c =
            rng() % 2 ? edges[rng() % edges.size()] + below(rng, 3) - 1 : below(rng, rng() % 2 ? 0x110000 : 0x3000);
        return detail::is_scalar_value(c) ? c : 0xe000;
    };
    std::size_t n_inside = 0;
    for (int round = 0; round < 400; ++round) {
        auto a = random_character(), b = random_character();
        if (a > b) std::swap(a, b);
        const bool negated = rng() % 2;
        if (negated && a == 0 && b == 0x10ffff) continue;
        std::string gbnf = negated ? "root ::= [^\\U" : "root ::= [\\U";
        append_hex(gbnf, a, 8);
        gbnf += "-\\U";
        append_hex(gbnf, b, 8);
        const auto g = grammar::from_gbnf(gbnf + "]");
        for (int i = 0; i < 60; ++i) {
            const char32_t c = i == 0 ? a : i == 1 ? b : random_character();
            std::string text;
            append_utf8(text, c);
            const bool inside = (a <= c && c <= b) != negated;
            n_inside += inside;
            INFO(gbnf << "] " << static_cast<unsigned>(c));
            REQUIRE(matches(g, text) == inside);
        }
        for (const auto* invalid : {"\xed\xa0\x80", "\xc0\x80", "\xe0\x80\x80", "\xf4\x90\x80\x80", "\x80", "\xff"})
            REQUIRE_FALSE(matches(g, invalid));
    }
    CHECK(n_inside > 5000);
}

TEST_CASE("random grammars: derived texts match, changed ones match as a slow matcher says") {
    std::mt19937 rng{11};
    int n_grammars = 0, n_derived = 0, n_rejected = 0, n_accepted = 0;
    for (int round = 0; round < 1500; ++round) {
        std::string gbnf = "root ::= " + random_expression(rng, 2) + "\n";
        for (int i = 0; i < 4; ++i) gbnf += "r" + std::to_string(i) + " ::= " + random_expression(rng, 1) + "\n";
        INFO(gbnf);
        grammar_syntax syntax;
        std::vector<grammar> compiled;
        try {
            syntax = parse_gbnf(gbnf);
            compiled.push_back(grammar::from_gbnf(gbnf));
        } catch (const error& e) {
            INFO(e.what());
            REQUIRE(e.code() == errc::grammar_syntax);  // left recursion, or nothing to match
            continue;
        }
        ++n_grammars;
        for (int i = 0; i < 12; ++i) {
            std::string text;
            if (!derive(syntax, syntax.rules[syntax.root].body, rng, 0, text)) continue;
            ++n_derived;
            INFO("text " << text);
            REQUIRE(matches(compiled[0], text));
            grammar_matcher by_byte{compiled[0]};
            for (const char c : text) REQUIRE(by_byte.accept({&c, 1}));
            REQUIRE(by_byte.complete());

            auto changed = characters_of(text);
            for (unsigned n = 1 + below(rng, 2); n > 0; --n) {
                const auto letter = decode_utf8(letters[rng() % letters.size()], 0).code_point;
                const auto at = rng() % (changed.size() + 1);
                switch (rng() % 3) {
                    case 0: changed.insert(at, 1, letter); break;
                    case 1: changed.erase(std::min<std::size_t>(at, changed.size()), 1); break;
                    default:
                        if (at < changed.size()) changed[at] = letter;
                }
            }
            std::string bytes;
            for (const char32_t c : changed) append_utf8(bytes, c);
            INFO("changed to " << bytes);
            const bool expected = slow_matcher{syntax, changed}.matches();
            (expected ? n_accepted : n_rejected) += 1;
            REQUIRE(matches(compiled[0], bytes) == expected);
        }
    }
    CHECK(n_grammars > 300);
    CHECK(n_derived > 3000);
    CHECK(n_accepted > 300);
    CHECK(n_rejected > 1000);
}
