// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/bpe.hpp>
#include <nibble/text/merge.hpp>
#include <nibble/text/pretokenizer/pretokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/refusal.hpp"
#include "support/vocabularies.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

using ids = std::vector<token>;

constexpr byte_pair_encoder::settings by_merges{pretokenizer::llama_bpe, false, false, no_token};
constexpr byte_pair_encoder::settings whole_words{pretokenizer::llama_bpe, true, false, no_token};

/// An encoder with the texts it works on. Token texts are given as bytes.
struct encoder {
    token_table texts;
    byte_pair_encoder bpe;

    encoder(const test::owned_vocabulary& from, const byte_pair_encoder::settings& with)
        : texts(table_of(from.vocab)), bpe(texts, from.vocab.merges, with) {}

    [[nodiscard]] ids operator()(std::string_view text) const {
        merge_scratch scratch;
        ids out;
        bpe.encode(text, texts, scratch, out);
        return out;
    }

    static token_table table_of(const vocabulary& vocab) {
        token_table table;
        std::size_t n_bytes = 0;
        for (const auto text : vocab.tokens) n_bytes += text.size();
        table.reserve(vocab.tokens.size(), n_bytes);
        for (const auto text : vocab.tokens) {
            const char* const end = byte_alphabet::write_bytes(text, table.next_bytes());
            table.end_token(static_cast<std::size_t>(end - table.next_bytes()));
        }
        std::vector<token> all(table.size());
        std::iota(all.begin(), all.end(), 0);
        table.index(all);
        return table;
    }
};

std::string decoded(std::string_view text) {
    std::string out(text.size() + 8, '\0');
    const char* const end = byte_alphabet::write_bytes(text, out.data());
    return end ? out.substr(0, static_cast<std::size_t>(end - out.data())) : "not spelled";
}

}  // namespace

TEST_CASE("bpe: the byte alphabet") {
    std::string all;
    for (unsigned b = 0; b < 256; ++b) {
        const char byte = static_cast<char>(b);
        CHECK(decoded(test::spelled({&byte, 1})) == std::string(1, byte));
        all += byte;
    }
    CHECK(decoded(test::spelled(all)) == all);
    CHECK(decoded("\u0120the") == " the");
    CHECK(decoded("\u010a\u010a") == "\n\n");
    CHECK(decoded("\u01200123456789abcdef\u0120") == " 0123456789abcdef ");
    CHECK(decoded("") == "");
    for (const std::string_view wrong : {" ", "a b", "\t", "\x7f", "\xc2\xa0", "\xc5\x84", "\xc4", "\304a", "abc\xc4",
                                         "\xa1", "\u4e2d", "0123456 ", "01234567\x7f", "\xff\xff"})
        CHECK(decoded(wrong) == "not spelled");

    std::mt19937 random(2);
    std::size_t differ = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes;
        for (auto n = random() % 24; n > 0; --n)
            bytes += static_cast<char>(random() % 8 == 0 ? random() & 0xff : ' ' + random() % 95);
        differ += decoded(test::spelled(bytes)) != bytes;
    }
    CHECK(differ == 0);
}

TEST_CASE("bpe: merges by rank, leftmost first") {
    auto v = test::byte_level_vocabulary();
    const token bc = v.merge("b", "c"), ab = v.merge("a", "b"), aa = v.merge("a", "a"), abc = v.merge("ab", "c");
    const encoder encode(v, by_merges);
    CHECK(encode("") == ids{});
    CHECK(encode("ab") == ids{ab});
    CHECK(encode("abc") == ids{'a', bc});  // bc comes first, so that abc is out of reach
    CHECK(encode("aaa") == ids{aa, 'a'});
    CHECK(encode("x") == ids{'x'});
    CHECK(encoder(v, whole_words)("abc") == ids{abc});
    CHECK(encoder(v, whole_words)("abcabc") == ids{'a', bc, 'a', bc});  // only whole words
}

TEST_CASE("bpe: short and long words merge alike") {
    auto v = test::byte_level_vocabulary();
    std::mt19937 random(4);
    std::vector<std::string> parts{"a", "b", "c"};
    for (int i = 0; i < 60; ++i) {
        const std::string left = parts[random() % parts.size()], right = parts[random() % parts.size()];
        if (std::find(parts.begin(), parts.end(), left + right) != parts.end()) continue;
        v.merge(left, right);
        parts.push_back(left + right);
    }
    const encoder encode(v, by_merges);
    const auto by_definition = [&](std::string_view word) {
        std::vector<std::string> symbols;
        for (const char c : word) symbols.emplace_back(1, c);
        for (const auto merge : v.vocab.merges)  // with all ranks different, rank by rank is the same as best first,
            for (std::size_t i = 0; i + 1 < symbols.size(); ++i)  // as no merge makes room for one of lower rank
                if (symbols[i] + ' ' + symbols[i + 1] == merge) {
                    symbols[i] += symbols[i + 1];
                    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
                }
        ids out;
        for (const auto& symbol : symbols) out.push_back(encode.texts.find(symbol));
        return out;
    };
    std::size_t wrong = 0;
    for (int i = 0; i < 5'000; ++i) {
        std::string word;
        for (auto n = 1 + random() % 80; n > 0; --n) word += static_cast<char>('a' + random() % 3);
        wrong += encode(word) != by_definition(word);
    }
    CHECK(wrong == 0);
}

TEST_CASE("bpe: merges that name no token are counted, of equal merges the first counts") {
    auto v = test::byte_level_vocabulary();
    const token ab = v.merge("a", "b");
    v.merge("b c");       // no token bc
    v.merge("zz a");      // no token zz
    v.merge("\u4e2d a");  // not of the alphabet
    const token xy = v.merge("x", "y");
    v.merge("a b");
    const encoder encode(v, by_merges);
    CHECK(encode.bpe.skipped_merges() == 3);
    CHECK(encode("ab") == ids{ab});
    CHECK(encode("bc") == ids{'b', 'c'});
    CHECK(encode("xy") == ids{xy});
}

TEST_CASE("bpe: merges most of which name no token are refused") {
    auto v = test::byte_level_vocabulary();
    v.merge("a", "b");
    v.merge("zz a");
    CHECK(encoder(v, by_merges).bpe.skipped_merges() == 1);
    v.merge("zz b");
    const auto refused = test::refusal_of([&] { return encoder(v, by_merges); });
    CHECK(refused == test::refusal{errc::vocab_bad_merge, "tokenizer.ggml.merges"});
    CHECK(refused.text.find("2 of 3") != std::string::npos);
}

TEST_CASE("bpe: many merges, more than a block of them") {
    auto v = test::byte_level_vocabulary();
    std::vector<token> pairs;
    for (char a = 'a'; a <= 'z'; ++a)
        for (char b = 'a'; b <= 'z'; ++b) pairs.push_back(v.merge(std::string(1, a), std::string(1, b)));
    const encoder encode(v, by_merges);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::string word{static_cast<char>('a' + i / 26), static_cast<char>('a' + i % 26)};
        wrong += encode(word) != ids{pairs[i]};
    }
    CHECK(wrong == 0);
    CHECK(encode.bpe.skipped_merges() == 0);
}

TEST_CASE("bpe: merges without two parts are refused with their index") {
    for (const char* bad : {"ab", "", " ", "a ", " b", "a  b", "a b c", "  ", "a b "}) {
        auto v = test::byte_level_vocabulary();
        v.merge("a", "b");
        v.merge(bad);
        CAPTURE(bad);
        CHECK(test::refusal_of([&] { return encoder(v, by_merges); }) ==
              test::refusal{errc::vocab_bad_merge, "tokenizer.ggml.merges[1]"});
    }
    const auto none = test::byte_level_vocabulary();
    CHECK(test::refusal_of([&] { return encoder(none, by_merges); }) ==
          test::refusal{errc::vocab_missing, "tokenizer.ggml.merges"});
}

TEST_CASE("bpe: bytes without a token") {
    test::owned_vocabulary v;
    const token unknown = v.add("?"), a = v.add("a"), b = v.add("b");
    const token ab = v.merge("a", "b");
    CHECK(test::refusal_of([&] { return encoder(v, by_merges); }) ==
          test::refusal{errc::vocab_bad_byte_token, "tokenizer.ggml.tokens"});
    const encoder replacing(v, {pretokenizer::llama_bpe, false, true, unknown});
    CHECK(replacing("axxab") == ids{a, unknown, unknown, ab});
    const encoder dropping(v, {pretokenizer::llama_bpe, false, true, no_token});
    CHECK(dropping("axxab b") == ids{a, ab, b});
    CHECK(dropping(std::string(100, 'x') + "ab") == ids{ab});

    // deepseek-llm has none for the 13 bytes that no UTF-8 has, and nothing in their place.
    test::owned_vocabulary utf8;
    for (unsigned byte = 0; byte < 256; ++byte)
        if (byte < 0xc0 || (byte > 0xc1 && byte < 0xf5)) utf8.add(test::spelled(static_cast<unsigned char>(byte)));
    utf8.merge("a", "b");
    const encoder without(utf8, by_merges);
    CHECK(without("a\xc0\xff\xc3\xa9") == ids{'a', 0xc1, 0xa9});
}
