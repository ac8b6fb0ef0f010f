// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/special_tokens.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/refusal.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

/// Special tokens with ids from 0; `always[i]` as in special_tokens::add.
struct matcher {
    special_tokens specials;
    std::vector<std::string> list;
    std::vector<bool> always;

    matcher(std::vector<std::string> of, std::vector<bool> which) : list(std::move(of)), always(std::move(which)) {
        for (std::size_t i = 0; i < list.size(); ++i) specials.add(list[i], static_cast<token>(i), always[i]);
        specials.build();
    }
    explicit matcher(const std::vector<std::string>& of) : matcher(of, std::vector<bool>(of.size())) {}

    using found = std::vector<std::pair<std::size_t, token>>;

    found find_all(std::string_view text, bool all = true, std::vector<std::size_t> seams = {}) const {
        std::vector<special_tokens::match> matches;
        specials.find_all(text, seams, all, matches);
        found out;
        for (const auto& m : matches) {
            CHECK(text.substr(m.begin, m.length) == list[static_cast<std::size_t>(m.id)]);
            out.emplace_back(m.begin, m.id);
        }
        return out;
    }

    /// The definition: at each place the longest token that fits, else one byte on.
    found by_definition(std::string_view text, bool all = true) const {
        found out;
        for (std::size_t at = 0; at < text.size();) {
            std::size_t best = list.size();
            for (std::size_t i = 0; i < list.size(); ++i) {
                const bool fits = (all || always[i]) && !list[i].empty() && text.substr(at, list[i].size()) == list[i];
                if (fits && (best == list.size() || list[i].size() > list[best].size())) best = i;
            }
            if (best == list.size()) {
                ++at;
                continue;
            }
            out.emplace_back(at, static_cast<token>(best));
            at += list[best].size();
        }
        return out;
    }
};

}  // namespace

TEST_CASE("special tokens: the longest at each place, from the left") {
    const matcher m({"<a>", "<a>b", "b<", "", "<a>"});
    CHECK(m.find_all("x<a>bc<a>") == matcher::found{{1, 1}, {6, 0}});
    CHECK(m.find_all("b<a>") == matcher::found{{0, 2}});
    CHECK(m.find_all("") == matcher::found{});
    CHECK(m.find_all("<a") == matcher::found{});
    CHECK(m.specials.find("<a>") == 0);
    CHECK(m.specials.find("<a>b") == 1);
    CHECK(m.specials.find("a>b") == no_token);
    CHECK(m.specials.find("x<a>") == no_token);
    CHECK(m.specials.find("") == no_token);
    CHECK(matcher({}).find_all("text") == matcher::found{});
}

TEST_CASE("special tokens: some match always, some on demand") {
    const matcher m({"<|im_end|>", "<think>", "<think>x"}, {false, true, false});
    CHECK(m.find_all("<think>x<|im_end|>", false) == matcher::found{{0, 1}});
    CHECK(m.find_all("<think>x<|im_end|>", true) == matcher::found{{0, 2}, {8, 0}});
}

TEST_CASE("special tokens: as the definition says, for any tokens and texts") {
    std::mt19937 random(5);
    const auto text_of = [&](std::size_t longest) {
        std::string text;
        for (auto n = random() % (longest + 1); n > 0; --n) text += static_cast<char>('a' + random() % 2);
        return text;
    };
    std::size_t wrong = 0;
    for (int round = 0; round < 300; ++round) {
        std::vector<std::string> list;
        std::vector<bool> always;
        for (auto n = random() % 8; n > 0; --n) {
            list.push_back(text_of(6));
            always.push_back(random() % 2 == 0);
        }
        const matcher m(list, always);
        for (int i = 0; i < 50; ++i) {
            const std::string text = text_of(30);
            wrong += m.find_all(text) != m.by_definition(text);
            wrong += m.find_all(text, false) != m.by_definition(text, false);
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("special tokens: a thousand that share a long prefix, in a text made of it") {
    const std::string prefix(4000, 'a');
    std::vector<std::string> list;
    for (int i = 0; i < 1000; ++i) list.push_back(prefix + '<' + std::to_string(i) + '>');
    const matcher m(list);
    const std::string text = std::string(1'000'000, 'a') + "<7>" + prefix + "<1000>";
    CHECK(m.find_all(text) == matcher::found{{1'000'000 - 4000, 7}});
    // A short token that starts a long one: every place of the text is the start of a long attempt.
    const matcher runs({"a", prefix + 'b'});
    CHECK(runs.find_all(std::string(100'000, 'a')).size() == 100'000);
}

TEST_CASE("special tokens: too much text is refused") {
    special_tokens specials;
    specials.add(std::string(special_tokens::max_bytes, 'a'), 0, false);
    CHECK(test::refusal_of([&] { specials.add("b", 1, false); }) ==
          test::refusal{errc::limit_exceeded, "special tokens"});
    specials.add("", 2, false);
}

TEST_CASE("no special token reaches across a seam, none starts at a seam that is there twice") {
    const matcher m({"<a>", "a>", "x"});
    CHECK(m.find_all("<a>x<a>") == matcher::found{{0, 0}, {3, 2}, {4, 0}});
    CHECK(m.find_all("<a>x<a>", true, {3, 4}) == matcher::found{{0, 0}, {3, 2}, {4, 0}});
    CHECK(m.find_all("<a>x<a>", true, {2}) == matcher::found{{3, 2}, {4, 0}});
    CHECK(m.find_all("<a>x<a>", true, {1}) == matcher::found{{1, 1}, {3, 2}, {4, 0}});
    CHECK(m.find_all("<a>xx", true, {3, 3}) == matcher::found{{0, 0}, {4, 2}});
    CHECK(m.find_all("x", true, {0, 0}) == matcher::found{});
    CHECK(m.find_all("x", true, {1, 1}) == matcher::found{{0, 2}});
}
