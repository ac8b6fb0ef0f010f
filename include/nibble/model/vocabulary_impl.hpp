// SPDX-License-Identifier: Apache-2.0
// Definitions of model/vocabulary.hpp: the keys of a vocabulary.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/token.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/vocabulary.hpp>
#include <nibble/text/vocabulary.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Typed access to the `tokenizer.*` keys of a file.
class vocabulary_reader {
public:
    explicit vocabulary_reader(const gguf::file& file) : file_(file) {}

    [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        if (const auto found = val->as_string()) return found;
        throw wrong_type(key, *val, "a string");
    }

    [[nodiscard]] std::optional<bool> flag(std::string_view key) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        if (const auto found = val->as_bool()) return found;
        throw wrong_type(key, *val, "a bool");
    }

    /// A token id. Below 0 and all ones, which is -1 stored unsigned, is -1; what no id can be is the largest of all.
    [[nodiscard]] std::optional<token> id(std::string_view key) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        const auto number = val->as_unsigned();
        if (!number && !val->as_signed()) throw wrong_type(key, *val, "an integer");
        if (!number || *number == 0xffffffffu || *number == ~std::uint64_t{0}) return -1;
        return static_cast<token>(std::min<std::uint64_t>(*number, 0x7fffffff));
    }

    [[nodiscard]] std::vector<std::string_view> strings(std::string_view key) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        if (!val->is_array_of(gguf::value_type::string)) throw wrong_type(key, *val, "an array of strings");
        const auto range = val->strings();
        std::vector<std::string_view> out;
        out.reserve(range.size());
        for (const auto text : range) out.push_back(text);
        return out;
    }

    /// Token types: 1 to 6, one per token. Some writers store them unsigned.
    [[nodiscard]] std::vector<std::int32_t> types(std::string_view key, std::size_t n_tokens) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        std::vector<std::int32_t> out;
        if (val->is_array_of(gguf::value_type::i32)) {
            const auto range = val->numbers<std::int32_t>();
            out.assign(range.begin(), range.end());
        } else if (val->is_array_of(gguf::value_type::u32)) {
            for (const auto type : val->numbers<std::uint32_t>()) out.push_back(static_cast<std::int32_t>(type));
        } else {
            throw wrong_type(key, *val, "an array of i32");
        }
        check_length(key, out.size(), n_tokens);
        for (std::size_t i = 0; i < out.size(); ++i)
            if (out[i] < 1 || out[i] > 6)
                throw error{errc::vocab_bad_type, entry(key, i), "1 to 6", std::to_string(out[i])};
        return out;
    }

    [[nodiscard]] std::vector<float> scores(std::string_view key, std::size_t n_tokens) const {
        const auto* val = file_.find(key);
        if (!val) return {};
        if (!val->is_array_of(gguf::value_type::f32)) throw wrong_type(key, *val, "an array of f32");
        const auto range = val->numbers<float>();
        check_length(key, range.size(), n_tokens);
        std::vector<float> out(range.begin(), range.end());
        for (std::size_t i = 0; i < out.size(); ++i)
            if (!std::isfinite(out[i]))
                throw error{errc::model_bad_value, entry(key, i), "a finite number", std::to_string(out[i])};
        return out;
    }

private:
    static void check_length(std::string_view key, std::size_t size, std::size_t n_tokens) {
        if (size != n_tokens)
            throw error{errc::vocab_length_mismatch, std::string{key},
                        std::to_string(n_tokens) + " entries, one per token", std::to_string(size)};
    }

    [[nodiscard]] static std::string entry(std::string_view key, std::size_t i) {
        return std::string{key} + '[' + std::to_string(i) + ']';
    }

    [[nodiscard]] static error wrong_type(std::string_view key, const gguf::value& val, std::string_view expected) {
        const std::string array = val.is_array() ? "an array of " : "";
        return {errc::model_wrong_type, std::string{key}, std::string{expected},
                array + std::string{gguf::name_of(val.element_type())}};
    }

    const gguf::file& file_;
};

}  // namespace detail

NIBBLE_FUNCTION bool has_vocabulary(const gguf::file& file) noexcept {
    const auto* model = file.find("tokenizer.ggml.model");
    return model && model->as_string() != "no_vocab" && model->as_string() != "none";
}

NIBBLE_FUNCTION bool has_tokens(const gguf::file& file, std::initializer_list<std::string_view> texts) {
    const auto* tokens = file.find("tokenizer.ggml.tokens");
    if (!tokens || !tokens->is_array_of(gguf::value_type::string)) return false;
    const auto all = tokens->strings();
    return all_of(texts, [&](std::string_view text) { return std::find(all.begin(), all.end(), text) != all.end(); });
}

NIBBLE_FUNCTION bool lacks_pretokenizer(const gguf::file& file) noexcept {
    const auto* model = file.find("tokenizer.ggml.model");
    return model && model->as_string() == "gpt2" && !file.find("tokenizer.ggml.pre");
}

NIBBLE_FUNCTION vocabulary read_vocabulary(const gguf::file& file) {
    const detail::vocabulary_reader reader{file};
    if (!has_vocabulary(file))
        throw error{errc::vocab_missing, "tokenizer.ggml.model", "a vocabulary", "none in the file"};

    vocabulary vocab;
    vocab.model = reader.text("tokenizer.ggml.model").value();
    vocab.pre = reader.text("tokenizer.ggml.pre").value_or("");
    vocab.tokens = reader.strings("tokenizer.ggml.tokens");
    const std::size_t n_tokens = vocab.tokens.size();
    if (n_tokens == 0) throw error{errc::vocab_missing, "tokenizer.ggml.tokens", "at least one token", "none"};
    if (n_tokens > 0x7fffffff)
        throw error{errc::limit_exceeded, "tokenizer.ggml.tokens", "fewer than 2^31", std::to_string(n_tokens)};
    vocab.types = reader.types("tokenizer.ggml.token_type", n_tokens);
    vocab.scores = reader.scores("tokenizer.ggml.scores", n_tokens);
    vocab.merges = reader.strings("tokenizer.ggml.merges");

    vocab.bos = reader.id("tokenizer.ggml.bos_token_id");
    vocab.eos = reader.id("tokenizer.ggml.eos_token_id");
    vocab.eot = reader.id("tokenizer.ggml.eot_token_id");
    vocab.unknown = reader.id("tokenizer.ggml.unknown_token_id");
    const auto fim_id = [&](const std::string& name, const std::string& old_name) {
        const auto id = reader.id("tokenizer.ggml.fim_" + name + "_token_id");
        return id ? id : reader.id("tokenizer.ggml." + old_name + "_token_id");
    };
    vocab.fim_prefix = fim_id("pre", "prefix");
    vocab.fim_suffix = fim_id("suf", "suffix");
    vocab.fim_middle = fim_id("mid", "middle");
    vocab.add_bos = reader.flag("tokenizer.ggml.add_bos_token");
    vocab.add_eos = reader.flag("tokenizer.ggml.add_eos_token");
    vocab.add_space_prefix = reader.flag("tokenizer.ggml.add_space_prefix");
    vocab.ignore_merges = reader.flag("tokenizer.ggml.ignore_merges");
    return vocab;
}

NIBBLE_FUNCTION std::optional<std::string_view> read_chat_template(const gguf::file& file) {
    return detail::vocabulary_reader{file}.text("tokenizer.chat_template");
}

NIBBLE_NAMESPACE_END
