// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/spm.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/text/tokenizer.hpp>

#include "support/refusal.hpp"
#include "support/vocabularies.hpp"
#include "test.hpp"

using namespace nibble;

namespace {

using ids = std::vector<token>;

constexpr encode_options plain{.add_special = false};

/// Id of the byte token.
constexpr token byte_id(unsigned char byte) { return 3 + byte; }

/// Without the space in front of a text, so that the words of a test are seen alone.
test::owned_vocabulary unprefixed() {
    auto v = test::sentencepiece_vocabulary();
    v.vocab.add_space_prefix = false;
    return v;
}

}  // namespace

TEST_CASE("spm: byte tokens are spelled strictly") {
    CHECK(parse_byte_token("<0x00>") == std::optional<std::uint8_t>(0));
    CHECK(parse_byte_token("<0xA9>") == std::optional<std::uint8_t>(0xa9));
    CHECK(parse_byte_token("<0xFF>") == std::optional<std::uint8_t>(0xff));
    for (const std::string_view wrong : {"<0x-1>", "<0x+1>", "<0x 1>", "<0xZZ>", "<0x1>", "<0x100>", "<0xff>", "<0XFF>",
                                         "", "<0xFF", "0xFF>", "<0xFF>>"})
        CHECK(parse_byte_token(wrong) == std::nullopt);
}

TEST_CASE("spm: a space mark is a space") {
    const auto unmarked = [](std::string_view text) {
        std::string out(text.size(), '\0');
        out.resize(static_cast<std::size_t>(write_unmarked(text, out.data()) - out.data()));
        return out;
    };
    CHECK(unmarked("") == "");
    CHECK(unmarked("\u2581") == " ");
    CHECK(unmarked("\u2581a\u2581\u2581b\xe2\x96") == " a  b\xe2\x96");
}

TEST_CASE("spm: the best score merges first, the leftmost of equals") {
    auto v = unprefixed();
    const token a = v.add("a", token_type::normal, -10), b = v.add("b", token_type::normal, -10);
    const token ab = v.add("ab", token_type::normal, -2), ba = v.add("ba", token_type::normal, -1);
    const token aa = v.add("aa", token_type::normal, -1), bab = v.add("bab", token_type::normal, -3);
    const tokenizer t(v.vocab);
    CHECK(t.encode("ab", plain) == ids{ab});
    CHECK(t.encode("aba", plain) == ids{a, ba});
    CHECK(t.encode("aaa", plain) == ids{aa, a});
    CHECK(t.encode("baa", plain) == ids{ba, a});  // ba and aa are equal
    CHECK(t.encode("bab", plain) == ids{bab});
    CHECK(t.encode("", plain) == ids{});
    CHECK(t.encode("b", plain) == ids{b});
}

TEST_CASE("spm: positive, negative and zero scores are in order") {
    auto v = unprefixed();
    for (const char* c : {"a", "b", "c"}) v.add(c, token_type::normal, -100);
    const token ab = v.add("ab", token_type::normal, 0.5f), bc = v.add("bc", token_type::normal, 2.0f);
    const token aa = v.add("aa", token_type::normal, -0.0f), ac = v.add("ac", token_type::normal, 0.0f);
    const token a = 259, c = 261;
    const tokenizer t(v.vocab);
    CHECK(t.encode("abc", plain) == ids{a, bc});
    CHECK(t.encode("aab", plain) == ids{a, ab});
    CHECK(t.encode("aac", plain) == ids{aa, c});  // 0 and -0 are equal: the left one
    CHECK(t.encode("ac", plain) == ids{ac});
}

TEST_CASE("spm: a space goes before a text and is taken away again") {
    auto v = test::sentencepiece_vocabulary();
    const token mark = v.add("\u2581", token_type::normal, -3);
    const token a = v.add("a", token_type::normal, -4), mark_a = v.add("\u2581a", token_type::normal, -1);
    const tokenizer t(v.vocab);
    CHECK(t.encode("a") == ids{1, mark_a});  // with BOS by default
    CHECK(t.encode("a a", plain) == ids{mark_a, mark_a});
    CHECK(t.encode(" a", plain) == ids{mark, mark_a});
    CHECK(t.encode("", plain) == ids{});
    CHECK(t.decode(ids{1, mark_a, mark_a}) == "a a");
    CHECK(t.decode(ids{mark, mark_a}) == " a");
    CHECK(t.decode(ids{mark_a}, {.strip_space_prefix = false}) == " a");
    CHECK(t.decode(ids{a, mark_a}) == "a a");
    CHECK(t.piece(mark_a) == " a");
    CHECK(t.encode("<s>a", {.add_special = false, .parse_special = true}) == ids{1, mark_a});

    v.vocab.add_space_prefix = false;
    v.vocab.add_bos = false;
    const tokenizer bare(v.vocab);
    CHECK(bare.encode("a a") == ids{a, mark_a});
    CHECK(bare.decode(ids{mark_a}) == " a");
}

TEST_CASE("spm: runs of spaces that are user-defined merge of spaces and are found where a text has their marks") {
    for (const bool marked : {false, true}) {  // as files spell them
        auto v = unprefixed();
        const token one = v.add("\u2581", token_type::normal, -3), a = v.add("a", token_type::normal, -4);
        const token mark_a = v.add("\u2581a", token_type::normal, -1);
        const token two = v.add(marked ? "\u2581\u2581" : "  ", token_type::user_defined, -1000);
        const token three = v.add(marked ? "\u2581\u2581\u2581" : "   ", token_type::user_defined, -1000);
        const tokenizer t(v.vocab);
        CHECK(t.encode(" a", plain) == ids{mark_a});
        CHECK(t.encode("  a", plain) == ids{two, a});
        CHECK(t.encode("     a", plain) == ids{three, two, a});
        CHECK(t.encode("\u2581a", plain) == ids{mark_a});
        CHECK(t.encode("\u2581\u2581a", plain) == ids{two, a});
        CHECK(t.encode(" \u2581a", plain) == ids{two, a});
        CHECK(t.encode("  \u2581\u2581a", plain) == ids{two, two, a});  // not three and one
        CHECK(t.encode("\u2581 \u2581\u2581", plain) == ids{two, two});
        CHECK(t.decode(ids{three, one, two, a}) == "      a");
        CHECK(t.find("  ") == two);
    }
}

TEST_CASE("spm: what has no token falls back to bytes") {
    auto v = unprefixed();
    v.add("a", token_type::normal, -1);
    const token word = v.add("\u4e2d\u56fd", token_type::normal, -2);  // its characters have no tokens
    const tokenizer t(v.vocab);
    CHECK(t.encode("\u4e2d\u56fd", plain) == ids{word});
    CHECK(t.encode("\u4e2d", plain) == ids{byte_id(0xe4), byte_id(0xb8), byte_id(0xad)});
    CHECK(t.encode("\xff\n", plain) == ids{byte_id(0xff), byte_id('\n')});
    CHECK(t.decode(ids{byte_id(0xe4), byte_id(0xb8), byte_id(0xad)}) == "\u4e2d");
    CHECK(t.piece(byte_id(0xe4)) == "\xe4");
}

TEST_CASE("spm: without byte tokens there is the unknown token") {
    test::owned_vocabulary v;
    v.vocab.model = "llama";
    v.vocab.add_space_prefix = false;
    v.vocab.add_bos = false;
    const token unknown = v.add("<unk>", token_type::unknown), a = v.add("a");  // 0, as is usual, unless stated
    const tokenizer t(v.vocab);
    v.vocab.unknown = -1;
    CHECK(test::refusal_of([&] { return tokenizer(v.vocab); }) ==
          test::refusal{errc::vocab_bad_byte_token, "tokenizer.ggml.tokens"});
    CHECK(t.encode("a\u4e2da") == ids{a, unknown, a});
    CHECK(t.decode(ids{a, unknown, a}) == "aa");  // hidden, as it is no text
    CHECK(t.decode(ids{a, unknown, a}, {.special = true}) == "a<unk>a");
    CHECK(t.encode("<unk>") == ids{unknown, unknown, unknown, unknown, unknown});
}

TEST_CASE("spm: ids that the vocabulary does not state are the usual ones") {
    auto v = test::sentencepiece_vocabulary();
    v.vocab.bos.reset();
    v.vocab.eos.reset();
    v.vocab.unknown.reset();
    const tokenizer t(v.vocab);
    CHECK(t.bos() == token{1});
    CHECK(t.eos() == token{2});
    CHECK(t.is_eog(2));
    CHECK(t.encode("") == ids{1});
    v.vocab.bos = v.vocab.eos = -1;  // none, and says so; </s> is known to end a reply
    const tokenizer without(v.vocab);
    CHECK_FALSE(without.bos());
    CHECK(without.is_eog(2));
    CHECK(without.encode("").empty());
}

TEST_CASE("spm: an unknown token that is a control token does not stand in for text") {
    test::owned_vocabulary v;
    v.vocab.model = "llama";
    v.vocab.add_space_prefix = false;
    const token end = v.add("</s>", token_type::control), a = v.add("a");
    v.vocab.scores.assign(v.vocab.tokens.size(), 0.0f);
    v.vocab.add_bos = false;
    v.vocab.unknown = end;
    CHECK(tokenizer{v.vocab}.encode("a\u4e2da") == ids{a, a});
}

TEST_CASE("spm: control tokens do not come from text, not even by merging") {
    auto v = unprefixed();
    v.add("<", token_type::normal, -1);
    v.add("s", token_type::normal, -1);
    v.add(">", token_type::normal, -1);
    v.add("<s", token_type::normal, -1);
    const tokenizer t(v.vocab);
    for (const token id : t.encode("<s></s>", plain)) CHECK_FALSE(t.is_control(id));
}

TEST_CASE("spm: merging word by word is merging the whole text") {
    std::mt19937 random(9);
    auto words = unprefixed(), across = unprefixed();
    for (auto* v : {&words, &across}) {
        for (const char* text : {"a", "b", "\u2581"}) v->add(text, token_type::normal, -20);
        std::vector<std::string> parts{"a", "b", "\u2581"};
        std::mt19937 same(1);
        for (int i = 0; i < 40; ++i) {
            const std::string text = parts[same() % parts.size()] + parts[same() % parts.size()];
            const std::size_t solid = text.find_first_not_of("\u2581");
            if (solid != std::string::npos && text.find("\u2581", solid) != std::string::npos) continue;
            parts.push_back(text);
            v->add(text, token_type::normal, -static_cast<float>(same() % 16));
        }
    }
    // A token that goes on behind a space, but of a character that no text below has: the same merges, other words.
    across.add("z\u2581z", token_type::normal, -1);
    const tokenizer by_word(words.vocab), by_text(across.vocab);
    std::size_t wrong = 0;
    for (int i = 0; i < 5'000; ++i) {
        std::string text;
        for (auto n = random() % 24; n > 0; --n) text += "aab  "[random() % 5];
        wrong += by_word.encode(text, plain) != by_text.encode(text, plain);
        wrong += by_word.decode(by_word.encode(text, plain)) != text;
    }
    CHECK(wrong == 0);
}

TEST_CASE("spm: any bytes come back") {
    std::mt19937 random(6);
    auto v = test::sentencepiece_vocabulary();
    v.add("a", token_type::normal, -1);
    v.add("\u2581a", token_type::normal, -2);
    const tokenizer t(v.vocab);
    std::size_t wrong = 0;
    for (int i = 0; i < 5'000; ++i) {
        std::string text;
        for (auto n = random() % 24; n > 0; --n) text += static_cast<char>(random() % 3 == 0 ? random() & 0xff : 'a');
        wrong += t.decode(t.encode(text)) != text;
    }
    CHECK(wrong == 0);
}

TEST_CASE("spm: bad vocabularies are refused") {
    const auto refusal_of = [](const auto& spoil) {
        auto v = test::sentencepiece_vocabulary();
        spoil(v);
        return test::refusal_of([&] { return tokenizer(v.vocab); });
    };
    using test::refusal;
    for (const char* text : {"<0x-1>", "<0xZZ>", "<0xff>", "a"})
        CHECK(refusal_of([&](auto& v) { v.add(text, token_type::byte); }) ==
              refusal{errc::vocab_bad_byte_token, "tokenizer.ggml.tokens[259]"});
    const auto missing = refusal_of([&](auto& v) { v.vocab.types[3 + 0x41] = 1; });
    CHECK(missing == refusal{errc::vocab_bad_byte_token, "tokenizer.ggml.tokens"});
    CHECK(missing.text.find("65") != std::string::npos);
    for (const float score : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()})
        CHECK(refusal_of([&](auto& v) { v.add("a", token_type::normal, score); }) ==
              refusal{errc::model_bad_value, "tokenizer.ggml.scores[259]"});
    CHECK(refusal_of([&](auto& v) { v.vocab.scores.pop_back(); }) ==
          refusal{errc::vocab_length_mismatch, "tokenizer.ggml.scores"});
    CHECK(refusal_of([&](auto& v) { v.vocab.scores.clear(); }) ==
          refusal{errc::vocab_length_mismatch, "tokenizer.ggml.scores"});
}
