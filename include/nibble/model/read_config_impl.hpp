// SPDX-License-Identifier: Apache-2.0
// Definitions of model/read_config.hpp: one part of it after the other.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/families.hpp>
#include <nibble/model/keys.hpp>
#include <nibble/model/read_config.hpp>
#include <nibble/model/read_experts.hpp>
#include <nibble/model/read_layers.hpp>
#include <nibble/model/tensors.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// The text of a key that must be a string if it is there.
[[nodiscard]] inline std::optional<std::string_view> text_of(const gguf::file& file, std::string_view key) {
    const auto* found = file.find(key);
    if (!found) return {};
    if (const auto text = found->as_string()) return text;
    throw error{errc::model_wrong_type, std::string{key}, "a string", std::string{gguf::name_of(found->type())}};
}

/// The family that `general.architecture` names.
[[nodiscard]] inline const model_family& family_of(const gguf::file& file) {
    const auto name = text_of(file, "general.architecture");
    if (!name) throw error{errc::model_missing_key, "general.architecture", "a string", "nothing"};
    if (const auto* family = find_family(*name)) return *family;
    std::string known;
    for (const auto* family : all_families)
        known.append(known.empty() ? "" : family == all_families.back() ? " or " : ", ").append(family->name);
    throw error{errc::model_unsupported_arch, "general.architecture", known, '\'' + escaped(*name) + '\''};
}

/// Refuses a value that is not `wanted`.
inline void require_number(std::string_view key, const gguf::value& val, double wanted, std::string_view why) {
    const auto truth = val.as_bool();
    const auto number = truth ? std::optional<double>{*truth ? 1.0 : 0.0} : val.as_double();
    if (!number || *number != wanted)
        throw error{errc::model_bad_value, std::string{key}, number_text(wanted) + std::string{why}, value_text(val)};
}

/// Refuses a file that is no model of today, or a part of one alone.
inline void check_kind(const gguf::file& file) {
    if (const auto kind = text_of(file, "general.type"); kind && *kind != "model")
        throw error{errc::model_layout, "general.type", "'model'", '\'' + escaped(*kind) + '\''};
    if (const auto* count = file.find("split.count"); count && count->as_unsigned() != 0u)
        require_number("split.count", *count, static_cast<double>(file.parts().size()),
                       " (as many as are open: a path opens all, bytes are one part; merge the parts)");
    if (const auto* version = file.find("general.quantization_version"))
        require_number("general.quantization_version", *version, 2, " (the block formats of today)");
}

/// Refuses what would change the result and has not been read, because the family does not have it.
inline void refuse_unread(const config_reader& reader) {
    for (const auto& row : neutral_keys) {
        if (reader.has_read(row.suffix)) continue;
        reader.for_each_spelling(row.suffix, {}, [&](const std::string& key, const gguf::value& val, const auto&) {
            require_number(key, val, row.neutral, " (anything else is not supported)");
        });
    }
}

/// n_heads, n_kv_heads and head_dim. What no key states follows from the rows of attn_q (n_heads * head_dim) and
/// attn_k (n_kv_heads * head_dim); without tensors, heads share the embedding evenly and there are no groups.
inline void read_heads(config_reader& reader, model_config& config) {
    auto heads = reader.stated<std::uint64_t>(config_key::n_heads, config.n_layers);
    auto kv_heads = reader.stated<std::uint64_t>(config_key::n_kv_heads, config.n_layers, config.family->convolutions);
    auto head_dim = reader.stated<std::uint64_t>(config_key::key_length);
    const auto q_rows = reader.dimension(tensor_id::attn_q, 1);
    const auto k_rows = reader.dimension(tensor_id::attn_k, 1);

    if (!head_dim) head_dim = config_reader::divided(q_rows, config_key::n_heads, heads);
    if (!head_dim) head_dim = config_reader::divided(k_rows, config_key::n_kv_heads, kv_heads);
    if (!head_dim && heads) {
        head_dim = config_reader::divided(config_reader::integer{config.n_embd, "n_embd"}, config_key::n_heads, heads);
        head_dim.from = "default: n_embd / n_heads";
    }
    if (!heads) heads = config_reader::divided(q_rows, config_key::key_length, head_dim);
    if (!kv_heads) kv_heads = config_reader::divided(k_rows, config_key::key_length, head_dim);
    if (!kv_heads && heads) kv_heads = config_reader::integer{heads.value, "default: n_heads"};

    config.n_heads = reader.accept(config_key::n_heads, heads);
    config.n_kv_heads = reader.accept(config_key::n_kv_heads, kv_heads);
    config.head_dim = reader.accept(config_key::key_length, head_dim);
    if (config.n_heads % config.n_kv_heads != 0)
        throw config_reader::bad(config_key::n_kv_heads, kv_heads,
                                 "a divisor of n_heads " + number_text(heads.value) + " (" + heads.from + ')');
    if (config.head_dim % 2 != 0) throw config_reader::bad(config_key::key_length, head_dim, "an even number");

    const auto value_length = reader.stated<std::uint64_t>(config_key::value_length);
    if (value_length && value_length.value != config.head_dim)
        throw config_reader::bad(config_key::value_length, value_length,
                                 number_text(head_dim.value) + " as head_dim (" + head_dim.from + ')');
}

}  // namespace detail

NIBBLE_FUNCTION model_config read_config(const gguf::file& file) {
    detail::check_kind(file);  // first: a later part of a split model has nothing of what follows
    const auto& family = detail::family_of(file);

    model_config config;
    config.family = &family;
    config.name = detail::text_of(file, "general.name").value_or("");
    config_reader reader{file, family, all_families, config.sources};

    config.n_layers = reader.take(config_key::n_layers, reader.layers());
    config.n_embd = reader.take(config_key::n_embd, reader.dimension(tensor_id::token_embd, 0));
    detail::read_feed_forward(reader, config);
    detail::read_heads(reader, config);

    const auto* tokens = file.find("tokenizer.ggml.tokens");
    auto n_vocab = reader.dimension(tensor_id::token_embd, 1);
    if (!n_vocab && tokens) n_vocab = {tokens->array_size(), "length of key tokenizer.ggml.tokens"};
    config.n_vocab = reader.take(config_key::n_vocab, n_vocab);
    if (tokens && tokens->array_size() != config.n_vocab)
        throw error{errc::model_bad_value, "tokenizer.ggml.tokens",
                    std::to_string(config.n_vocab) + " entries (" + std::string{source_of(config, "n_vocab")} + ')',
                    std::to_string(tokens->array_size())};

    config.n_ctx_train = reader.take(config_key::n_ctx_train, reader.family_default(family.n_ctx_train));
    const auto eps = family.norm == norm_kind::rms ? config_key::rms_eps : config_key::layer_norm_eps;
    config.norm_eps = static_cast<float>(reader.take(eps, reader.family_default(family.norm_eps)));
    config.attention_scale = static_cast<float>(reader.take(
        config_key::attention_scale, 1 / std::sqrt(static_cast<double>(config.head_dim)), "1 / sqrt(head_dim)"));

    config.layers.resize(config.n_layers);
    detail::read_convolutions(reader, config);
    const bool has_windows = detail::read_windows(reader, config);
    detail::read_ropes(reader, config, has_windows);
    if (family.complete) family.complete(reader, config);
    detail::refuse_unread(reader);
    return config;
}

NIBBLE_NAMESPACE_END
