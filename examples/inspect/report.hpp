// SPDX-License-Identifier: Apache-2.0
// What inspect finds in a file and in the model, as JSON with the texts as they are in the file.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <nibble/generate/session.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/kernels/kernel_set.hpp>
#include <nibble/model/model.hpp>

#include "options.hpp"

using json = nlohmann::ordered_json;

inline constexpr std::size_t shown_elements = 6;  // of an array

/// The double with the shortest decimal form of a float: 1e-06, not 9.999999974752427e-07.
inline json shortest(float number) {
    char text[32];
    const auto written = std::to_chars(text, text + sizeof text, number);
    double wide = number;
    std::from_chars(text, written.ptr, wide);
    return wide;
}

inline json scalar_of(const nibble::gguf::value& value) {
    if (const auto number = value.as_unsigned()) return *number;
    if (const auto number = value.as_signed()) return *number;
    if (const auto truth = value.as_bool()) return *truth;
    if (const auto text = value.as_string()) return *text;
    const double number = value.as_double().value_or(0);
    if (!std::isfinite(number)) return std::to_string(number);  // JSON has no such numbers
    return value.type() == nibble::gguf::value_type::f32 ? shortest(static_cast<float>(number)) : json(number);
}

inline json first_elements_of(const nibble::gguf::value& array) {
    json out = json::array();
    for (const auto text : array.strings()) {
        if (out.size() == shown_elements) break;
        out.push_back(text);
    }
    const bool has_scalars = nibble::gguf::fixed_size(array.element_type()) != 0;
    for (std::size_t i = 0; has_scalars && i < std::min(array.array_size(), shown_elements); ++i)
        out.push_back(scalar_of(array.element(i)));
    return out;
}

inline json metadata_of(const nibble::gguf::file& file) {
    json out = json::array();
    for (const auto& [key, value, offset] : file.metadata()) {
        json entry{{"key", key}, {"offset", offset}, {"type", nibble::gguf::name_of(value.type())}};
        if (value.is_array()) {
            entry["element_type"] = nibble::gguf::name_of(value.element_type());
            entry["length"] = value.array_size();
            entry["first"] = first_elements_of(value);
        } else {
            entry["value"] = scalar_of(value);
        }
        out.push_back(std::move(entry));
    }
    return out;
}

/// Which set multiplies with a type on this CPU; "none" where nibble cannot.
inline std::string kernel_of(const nibble::kernel_set& kernels, nibble::data_type type) {
    return kernels.find(type) ? std::string{kernels.name} : "none";
}

inline json tensors_of(const nibble::gguf::file& file, const nibble::kernel_set& kernels) {
    json out = json::array();
    for (const auto& tensor : file.tensors())
        out.push_back({{"name", tensor.name},
                       {"type", nibble::name_of(tensor.type)},
                       {"shape", std::vector(tensor.dims.begin(), tensor.dims.begin() + tensor.n_dims)},
                       {"part", &file.part_of(tensor) - file.parts().data() + 1},
                       {"offset", file.offset_of(tensor)},
                       {"bytes", tensor.bytes.size()},
                       {"share", static_cast<double>(tensor.bytes.size()) / static_cast<double>(file.size())},
                       {"kernel", kernel_of(kernels, tensor.type)}});
    return out;
}

inline json types_of(const nibble::gguf::file& file, const nibble::kernel_set& kernels) {
    struct total {
        std::size_t tensors = 0, bytes = 0;
    };
    std::map<nibble::data_type, total> totals;
    for (const auto& tensor : file.tensors()) {
        ++totals[tensor.type].tensors;
        totals[tensor.type].bytes += tensor.bytes.size();
    }
    json out = json::array();
    for (const auto& [type, total] : totals)
        out.push_back({{"type", nibble::name_of(type)},
                       {"tensors", total.tensors},
                       {"bytes", total.bytes},
                       {"share", static_cast<double>(total.bytes) / static_cast<double>(file.size())},
                       {"kernel", kernel_of(kernels, type)}});
    return out;
}

/// Where all bytes of the file, or of its parts together, went; the numbers add up to its length.
inline json layout_of(const nibble::gguf::file& file) {
    std::uint64_t header = 0, data = 0, padding = 0, after = 0;
    for (const auto& part : file.parts()) {
        const nibble::gguf::directory& contents = part.contents;
        const std::uint64_t length = contents.bytes.size(), data_start = std::min(contents.data_offset, length);
        const std::uint64_t data_end = std::max(data_start, contents.data_end);
        std::uint64_t tensors = 0;
        for (const auto& tensor : contents.tensors) tensors += tensor.bytes.size();
        header += data_start;
        data += tensors;
        padding += data_end - data_start - tensors;
        after += length - data_end;
    }
    return {{"header_and_metadata", header},
            {"tensor_data", data},
            {"padding_between_tensors", padding},
            {"after_the_last_tensor", after},
            {"file", file.size()}};
}

inline json config_of(const nibble::model_config& config) {
    json out = json::array();
    for (const auto& [field, value, from] : config.sources)
        out.push_back({{"field", field}, {"value", value}, {"from", from}});
    return out;
}

/// Values of all tensors, and without those of the experts that a token does not use.
inline json parameters_of(const nibble::model& model) {
    const auto& experts = model.config().experts;
    std::uint64_t all = 0, used = 0;
    for (const auto& tensor : model.file().tensors()) {
        std::uint64_t n = 1;  // of values that lie in the file: no overflow
        for (const auto length : tensor.dims) n *= length;
        const bool is_of_experts = experts.n_experts != 0 && tensor.name.find("_exps.") != tensor.name.npos;
        all += n;
        used += is_of_experts ? n / experts.n_experts * experts.n_used : n;
    }
    return {{"in_the_file", all}, {"used_for_a_token", used}};
}

/// Bytes that a session takes, and with the mapped file, which all sessions share.
inline json memory_of(const nibble::model& model, const inspect_options& chosen) {
    const auto plan = nibble::session::plan(model, chosen.session());
    const std::uint64_t mapped = model.file().size();
    return {{"kv_cache", plan.kv_cache}, {"workspace", plan.workspace}, {"sampling", plan.sampling},
            {"session", plan.total()},   {"mapped_file", mapped},       {"together", plan.total() + mapped}};
}
