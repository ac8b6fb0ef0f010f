// SPDX-License-Identifier: Apache-2.0
// The configuration of a model: its sizes and constants, read from a GGUF file, checked, each with its source.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/keymap.hpp>

NIBBLE_NAMESPACE_BEGIN

/// How rotary angles are stretched beyond the context that a model was first trained with. (The "llama3" way needs
/// no fields: its divisors come as tensor rope_freqs.weight.)
struct rope_scaling {
    enum class method { none, linear, yarn };
    method type = method::none;
    float factor = 1;                  ///< linear: positions are divided by it; yarn: by it where fully interpolated
    std::size_t original_context = 0;  ///< yarn: context before scaling
    float attn_factor = 1;             ///< yarn: multiplies the magnitude 1 + 0.1 ln(factor) of cos and sin
    float beta_fast = 32;              ///< yarn: turns within the original context above which a pair keeps its speed
    float beta_slow = 1;               ///< yarn: turns below which it is fully interpolated; below beta_fast
};

/// A value: copy it freely. Made by read_config, so that all sizes are in range and fit each other.
struct model_config {
    architecture arch = architecture::llama;
    std::string name;  ///< general.name as stored: escape it before printing
    std::size_t n_layers = 0;
    std::size_t n_embd = 0;   ///< values of the residual stream
    std::size_t n_heads = 0;  ///< query heads, a multiple of n_kv_heads
    std::size_t n_kv_heads = 0;
    std::size_t head_dim = 0;  ///< values per head of queries, keys and values; even
    std::size_t n_ff = 0;
    std::size_t n_vocab = 0;      ///< rows of token_embd, logits
    std::size_t n_ctx_train = 0;  ///< positions that the model was trained for
    std::size_t rope_dims = 0;    ///< leading values of a head that rotate; even, at most head_dim
    rope_kind rope = rope_kind::interleaved;
    float rope_freq_base = 0;
    rope_scaling scaling;
    float rms_eps = 0;
    float attention_scale = 0;           ///< multiplies query . key; 1 / sqrt(head_dim) unless the file says otherwise
    std::vector<bool> layer_uses_rope;   ///< n_layers entries
    std::vector<config_source> sources;  ///< of every field above, in the order in which they were found

    [[nodiscard]] std::size_t q_width() const noexcept { return n_heads * head_dim; }  // <= 2^24, as keymap.hpp says
    [[nodiscard]] std::size_t kv_width() const noexcept { return n_kv_heads * head_dim; }  // <= 2^24
};

/// Where a field of the configuration came from: the `from` of its source, or "".
[[nodiscard]] inline std::string_view source_of(const model_config& config, std::string_view field) noexcept {
    for (const auto& source : config.sources)
        if (source.field == field) return source.from;
    return {};
}

namespace detail {

/// The text of a key that must be a string if it is there.
[[nodiscard]] inline std::optional<std::string_view> text_of(const gguf::file& file, std::string_view key) {
    const auto* found = file.find(key);
    if (!found) return {};
    if (const auto text = found->as_string()) return text;
    throw error{errc::model_wrong_type, std::string{key}, "a string", std::string{gguf::name_of(found->type())}};
}

/// The architecture row that `general.architecture` names.
[[nodiscard]] inline const architecture_row& architecture_of(const gguf::file& file) {
    const auto name = text_of(file, "general.architecture");
    if (!name) throw error{errc::model_missing_key, "general.architecture", "a string", "nothing"};
    if (const auto* row = find_architecture(*name)) return *row;
    std::string known;
    for (const auto& row : architectures) known.append(known.empty() ? "" : " or ").append(row.name);
    throw error{errc::model_unsupported_arch, "general.architecture", known, '\'' + escaped(*name) + '\''};
}

/// Refuses whatever would make the model compute something that nibble does not.
inline void refuse_unsupported(const gguf::file& file, const architecture_row& arch) {
    const auto require = [&](std::string_view key, const gguf::value& val, double wanted, std::string_view why) {
        const auto truth = val.as_bool();
        const auto number = truth ? std::optional<double>{*truth ? 1.0 : 0.0} : val.as_double();
        if (!number || *number != wanted)
            throw error{errc::model_bad_value, std::string{key}, number_text(wanted) + std::string{why},
                        value_text(val)};
    };
    if (const auto kind = text_of(file, "general.type"); kind && *kind != "model")
        throw error{errc::model_layout, "general.type", "'model'", '\'' + escaped(*kind) + '\''};
    if (const auto* count = file.find("split.count"); count && count->as_unsigned() != 0u)
        require("split.count", *count, 1, " (the whole model in one file)");
    if (const auto* version = file.find("general.quantization_version"))
        require("general.quantization_version", *version, 2, " (the block formats of today)");
    for (const auto& row : neutral_keys)
        for_each_spelling(file, arch, row.suffix, {}, [&](const std::string& key, const gguf::value& val, bool) {
            require(key, val, row.neutral, " (anything else is not supported)");
        });
}

/// n_heads, n_kv_heads and head_dim. What no key states follows from the rows of attn_q (n_heads * head_dim) and
/// attn_k (n_kv_heads * head_dim); without tensors, heads share the embedding evenly and there are no groups.
inline void read_heads(config_reader& reader, model_config& config) {
    auto heads = reader.stated<std::uint64_t>(config_key::n_heads, config.n_layers);
    auto kv_heads = reader.stated<std::uint64_t>(config_key::n_kv_heads, config.n_layers);
    auto head_dim = reader.stated<std::uint64_t>(config_key::key_length);
    const auto q_rows = reader.dimension(tensor_id::attn_q, 1);
    const auto k_rows = reader.dimension(tensor_id::attn_k, 1);

    if (!head_dim) head_dim = config_reader::divided(q_rows, config_key::n_heads, heads);
    if (!head_dim) head_dim = config_reader::divided(k_rows, config_key::n_kv_heads, kv_heads);
    if (!head_dim && heads) {
        head_dim = config_reader::divided(config_reader::integer{config.n_embd, "n_embd"}, config_key::n_heads, heads);
        head_dim->from = "default: n_embd / n_heads";
    }
    if (!heads) heads = config_reader::divided(q_rows, config_key::key_length, head_dim);
    if (!kv_heads) kv_heads = config_reader::divided(k_rows, config_key::key_length, head_dim);
    if (!kv_heads && heads) kv_heads = config_reader::integer{heads->value, "default: n_heads"};

    config.n_heads = reader.accept(config_key::n_heads, heads);
    config.n_kv_heads = reader.accept(config_key::n_kv_heads, kv_heads);
    config.head_dim = reader.accept(config_key::key_length, head_dim);
    if (config.n_heads % config.n_kv_heads != 0)
        throw config_reader::bad(config_key::n_kv_heads, *kv_heads,
                                 "a divisor of n_heads " + number_text(heads->value) + " (" + heads->from + ')');
    if (config.head_dim % 2 != 0) throw config_reader::bad(config_key::key_length, *head_dim, "an even number");

    const auto value_length = reader.stated<std::uint64_t>(config_key::value_length);
    if (value_length && value_length->value != config.head_dim)
        throw config_reader::bad(config_key::value_length, *value_length,
                                 number_text(head_dim->value) + " as head_dim (" + head_dim->from + ')');
}

inline void read_rope(config_reader& reader, const architecture_row& arch, model_config& config) {
    config.rope = arch.rope;
    auto dims = reader.stated<std::uint64_t>(config_key::rope_dims);
    if (!dims) {
        dims = reader.dimension(tensor_id::rope_freqs, 0);  // one divisor per pair
        if (dims) dims->value *= 2;                         // the file's size bounds the dimension far below 2^63
    }
    if (!dims) dims = config_reader::integer{config.head_dim, "default: head_dim"};
    config.rope_dims = reader.accept(config_key::rope_dims, dims);
    if (config.rope_dims % 2 != 0 || config.rope_dims > config.head_dim)
        throw config_reader::bad(config_key::rope_dims, *dims,
                                 "an even number of at most head_dim " + std::to_string(config.head_dim) + " (" +
                                     std::string{source_of(config, "head_dim")} + ')');

    config.rope_freq_base =
        static_cast<float>(reader.take(config_key::rope_freq_base, reader.architecture_default(arch.rope_freq_base)));

    config.layer_uses_rope.assign(config.n_layers, true);
    if (arch.nope_interval != 0)
        for (std::size_t layer = arch.nope_interval - 1; layer < config.n_layers; layer += arch.nope_interval)
            config.layer_uses_rope[layer] = false;
    reader.note("layer_uses_rope",
                arch.nope_interval == 0 ? "all" : "all but every " + std::to_string(arch.nope_interval) + "th",
                "architecture " + std::string{arch.name});
}

inline void read_rope_scaling(const gguf::file& file, config_reader& reader, const architecture_row& arch,
                              model_config& config) {
    std::optional<std::string_view> stated;
    const auto& row = row_of(config_key::rope_scaling_type);
    const auto read = [&](const std::string& key, const gguf::value&, bool is_alias) {
        const auto text = text_of(file, key);
        if (stated && text != stated)
            throw error{errc::model_bad_value, key, '\'' + escaped(*stated) + '\'', '\'' + escaped(*text) + '\''};
        if (!stated) reader.note(row.field, escaped(*text), (is_alias ? "alias key " : "key ") + key);
        stated = text;
    };
    for_each_spelling(file, arch, row.suffix, row.aliases, read);

    // Old files have a factor and no type; it is linear then.
    auto factor = reader.stated<double>(config_key::rope_scaling_factor);
    const auto type = stated.value_or(factor ? "linear" : "none");
    auto& scaling = config.scaling;
    if (type == "none") return;
    if (type != "linear" && type != "yarn")
        throw error{errc::model_bad_value, reader.real_key(config_key::rope_scaling_type), "none, linear or yarn",
                    '\'' + escaped(type) + '\''};
    scaling.type = type == "yarn" ? rope_scaling::method::yarn : rope_scaling::method::linear;
    scaling.factor = static_cast<float>(reader.accept(config_key::rope_scaling_factor, factor));
    if (scaling.type != rope_scaling::method::yarn) return;

    const auto take = [&](config_key key, float otherwise) {
        return static_cast<float>(reader.take(key, static_cast<double>(otherwise), "YaRN paper"));
    };
    scaling.original_context =
        reader.take(config_key::rope_scaling_context, std::uint64_t{config.n_ctx_train}, "n_ctx_train");
    scaling.attn_factor = take(config_key::rope_scaling_attn_factor, scaling.attn_factor);
    scaling.beta_fast = take(config_key::rope_scaling_beta_fast, scaling.beta_fast);
    scaling.beta_slow = take(config_key::rope_scaling_beta_slow, scaling.beta_slow);
    if (!(scaling.beta_slow < scaling.beta_fast))
        throw error{errc::model_bad_value, reader.real_key(config_key::rope_scaling_beta_fast),
                    "more than beta_slow " + number_text(scaling.beta_slow), number_text(scaling.beta_fast)};
}

}  // namespace detail

/// Reads and checks the configuration of the model in `file`. Every field comes from its key, else from an accepted
/// alias, else from the shapes of tensors, else from a documented default; `sources` says which. Works on a file
/// without tensors if the keys suffice. That each tensor has the shape that follows is checked by bind_weights.
/// Throws model_unsupported_arch, model_missing_key, model_wrong_type, model_bad_value and model_layout.
[[nodiscard]] inline model_config read_config(const gguf::file& file) {
    using detail::config_reader;
    const auto& arch = detail::architecture_of(file);
    detail::refuse_unsupported(file, arch);

    model_config config;
    config.arch = arch.id;
    config.name = detail::text_of(file, "general.name").value_or("");
    config_reader reader{file, arch, config.sources};

    config.n_layers = reader.take(config_key::n_layers, reader.layers());
    config.n_embd = reader.take(config_key::n_embd, reader.dimension(tensor_id::token_embd, 0));
    config.n_ff = reader.take(config_key::n_ff, reader.dimension(tensor_id::ffn_gate, 1), config.n_layers);
    detail::read_heads(reader, config);

    const auto* tokens = file.find("tokenizer.ggml.tokens");
    auto n_vocab = reader.dimension(tensor_id::token_embd, 1);
    if (!n_vocab && tokens) n_vocab = {tokens->array_size(), "length of key tokenizer.ggml.tokens"};
    config.n_vocab = reader.take(config_key::n_vocab, n_vocab);
    if (tokens && tokens->array_size() != config.n_vocab)
        throw error{errc::model_bad_value, "tokenizer.ggml.tokens",
                    std::to_string(config.n_vocab) + " entries (" + std::string{source_of(config, "n_vocab")} + ')',
                    std::to_string(tokens->array_size())};

    config.n_ctx_train = reader.take(config_key::n_ctx_train, reader.architecture_default(arch.n_ctx_train));
    config.rms_eps = static_cast<float>(reader.take(config_key::rms_eps, reader.architecture_default(arch.rms_eps)));
    config.attention_scale = static_cast<float>(reader.take(
        config_key::attention_scale, 1 / std::sqrt(static_cast<double>(config.head_dim)), "1 / sqrt(head_dim)"));

    detail::read_rope(reader, arch, config);
    detail::read_rope_scaling(file, reader, arch, config);
    return config;
}

NIBBLE_NAMESPACE_END
