// SPDX-License-Identifier: Apache-2.0
// Finds the tensors of a family in a file, checks their shapes and types, and views them as they lie.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/half.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/config_reader.hpp>
#include <nibble/model/family.hpp>
#include <nibble/model/tensors.hpp>
#include <nibble/quant/formats.hpp>

NIBBLE_NAMESPACE_BEGIN

/// Types of the weight matrices that nibble multiplies with.
inline constexpr auto supported_types = quant::formats::types;

[[nodiscard]] constexpr bool is_supported(data_type type) noexcept {
    return quant::format_index(type) < quant::n_formats;
}

/// Where models of a type that nibble does not compute with are published in others, too: which to get.
[[nodiscard]] constexpr std::string_view published_instead(data_type type) noexcept {
    switch (type) {
        case data_type::iq1_s:
        case data_type::iq1_m:
        case data_type::iq2_xxs:
        case data_type::iq2_xs:
        case data_type::iq2_s: return "Q2_K";
        case data_type::iq3_xxs:
        case data_type::iq3_s: return "Q3_K_M or IQ4_XS";
        case data_type::nvfp4: return "MXFP4 or Q4_K_M";
        default: return {};
    }
}

/// Types of norm weights and rope_freqs, which are used as floats: those that a float holds exactly.
[[nodiscard]] constexpr bool is_float(data_type type) noexcept {
    return type == data_type::f32 || type == data_type::f16 || type == data_type::bf16;
}

namespace detail {

/// Finds, checks and counts off the tensors of a file.
class weight_binder {
public:
    /// Vectors that do not lie in the file as floats are added to `converted`.
    weight_binder(const gguf::file& file, const model_config& config, std::vector<std::unique_ptr<float[]>>& converted)
        : file_(file),
          config_(config),
          converted_(converted),
          used_(file.tensors().size(), false),
          required_(config.family->required_with(config.experts.n_experts > 0)) {}

    /// The tensor as a matrix, or several one below the other; empty if the family does not have it, or does not
    /// require it and neither has the file.
    [[nodiscard]] matrix_view matrix(tensor_id id, std::size_t layer = 0) {
        const auto* found = take(id, layer);
        if (!found) return {};
        const auto& tensor = *found;
        if (!is_supported(tensor.type)) throw wrong_type(tensor, supported_types);
        check_shape(tensor, row_of(id));
        // its blocks divide rows evenly: the reader saw to that
        return view_matrix(tensor.type, static_cast<std::size_t>(tensor.dims[1] * tensor.dims[2]),
                           static_cast<std::size_t>(tensor.dims[0]), tensor.bytes.data());
    }

    /// The same as floats, of one vector or of several, one behind the other.
    [[nodiscard]] std::span<const float> vector(tensor_id id, std::size_t layer = 0) {
        static constexpr std::array types{data_type::f32, data_type::f16, data_type::bf16};
        const auto* found = take(id, layer);
        if (!found) return {};
        const auto& tensor = *found;
        if (!is_float(tensor.type)) throw wrong_type(tensor, types);
        check_shape(tensor, row_of(id));
        const auto size = static_cast<std::size_t>(tensor.dims[0] * tensor.dims[1]);
        const std::byte* data = tensor.bytes.data();
        if (tensor.type == data_type::f32 && std::bit_cast<std::uintptr_t>(data) % alignof(float) == 0)
            return {reinterpret_cast<const float*>(data), size};
        auto& floats = converted_.emplace_back(std::make_unique<float[]>(size));
        for (std::size_t i = 0; i < size; ++i) floats[i] = float_at(tensor.type, data, i);
        return {floats.get(), size};
    }

    /// The same as divisors of rotation speeds. Reads them.
    [[nodiscard]] std::span<const float> divisors(tensor_id id, bool required = false) {
        const auto found = vector(id);
        if (required && found.empty()) throw missing(id, 0);
        for (std::size_t i = 0; i < found.size(); ++i)
            if (!(found[i] > 0) || !std::isfinite(found[i]))
                throw error{errc::model_bad_weights, "tensor '" + tensor_name(id) + "', value " + std::to_string(i),
                            "a finite number above 0", detail::number_text(static_cast<double>(found[i]))};
        return found;
    }

    /// Refuses the first tensor that was not taken. A norm or a layer too many would change what the model computes, so
    /// leaving it out silently is no option.
    void refuse_unused() const {
        for (std::size_t i = 0; i < used_.size(); ++i) {
            if (used_[i]) continue;
            const auto& tensor = file_.tensors()[i];
            const auto layer = layer_of(tensor.name);
            if (layer && *layer >= config_.n_layers)
                throw error{errc::model_layout, label(tensor),
                            "one of " + std::to_string(config_.n_layers) + " layers (" + source("n_layers") + ')',
                            "number " + std::to_string(*layer)};
            throw error{errc::model_layout, label(tensor),
                        "only tensors that architecture " + std::string{config_.family->name} + " uses",
                        std::string{what_is(tensor.name)}};
        }
    }

    [[nodiscard]] static std::string label(const tensor_view& tensor) {
        return "tensor '" + escaped(tensor.name) + '\'';
    }

private:
    static float float_at(data_type type, const std::byte* data, std::size_t i) noexcept {
        if (type == data_type::f32) {
            float value;
            std::memcpy(&value, data + 4 * i, 4);
            return value;
        }
        std::uint16_t bits;
        std::memcpy(&bits, data + 2 * i, 2);
        return type == data_type::f16 ? half_to_float(bits) : bf16_to_float(bits);
    }

    const tensor_view* take(tensor_id id, std::size_t layer) {
        if (!(required_ | config_.family->optional | linear_biases).has(id)) return nullptr;
        if (row_of(id).per_layer && !belongs_to_layer(id, config_.layers[layer].convolution)) return nullptr;
        const auto* tensor = find_tensor(file_, id, layer);
        if (tensor) {
            used_[static_cast<std::size_t>(tensor - file_.tensors().data())] = true;
        } else if (required_.has(id)) {
            throw missing(id, layer);
        }
        return tensor;
    }

    [[nodiscard]] error missing(tensor_id id, std::size_t layer) const {
        const std::string layers = std::to_string(config_.n_layers) + " layers (" + source("n_layers") + ')';
        return {errc::model_missing_tensor, "tensor '" + tensor_name(id, layer) + '\'',
                row_of(id).per_layer ? "one for each of " + layers : "one in every model",
                file_.tensors().empty() ? "a file without tensors" : "none"};
    }

    void check_shape(const tensor_view& tensor, const tensor_row& row) const {
        const auto depth = size_of(row.depth), rows = size_of(row.rows), matrices = size_of(row.matrices);
        const auto& dims = tensor.dims;
        if (dims[0] == depth && dims[1] == rows && dims[2] == matrices && dims[3] == 1) return;
        std::string expected = '[' + std::to_string(depth);
        if (row.rows != extent::one) expected += ", " + std::to_string(rows);
        if (row.matrices != extent::one) expected += ", " + std::to_string(matrices);
        expected += ']';
        if (dims[0] != depth) expected += " (row length: " + origin(row.depth) + ')';
        if (dims[1] != rows && row.rows != extent::one) expected += " (rows: " + origin(row.rows) + ')';
        if (dims[2] != matrices && row.matrices != extent::one) expected += " (matrices: " + origin(row.matrices) + ')';
        std::string got = "[";
        for (std::uint32_t i = 0; i < tensor.n_dims; ++i) got += (i ? ", " : "") + std::to_string(dims[i]);
        got += ']';
        if (dims[0] == rows && dims[1] == depth) got += ", which looks transposed";
        throw error{errc::model_wrong_shape, label(tensor), std::move(expected), std::move(got)};
    }

    [[nodiscard]] std::size_t size_of(extent size) const noexcept {
        switch (size) {
            case extent::one: break;
            case extent::n_embd: return config_.n_embd;
            case extent::n_vocab: return config_.n_vocab;
            case extent::n_ff: return config_.n_ff;
            case extent::n_experts: return config_.experts.n_experts;
            case extent::n_heads: return config_.n_heads;
            case extent::head_dim: return config_.head_dim;
            case extent::q_width: return config_.q_width();
            case extent::kv_width: return config_.kv_width();
            case extent::qkv_width: return config_.q_width() + 2 * config_.kv_width();
            case extent::gate_up: return 2 * config_.n_ff;
            case extent::rope_pairs: return config_.rope_dims / 2;
            case extent::conv_length: return config_.conv_length;
            case extent::conv_gates: return 3 * config_.n_embd;
        }
        return 1;
    }

    /// Which values of the configuration an extent follows from, and where they came from.
    [[nodiscard]] std::string origin(extent size) const {
        switch (size) {
            case extent::one: break;
            case extent::n_embd:
            case extent::conv_gates: return "n_embd, " + source("n_embd");
            case extent::n_vocab: return "n_vocab, " + source("n_vocab");
            case extent::n_ff:
            case extent::gate_up: return "n_ff, " + source("n_ff");
            case extent::n_experts: return "n_experts, " + source("n_experts");
            case extent::n_heads: return "n_heads, " + source("n_heads");
            case extent::head_dim: return "head_dim, " + source("head_dim");
            case extent::q_width: return "n_heads, " + source("n_heads") + "; head_dim, " + source("head_dim");
            case extent::kv_width: return "n_kv_heads, " + source("n_kv_heads") + "; head_dim, " + source("head_dim");
            case extent::qkv_width: return origin(extent::q_width) + "; n_kv_heads, " + source("n_kv_heads");
            case extent::rope_pairs: return "rope_dims / 2, " + source("rope_dims");
            case extent::conv_length: return "conv_length, " + source("conv_length");
        }
        return "a vector";
    }

    [[nodiscard]] std::string source(std::string_view field) const { return std::string{source_of(config_, field)}; }

    [[nodiscard]] static error wrong_type(const tensor_view& tensor, array_view<data_type> usable) {
        std::string names;
        for (const auto type : usable) names.append(names.empty() ? "" : ", ").append(name_of(type));
        std::string got{name_of(tensor.type)};
        if (const auto instead = published_instead(tensor.type); !instead.empty())
            got.append(": get the model as ").append(instead);
        return {errc::model_wrong_tensor_type, label(tensor), "one of " + names, std::move(got)};
    }

    const gguf::file& file_;
    const model_config& config_;
    std::vector<std::unique_ptr<float[]>>& converted_;
    std::vector<bool> used_;
    tensor_set required_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
