// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/vocabulary.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/model_file.hpp"
#include "support/paths.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_error;
using test::model_file;

namespace {

const std::string prefix = "tokenizer.ggml.";

/// A vocabulary of four tokens and no tensors.
model_file vocabulary_file() {
    model_file file;
    file.erase_all_tensors()
        .set(prefix + "model", "gpt2")
        .set(prefix + "pre", "smaug-bpe")
        .set_array(prefix + "tokens", std::vector<std::string>{"a", "b", "ab", "<|end|>"})
        .set_array(prefix + "token_type", std::vector<std::int32_t>{1, 1, 1, 3})
        .set_array(prefix + "merges", std::vector<std::string>{"a b"})
        .set(prefix + "eos_token_id", 3u);
    return file;
}

void check_refused(model_file model, errc code, const std::vector<std::string>& pieces) {
    check_error(code, pieces, [&] { return read_vocabulary(model.parse()); });
}

}  // namespace

TEST_CASE("vocabulary: a file without tensors is enough") {
    auto model = vocabulary_file();
    const auto file = model.parse();
    CHECK(has_vocabulary(file));
    const auto vocab = read_vocabulary(file);
    CHECK(vocab.model == "gpt2");
    CHECK(vocab.pre == "smaug-bpe");
    CHECK(vocab.tokens == std::vector<std::string_view>{"a", "b", "ab", "<|end|>"});
    CHECK(vocab.types == std::vector<std::int32_t>{1, 1, 1, 3});
    CHECK(vocab.merges == std::vector<std::string_view>{"a b"});
    CHECK(vocab.scores.empty());
    CHECK(vocab.eos == token{3});
    CHECK_FALSE(vocab.bos);
    CHECK_FALSE(vocab.eot);
    CHECK_FALSE(vocab.unknown);
    CHECK_FALSE(vocab.add_bos);
    CHECK_FALSE(vocab.add_eos);
    CHECK_FALSE(vocab.add_space_prefix);
    CHECK_FALSE(vocab.ignore_merges);
    CHECK_FALSE(read_chat_template(file));
    const auto* bytes = reinterpret_cast<const char*>(file.bytes().data());
    CHECK((vocab.tokens[3].data() > bytes && vocab.tokens[3].data() < bytes + file.bytes().size()));
}

TEST_CASE("vocabulary: everything a file may say") {
    auto model = vocabulary_file();
    model.set_array(prefix + "scores", std::vector<float>{0, -1, -2, -3.5f})
        .set_array(prefix + "token_type", std::vector<std::uint32_t>{1, 2, 6, 4})
        .set(prefix + "bos_token_id", std::int32_t{0})
        .set(prefix + "eot_token_id", std::uint64_t{1})
        .set(prefix + "unknown_token_id", std::uint8_t{2})
        .set(prefix + "padding_token_id", "nothing reads it")
        .set(prefix + "add_bos_token", true)
        .set(prefix + "add_eos_token", false)
        .set(prefix + "add_space_prefix", false)
        .set(prefix + "ignore_merges", true)
        .set("tokenizer.chat_template", "{{ messages }}");
    const auto file = model.parse();
    const auto vocab = read_vocabulary(file);
    CHECK(vocab.scores == std::vector<float>{0, -1, -2, -3.5f});
    CHECK(vocab.types == std::vector<std::int32_t>{1, 2, 6, 4});
    CHECK(vocab.bos == token{0});
    CHECK(vocab.eot == token{1});
    CHECK(vocab.unknown == token{2});
    CHECK(vocab.add_bos == true);
    CHECK(vocab.add_eos == false);
    CHECK(vocab.add_space_prefix == false);
    CHECK(vocab.ignore_merges == true);
    CHECK(read_chat_template(file) == "{{ messages }}");
}

TEST_CASE("vocabulary: tokens keep every byte") {
    auto model = vocabulary_file();
    const std::string with_nul{"x\0y", 3};
    model.set_array(prefix + "tokens", std::vector<std::string>{"", with_nul, "\xff\xfe", std::string(1 << 20, 'z')});
    const auto file = model.parse();
    const auto vocab = read_vocabulary(file);
    CHECK(vocab.tokens[0].empty());
    CHECK(vocab.tokens[1] == with_nul);
    CHECK(vocab.tokens[2] == "\xff\xfe");
    CHECK(vocab.tokens[3].size() == 1 << 20);
}

TEST_CASE("vocabulary: none in the file") {
    for (const auto* name : {"no_vocab", "none"}) {
        auto model = vocabulary_file().set(prefix + "model", name);
        CHECK_FALSE(has_vocabulary(model.parse()));
        check_refused(model, errc::vocab_missing, {prefix + "model"});
    }
    auto without = vocabulary_file().erase(prefix + "model");
    CHECK_FALSE(has_vocabulary(without.parse()));
    check_refused(without, errc::vocab_missing, {prefix + "model"});
    check_refused(vocabulary_file().erase(prefix + "tokens"), errc::vocab_missing, {prefix + "tokens"});
    check_refused(vocabulary_file().set_array(prefix + "tokens", std::vector<std::string>{}), errc::vocab_missing,
                  {prefix + "tokens"});
}

TEST_CASE("vocabulary: wrong types") {
    const auto check = [](const std::string& key, auto value, const std::string& got) {
        check_refused(vocabulary_file().set(key, value), errc::model_wrong_type, {key, "got " + got});
    };
    check(prefix + "model", 1u, "u32");
    check(prefix + "pre", true, "bool");
    check(prefix + "tokens", "a", "string");
    check(prefix + "token_type", 1, "i32");
    check(prefix + "merges", "a b", "string");
    check(prefix + "scores", 1.0f, "f32");
    check(prefix + "bos_token_id", "1", "string");
    check(prefix + "bos_token_id", 1.0f, "f32");
    check(prefix + "add_bos_token", 1u, "u32");
    check(prefix + "ignore_merges", "true", "string");

    const auto check_array = [](const std::string& key, auto values, const std::string& got) {
        check_refused(vocabulary_file().set_array(key, values), errc::model_wrong_type,
                      {key, "got an array of " + got});
    };
    check_array(prefix + "tokens", std::vector<std::uint8_t>{1, 2, 3, 4}, "u8");
    check_array(prefix + "merges", std::vector<std::int32_t>{1}, "i32");
    check_array(prefix + "token_type", std::vector<std::uint8_t>{1, 1, 1, 1}, "u8");
    check_array(prefix + "token_type", std::vector<std::int64_t>{1, 1, 1, 1}, "i64");
    check_array(prefix + "token_type", std::vector<float>{1, 1, 1, 1}, "f32");
    check_array(prefix + "scores", std::vector<std::uint8_t>{1, 1, 1, 1}, "u8");
    check_array(prefix + "scores", std::vector<std::int8_t>{1, 1, 1, 1}, "i8");
    check_array(prefix + "scores", std::vector<double>{1, 1, 1, 1}, "f64");

    auto bad_template = vocabulary_file().set("tokenizer.chat_template", 1u);
    check_error(errc::model_wrong_type, {"tokenizer.chat_template"},
                [&] { return read_chat_template(bad_template.parse()); });
}

TEST_CASE("vocabulary: lengths and values") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{5}}) {
        const std::string got = "got " + std::to_string(size);
        check_refused(vocabulary_file().set_array(prefix + "token_type", std::vector<std::int32_t>(size, 1)),
                      errc::vocab_length_mismatch, {prefix + "token_type", "expected 4", got});
        check_refused(vocabulary_file().set_array(prefix + "scores", std::vector<float>(size, 1)),
                      errc::vocab_length_mismatch, {prefix + "scores", "expected 4", got});
    }
    for (const std::int32_t type : {0, 7, -1, 0x7fffffff})
        check_refused(vocabulary_file().set_array(prefix + "token_type", std::vector<std::int32_t>{1, 1, type, 1}),
                      errc::vocab_bad_type, {prefix + "token_type[2]", "1 to 6", std::to_string(type)});
    for (const float score : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
        check_refused(vocabulary_file().set_array(prefix + "scores", std::vector<float>{0, score, 0, 0}),
                      errc::model_bad_value, {prefix + "scores[1]", "finite"});
}

TEST_CASE("vocabulary: ids outside the vocabulary name no token, -1 however stored is none") {
    const auto eos_of = [](auto stored) {
        auto model = vocabulary_file().set(prefix + "eos_token_id", stored);
        const auto vocab = read_vocabulary(model.parse());
        return std::pair{vocab.eos, special_ids_of(vocab).eos};
    };
    using ids = std::pair<std::optional<token>, std::optional<token>>;
    CHECK(eos_of(3u) == ids{3, 3});
    CHECK(eos_of(4u) == ids{4, {}});
    CHECK(eos_of(0xfffffffeu) == ids{0x7fffffff, {}});
    CHECK(eos_of(std::uint64_t{1} << 32) == ids{0x7fffffff, {}});
    CHECK(eos_of(0xffffffffu) == ids{-1, {}});
    CHECK(eos_of(~std::uint64_t{0}) == ids{-1, {}});
    CHECK(eos_of(-1) == ids{-1, {}});
    CHECK(eos_of(std::int64_t{-2}) == ids{-1, {}});
    auto none = vocabulary_file().erase(prefix + "eos_token_id");
    CHECK_FALSE(read_vocabulary(none.parse()).eos);
}

TEST_CASE("vocabulary: tokens that fill a middle, under both names of their keys") {
    for (const bool old : {false, true}) {
        auto file = vocabulary_file();
        file.set(prefix + (old ? "prefix" : "fim_pre") + "_token_id", 0u)
            .set(prefix + (old ? "suffix" : "fim_suf") + "_token_id", 1u)
            .set(prefix + (old ? "middle" : "fim_mid") + "_token_id", 2u);
        const auto parsed = file.parse();
        const auto vocab = read_vocabulary(parsed);
        CHECK(vocab.fim_prefix == token{0});
        CHECK(vocab.fim_suffix == token{1});
        CHECK(vocab.fim_middle == token{2});
    }
}

TEST_CASE("vocabulary: real files") {
    const auto tiny = gguf::file::open(test::models_dir() / "nibble-tiny.gguf");
    const auto small = read_vocabulary(tiny);
    CHECK(small.tokens.size() == 2048);
    CHECK(small.merges.size() == 1779);
    CHECK(small.tokens[0] == "!");
    CHECK(small.bos == token{2035});
    CHECK(small.eos == token{2041});
    CHECK(small.tokens[2041] == "<|im_end|>");
    REQUIRE(read_chat_template(tiny));
    CHECK(read_chat_template(tiny)->starts_with("{#- nibble-tiny"));
    CHECK_FALSE(has_vocabulary(gguf::file::open(test::data_dir() / "smollm3-q4_k.gguf")));

    if (test::shared_dir().empty()) {
        WARN("SKIPPED: needs ../shared/vocab");
        return;
    }
    const auto file = gguf::file::open(test::shared_dir() / "vocab/smollm3-vocab.gguf");
    const auto vocab = read_vocabulary(file);
    CHECK(vocab.tokens.size() == 128256);
    CHECK(vocab.types.size() == 128256);
    CHECK(vocab.merges.size() == 280147);
    CHECK(vocab.tokens[128012] == "<|im_end|>");
    CHECK(vocab.types[128012] == 3);
    CHECK(vocab.bos == token{128000});
    CHECK(vocab.eos == token{128012});
}
