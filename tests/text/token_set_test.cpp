// SPDX-License-Identifier: Apache-2.0
#include <nibble/text/token_set.hpp>

#include <string>
#include <string_view>

#include "support/refusal.hpp"
#include "support/vocabularies.hpp"
#include "test.hpp"

using namespace nibble;

TEST_CASE("token set: what each type of token is") {
    auto v = test::byte_level_vocabulary();
    const token word = v.add("ab"), think = v.add("<think>", token_type::control), done = v.add("<|im_end|>");
    const token tag = v.add("<tag>", token_type::user_defined), strange = v.add("<?>", token_type::unknown);
    const token no_letters = v.add("\u4e2d");
    const token_set tokens(v.vocab);
    const auto traits = [&](token id) {
        std::string out;
        for (const auto t : {token_set::control, token_set::hidden, token_set::ends_reply, token_set::verbatim})
            out += tokens.has(id, t) ? "chev"[out.size()] : '-';
        return out;
    };
    CHECK(traits(word) == "----");
    CHECK(traits(think) == "c---");
    CHECK(traits(done) == "che-");
    CHECK(traits(tag) == "---v");
    CHECK(traits(strange) == "-h--");
    CHECK(traits(no_letters) == "----");
    CHECK(traits(-1) == "----");
    CHECK(traits(no_letters + 1) == "----");
    CHECK(tokens.find("ab") == word);
    CHECK(tokens.find("<tag>") == tag);
    CHECK_FALSE(tokens.find("<?>"));
    CHECK_FALSE(tokens.find("\u4e2d"));
    CHECK(tokens.texts()[no_letters] == "\u4e2d");
}

TEST_CASE("token set: a mark that ends the replies of one family and parts of them in another") {
    auto v = test::byte_level_vocabulary();
    const token end = v.add("<|end|>", token_type::control);
    CHECK(token_set(v.vocab).has(end, token_set::ends_reply));  // Phi
    const token done = v.add("<|return|>", token_type::control), call = v.add("<|call|>", token_type::control);
    const token_set harmony(v.vocab);
    CHECK_FALSE(harmony.has(end, token_set::ends_reply));
    CHECK(harmony.has(end, token_set::control));
    CHECK(harmony.has(done, token_set::ends_reply));
    CHECK(harmony.has(call, token_set::ends_reply));
}

TEST_CASE("token set: SentencePiece's bytes and runs of spaces") {
    auto v = test::sentencepiece_vocabulary();
    const token word = v.add("\u2581a"), run = v.add("\u2581\u2581", token_type::user_defined);
    const token_set tokens(v.vocab);
    CHECK(tokens.bytes()[0x41] == 3 + 0x41);
    CHECK(tokens.texts()[3 + 0x41] == "A");
    CHECK(tokens.find(" a") == word);
    CHECK(tokens.find("  ") == run);
    CHECK(tokens.specials().find("\u2581\u2581") == run);
    CHECK_FALSE(tokens.has(run, token_set::verbatim));
    v.add("<0x4>", token_type::byte);
    CHECK(test::refusal_of([&] { return token_set(v.vocab); }) ==
          test::refusal{errc::vocab_bad_byte_token, "tokenizer.ggml.tokens[261]"});
}
