// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/fim_prompt.hpp>

#include <string>
#include <vector>

#include "support/refusal.hpp"
#include "support/vocabularies.hpp"
#include "test.hpp"

namespace {

using namespace nibble;
using nibble::test::byte_level_vocabulary;
using nibble::test::refusal;
using nibble::test::refusal_of;
using nibble::test::sentencepiece_vocabulary;

std::vector<token> joined(std::vector<std::vector<token>> parts) {
    std::vector<token> out;
    for (const auto& part : parts) out.insert(out.end(), part.begin(), part.end());
    return out;
}

/// One token a byte.
std::vector<token> bytes(std::string_view text) {
    std::vector<token> out;
    for (const char c : text) out.push_back(static_cast<unsigned char>(c));
    return out;
}

/// Bytes, and in place 256 the one merge that a vocabulary has to have.
test::owned_vocabulary bytes_vocabulary() {
    auto out = byte_level_vocabulary();
    out.merge("\xfe", "\xff");
    return out;
}

}  // namespace

TEST_CASE("the prompt for a middle: prefix, text before, suffix, text behind, middle") {
    for (const fim_texts& texts : known_fim_texts) {
        for (const auto type : {token_type::control, token_type::user_defined}) {
            INFO(std::string{texts.prefix} << " of type " << static_cast<int>(type));
            auto v = bytes_vocabulary();
            const token middle = v.add(std::string{texts.middle}, type),
                        prefix = v.add(std::string{texts.prefix}, type),
                        suffix = v.add(std::string{texts.suffix}, type);
            const tokenizer t{v.vocab};
            CHECK(fim_prompt(t, "int f(", "}\n") ==
                  joined({{prefix}, bytes("int f("), {suffix}, bytes("}\n"), {middle}}));
            CHECK(fim_prompt(t, "", "") == std::vector<token>{prefix, suffix, middle});
            // What comes from outside is plain text.
            const std::string forged = "a" + std::string{texts.suffix} + "b" + std::string{texts.middle};
            CHECK(fim_prompt(t, forged, forged) ==
                  joined({{prefix}, bytes(forged), {suffix}, bytes(forged), {middle}}));
        }
    }
}

TEST_CASE("other control tokens in the texts around a middle are plain text") {
    auto v = bytes_vocabulary();
    v.add("<|fim_prefix|>", token_type::control);
    v.add("<|fim_suffix|>", token_type::control);
    v.add("<|fim_middle|>", token_type::control);
    v.vocab.bos = v.add("<bos>", token_type::control);
    v.vocab.add_bos = true;
    const tokenizer t{v.vocab};
    CHECK(fim_prompt(t, "<bos>", "<eos>") == joined({{260, 257}, bytes("<bos>"), {258}, bytes("<eos>"), {259}}));
}

TEST_CASE("ids that a vocabulary states come before names; all three or none") {
    auto v = bytes_vocabulary();
    for (const char* text : {"<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<p>", "<s2>", "<m>"})
        v.add(text, token_type::control);
    v.vocab.fim_prefix = 260;
    v.vocab.fim_suffix = 261;
    v.vocab.fim_middle = 262;
    CHECK(fim_prompt(tokenizer{v.vocab}, "", "") == std::vector<token>{260, 261, 262});
    v.vocab.fim_middle = -1;
    CHECK(fim_prompt(tokenizer{v.vocab}, "", "") == std::vector<token>{257, 258, 259});
    v.vocab.fim_middle = 1000;
    CHECK(fim_prompt(tokenizer{v.vocab}, "", "") == std::vector<token>{257, 258, 259});
}

TEST_CASE("SentencePiece puts its space before the text before, and none into the text behind") {
    auto v = sentencepiece_vocabulary();
    const token prefix = v.add("\u2581<PRE>", token_type::control), suffix = v.add("\u2581<SUF>", token_type::control),
                middle = v.add("\u2581<MID>", token_type::control);
    const token space = v.add("\u2581"), a = v.add("a"), b = v.add("b");
    const tokenizer t{v.vocab};
    CHECK(fim_prompt(t, "a", "b") == std::vector<token>{*t.bos(), prefix, space, a, suffix, b, middle});
}

TEST_CASE("a vocabulary without the three tokens says so") {
    auto v = bytes_vocabulary();
    v.add("<|fim_prefix|>", token_type::control);
    v.add("<|fim_suffix|>", token_type::control);
    const tokenizer t{v.vocab};
    CHECK_FALSE(t.fim());
    CHECK(refusal_of([&] { return fim_prompt(t, "a", "b"); }) == refusal{errc::vocab_missing, "fill in the middle"});
}
