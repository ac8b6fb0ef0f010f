// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/token_table.hpp>

#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "test.hpp"

using namespace nibble;

namespace {

token_table table_of(const std::vector<std::string>& texts) {
    token_table table;
    std::size_t n_bytes = 0;
    for (const auto& text : texts) n_bytes += text.size();
    table.reserve(texts.size(), n_bytes);
    for (const auto& text : texts) table.add_token(text);
    std::vector<token> ids(texts.size());
    std::iota(ids.begin(), ids.end(), 0);
    table.index(ids);
    return table;
}

}  // namespace

TEST_CASE("token_table: finds what it holds and nothing else") {
    std::mt19937 random(3);
    std::vector<std::string> texts;
    std::unordered_map<std::string, token> first;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 20; n > 0; --n) text += static_cast<char>(random() % 3);  // many equal, many with NUL
        first.emplace(text, static_cast<token>(texts.size()));
        texts.push_back(text);
    }
    const token_table table = table_of(texts);
    REQUIRE(table.size() == texts.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto id = static_cast<token>(i);
        const token expected = texts[i].empty() ? no_token : first[texts[i]];
        wrong += table[id] != texts[i];
        wrong += table.find(texts[i]) != expected;
        wrong += table.is_indexed(id) != (expected == id);
    }
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 20; n > 0; --n) text += static_cast<char>(random() % 4);
        const auto found = first.find(text);
        wrong += table.find(text) != (found == first.end() || text.empty() ? no_token : found->second);
    }
    CHECK(wrong == 0);
    CHECK_FALSE(table.is_indexed(-1));
    CHECK_FALSE(table.is_indexed(20'000));
}

TEST_CASE("token_table: texts of every length, and a very long one") {
    std::vector<std::string> texts;
    for (std::size_t n = 0; n < 64; ++n) texts.push_back(std::string(n, 'x') + 'y');
    texts.push_back(std::string(1 << 20, 'z'));
    const token_table table = table_of(texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        CHECK(table.find(texts[i]) == static_cast<token>(i));
        CHECK(table.find(texts[i].substr(1)) == (i == 0 || i == 64 ? no_token : static_cast<token>(i - 1)));
    }
    CHECK(table.find("") == no_token);
}

TEST_CASE("token_table: finds() is find() for a guess") {
    const token_table table = table_of({"a", "b", "a", "a longer text", ""});
    const auto finds = [&](token id, std::string_view text) {
        return table.finds(id, text, token_table::key_of(text));
    };
    CHECK(finds(0, "a"));
    CHECK_FALSE(finds(1, "a"));
    CHECK_FALSE(finds(2, "a"));  // the same text, but not the id that is found
    CHECK(finds(3, "a longer text"));
    CHECK_FALSE(finds(4, ""));
    CHECK_FALSE(finds(-1, "a"));
    CHECK_FALSE(finds(5, "a"));
}
