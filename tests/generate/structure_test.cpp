// SPDX-License-Identifier: Apache-2.0
#include <nibble/generate/structure.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/generate/session.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/matcher.hpp>
#include <nibble/model/model.hpp>
#include <nibble/model/vocabulary.hpp>

#include "support/paths.hpp"
#include "support/schema_validator.hpp"
#include "test.hpp"

namespace {

using namespace nibble;

std::shared_ptr<const token_trie> trie_of(const std::vector<std::string>& texts, std::vector<token> ends) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return std::make_shared<const token_trie>(views, ends);
}

model tiny() { return model::load(test::models_dir() / "nibble-tiny.gguf"); }

/// The allowed tokens by the definition: those whose text can follow what was read.
std::vector<bool> by_trial(const grammar_matcher& matcher, const token_trie& trie) {
    std::vector<bool> out(trie.n_vocab());
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto id = static_cast<token>(i);
        if (trie.is_end(id)) {
            out[i] = matcher.complete();
        } else if (!trie.text(id).empty()) {
            auto copy = matcher;
            out[i] = copy.accept(trie.text(id));
        }
    }
    return out;
}

std::vector<bool> allowed_by(grammar_constraint& constraint, std::size_t n_vocab) {
    std::vector<float> logits(n_vocab, 1.5f);
    constraint.apply(logits);
    std::vector<bool> out;
    for (const float x : logits) {
        REQUIRE((x == 1.5f || x == -std::numeric_limits<float>::infinity()));
        out.push_back(x == 1.5f);
    }
    return out;
}

/// A token among the allowed ones: at random, with a liking for ends and for what closes something.
token choose(const std::vector<bool>& allowed, const token_trie& trie, std::mt19937& rng) {
    std::vector<token> all, closing;
    for (std::size_t i = 0; i < allowed.size(); ++i) {
        if (!allowed[i]) continue;
        const auto id = static_cast<token>(i);
        all.push_back(id);
        if (trie.is_end(id) || trie.text(id).find_first_of("\"]}") != std::string_view::npos) closing.push_back(id);
    }
    REQUIRE_FALSE(all.empty());
    const auto& from = !closing.empty() && rng() % 3 == 0 ? closing : all;
    return from[rng() % from.size()];
}

const std::vector<const char*> schemas{
    "{}",
    R"({"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":150},"tags":{"type":"array","items":{"type":"string"},"maxItems":4}},"required":["name","age"]})",
    R"({"type":"array","items":{"enum":["red","green","blue",null,7]},"minItems":2,"maxItems":5})",
    R"({"type":"object","properties":{"when":{"type":"string","format":"date-time"},"id":{"type":"string","pattern":"^[a-z]{2,4}-\\d{2}$"}},"required":["when","id"]})",
    R"({"type":"object","properties":{"value":{"type":"number","minimum":-5,"maximum":5}},"required":["value"],"additionalProperties":{"type":"boolean"}})",
    R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"},"maxItems":2}},"required":["v"]}}})",
};

}  // namespace

TEST_CASE("token masks equal a trial of every token") {
    const std::vector<std::string> texts{"a",
                                         "b",
                                         "ab",
                                         "ba",
                                         "abc",
                                         "c",
                                         "é",
                                         "\xc3",
                                         "\xa9",
                                         "\xa9"
                                         "a",
                                         "あ",
                                         "\xe3\x81",
                                         "\x82",
                                         "\"",
                                         "\\",
                                         "\n",
                                         "a\"",
                                         "",
                                         "<end>",
                                         "aa",
                                         "aaaa",
                                         "bbbbbbbbbb",
                                         "a"};
    const auto trie = trie_of(texts, {18});
    std::mt19937 rng{31};
    std::size_t n_allowed = 0, n_states = 0;
    for (const auto* gbnf :
         {"root ::= \"ab\"* \"c\"", "root ::= [ab]{3,7}", "root ::= \"a\" root \"b\" | \"c\" | \"\"",
          "root ::= [^\"\\\\\\x00-\\x1f]* \"\\\"\"", "root ::= (\"é\" | \"あ\" | a)+ \"\\n\"\na ::= \"a\" [ab]?",
          "root ::= .{0,5} \"é\"", "root ::= [^a]+ | \"a\" [^\\n]{2,9}"}) {
        const auto g = grammar::from_gbnf(gbnf);
        grammar_constraint constraint{g, trie};
        for (int round = 0; round < 40; ++round) {
            constraint.reset();
            grammar_matcher matcher{g};
            for (int i = 0; i < 12 && !constraint.finished(); ++i) {
                const auto expected = by_trial(matcher, *trie);
                const auto got = allowed_by(constraint, trie->n_vocab());
                INFO(gbnf);
                REQUIRE(got == expected);
                ++n_states;
                const token id = choose(got, *trie, rng);
                n_allowed += static_cast<std::size_t>(std::count(got.begin(), got.end(), true));
                constraint.accept(id);
                if (!trie->is_end(id)) REQUIRE(matcher.accept(trie->text(id)));
            }
            CHECK_FALSE(constraint.failed());
        }
    }
    CHECK(n_states > 1000);
    CHECK(n_allowed > 3000);
}

TEST_CASE("token masks over the tiny model's vocabulary: equal to a trial, and texts valid to the schema") {
    const auto m = tiny();
    const auto trie = std::make_shared<const token_trie>(m.tokenizer());
    std::mt19937 rng{37};
    for (const auto* text : schemas) {
        INFO(text);
        const json schema = json::parse(text);
        const auto g = grammar_from_json_schema(schema);
        grammar_constraint constraint{g, trie, {.max_masks = 5}};
        int n_whole = 0;
        for (int round = 0; round < 12; ++round) {
            constraint.reset();
            grammar_matcher matcher{g};
            std::string reply;
            for (int i = 0; i < 300 && !constraint.finished(); ++i) {
                const auto got = allowed_by(constraint, trie->n_vocab());
                if (round < 2 && i < 25) REQUIRE(got == by_trial(matcher, *trie));
                const token id = choose(got, *trie, rng);
                constraint.accept(id);
                reply += trie->text(id);
                REQUIRE(matcher.accept(trie->text(id)));
            }
            INFO(reply);
            REQUIRE_FALSE(constraint.failed());
            if (!constraint.finished()) continue;
            ++n_whole;
            json value;
            REQUIRE_NOTHROW(value = json::parse(reply));
            REQUIRE(test::schema_validator{schema}.valid(value));
        }
        CHECK(n_whole > 6);
    }
}

TEST_CASE("end tokens are allowed exactly where the text may end") {
    const auto trie = trie_of({"a", "b", "<eos>", "<eot>"}, {2, 3});
    grammar_constraint constraint{grammar::from_gbnf("root ::= \"a\" \"b\"* \"a\"?"), trie};
    CHECK_FALSE(constraint.is_allowed(2));
    constraint.accept(0);
    CHECK(constraint.complete());
    CHECK_FALSE(constraint.finished());
    CHECK(constraint.is_allowed(2));
    CHECK(constraint.is_allowed(3));
    CHECK(constraint.is_allowed(1));
    constraint.accept(3);
    CHECK(constraint.finished());
    CHECK_FALSE(constraint.failed());
    CHECK_FALSE(constraint.is_allowed(1));
    constraint.accept(1);  // too late, and of no effect
    CHECK_FALSE(constraint.failed());

    constraint.reset();
    constraint.accept(0);
    constraint.accept(1);
    constraint.accept(0);
    CHECK(constraint.finished());  // nothing can follow
    CHECK(constraint.complete());
}

TEST_CASE("a token that is not allowed ends the reply as failed") {
    const auto trie = trie_of({"a", "b", "", "<end>"}, {3});
    for (const token wrong : {1, 2, 3, -1, 4, 1000}) {
        grammar_constraint constraint{grammar::from_gbnf("root ::= \"aa\""), trie};
        constraint.accept(wrong);
        CHECK(constraint.failed());
        CHECK(constraint.finished());
        CHECK_FALSE(constraint.complete());
        constraint.reset();
        CHECK_FALSE(constraint.failed());
        constraint.accept(0);
        constraint.accept(0);
        CHECK(constraint.complete());
    }
}

TEST_CASE("a vocabulary without the bytes that a grammar needs fails and says so") {
    const auto trie = trie_of({"a", "b", "<end>"}, {2});
    grammar_constraint constraint{grammar::from_gbnf("root ::= \"a\" \"x\""), trie};
    CHECK_FALSE(constraint.failed());
    constraint.accept(0);
    CHECK(constraint.failed());
    CHECK(constraint.finished());
    CHECK(grammar_constraint(grammar::from_gbnf("root ::= \"x\""), trie).failed());
}

TEST_CASE("limits of states fail closed") {
    const auto trie = trie_of({"(", ")", "((((((((", "<end>"}, {3});
    const auto g = grammar::from_gbnf("root ::= \"(\" root \")\" | \"\"");
    SECTION("depth") {
        grammar_constraint constraint{g, trie, {.limits = {.max_depth = 20}}};
        int depth = 0;
        while (constraint.is_allowed(0)) {
            constraint.accept(0);
            ++depth;
        }
        CHECK(depth > 10);
        CHECK(depth <= 20);
        CHECK_FALSE(constraint.is_allowed(2));
        for (; depth > 0; --depth) constraint.accept(1);
        CHECK(constraint.complete());
    }
    SECTION("memory") {
        grammar_constraint constraint{g, trie, {.limits = {.max_frames = 200, .max_transitions = 100}, .max_masks = 2}};
        for (int i = 0; i < 50; ++i) constraint.accept(0);
        for (int i = 0; i < 50; ++i) constraint.accept(1);
        CHECK(constraint.complete());
        CHECK_FALSE(constraint.failed());
    }
    SECTION("steps") {
        const auto heavy = grammar::from_gbnf("root ::= \"(\" (\"(\"{0,300} \")\"{0,300}){0,300}");
        grammar_constraint constraint{heavy, trie, {.limits = {.max_steps = 500}}};
        CHECK(constraint.failed());
    }
}

TEST_CASE("logits beyond the vocabulary are barred") {
    const auto trie = trie_of({"a", "<end>"}, {1});
    grammar_constraint constraint{grammar::from_gbnf("root ::= \"a\"*"), trie};
    std::vector<float> logits(70, 2.0f);
    constraint.apply(logits);
    CHECK(logits[0] == 2.0f);
    CHECK(logits[1] == 2.0f);
    for (std::size_t i = 2; i < logits.size(); ++i) CHECK(std::isinf(logits[i]));
    std::vector<float> few(1, 2.0f);
    constraint.apply(few);
    CHECK(few[0] == 2.0f);
}

TEST_CASE("masks of a real vocabulary: a few states against a trial of each token") {
    if (test::shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/vocab/smollm3-vocab.gguf");
        return;
    }
    const auto file = gguf::file::open(test::shared_dir() / "vocab" / "smollm3-vocab.gguf");
    const tokenizer tokens{read_vocabulary(file)};
    const auto trie = std::make_shared<const token_trie>(tokens);
    const auto g = grammar_from_json_schema(json::parse(schemas[1]));
    for (const std::string start :
         {"", "{\"name", "{\"name\": \"Ann", "{\"name\": \"Ann\xc3", "{\"name\": \"Ann\", \"age\": 1",
          "{\"name\": \"Ann\", \"age\": 15, \"tags\": [\"x"}) {
        grammar_constraint constraint{g, trie};
        grammar_matcher matcher{g};
        for (const char c : start) {  // byte by byte: each byte is a token
            for (std::size_t i = 0; i < trie->n_vocab(); ++i)
                if (trie->text(static_cast<token>(i)) == std::string_view{&c, 1}) {
                    constraint.accept(static_cast<token>(i));
                    break;
                }
            REQUIRE(matcher.accept({&c, 1}));
        }
        INFO(start);
        REQUIRE_FALSE(constraint.failed());
        std::size_t different = 0;
        const auto got = allowed_by(constraint, trie->n_vocab());
        for (std::size_t i = 0; i < got.size(); i += 7) {  // every seventh token
            const auto id = static_cast<token>(i);
            auto copy = matcher;
            const bool expected =
                trie->is_end(id) ? matcher.complete() : !trie->text(id).empty() && copy.accept(trie->text(id));
            different += got[i] != expected;
        }
        CHECK(different == 0);
    }
}

TEST_CASE("a reply of the tiny model holds to a schema, thinking or not") {
    const auto m = tiny();
    const auto trie = std::make_shared<const token_trie>(m.tokenizer());
    const json schema = json::parse(
        R"({"type":"object","properties":{"city":{"type":"string","maxLength":20},"count":{"type":"integer","minimum":1,"maximum":99}},"required":["city","count"]})");
    grammar_constraint constraint{grammar_from_json_schema(schema), trie};
    session s{m, {.context = 512}};
    for (const bool thinking : {false, true}) {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            constraint.reset();
            generation_options options;
            options.temperature = 1.0f;
            options.seed = seed;
            options.max_tokens = 200;
            options.thinking = thinking;
            options.date = {2025, 7, 8};
            options.constraint = &constraint;
            auto reply = s.chat({{role::user, "Tell me a story about a city."}}, options);
            const std::string text{reply.finish()};
            INFO(text);
            REQUIRE_FALSE(constraint.failed());
            const auto answer = text.find("</think>");
            const auto object = text.find('{', answer == std::string::npos ? 0 : answer);
            if (reply.reason() == finish_reason::token_limit) continue;
            REQUIRE(reply.reason() == finish_reason::constraint);
            REQUIRE(object != std::string::npos);
            CHECK(test::schema_validator{schema}.valid(json::parse(text.substr(object))));
        }
    }
}
