// SPDX-License-Identifier: Apache-2.0
// Finds the numbers of a model's configuration in its file, checks their ranges and remembers where each came from.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/core/tensor.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/keymap.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One value of a configuration and where it came from: "key smollm3.block_count", "alias key llama.block_count",
/// "shape of tensor 'token_embd.weight'", "default: ..." or "architecture smollm3".
struct config_source {
    std::string field, value, from;
};

namespace detail {

/// Shortest text that reads back as the same number; one that a float holds is written as a float.
[[nodiscard]] inline std::string number_text(double number) {
    char text[32];
    const auto as_float = static_cast<float>(number);
    const bool is_float = static_cast<double>(as_float) == number;
    const bool is_count = std::abs(number) < 1e15 && number == std::trunc(number);  // 5000000 rather than 5e+06
    const auto written = is_count   ? std::to_chars(text, std::end(text), static_cast<std::int64_t>(number))
                         : is_float ? std::to_chars(text, std::end(text), as_float)
                                    : std::to_chars(text, std::end(text), number);
    return {text, written.ptr};
}
[[nodiscard]] inline std::string number_text(std::uint64_t number) { return std::to_string(number); }

/// A value for an error message: a number as such, text quoted, else the type.
[[nodiscard]] inline std::string value_text(const gguf::value& val) {
    if (const auto number = val.as_unsigned()) return number_text(*number);
    if (const auto number = val.as_signed()) return std::to_string(*number);
    if (const auto number = val.as_double()) return number_text(*number);
    if (const auto text = val.as_string()) return '\'' + escaped(*text) + '\'';
    if (const auto truth = val.as_bool()) return *truth ? "true" : "false";
    return std::string{gguf::name_of(val.type())};
}

/// A number that may become part of the configuration, and where it came from.
template <class Number>
struct sourced {
    Number value{};
    std::string from;
};

class config_reader {
public:
    using integer = sourced<std::uint64_t>;
    using real = sourced<double>;

    config_reader(const gguf::file& file, const architecture_row& arch, std::vector<config_source>& sources)
        : file_(file), arch_(arch), sources_(sources) {}

    /// What the file's keys say; all spellings that are present must agree. Where n_layers is given, an array may stand
    /// for one number per layer; as all layers are alike here, its entries must be equal.
    template <class Number>
    [[nodiscard]] std::optional<sourced<Number>> stated(config_key id, std::size_t n_layers = 0) const {
        const auto& row = row_of(id);
        std::optional<sourced<Number>> first;
        for_each_spelling(
            file_, arch_, row.suffix, row.aliases, [&](const std::string& key, const gguf::value& val, bool is_alias) {
                const Number number = val.is_array() && n_layers != 0 ? common_number<Number>(val, row, key, n_layers)
                                                                      : number_in<Number>(val, row, key);
                if (!first) {
                    first = {number, (is_alias ? "alias key " : "key ") + key};
                } else if (first->value != number) {
                    throw error{errc::model_bad_value, key, number_text(first->value) + " as in " + first->from,
                                number_text(number)};
                }
            });
        return first;
    }

    /// The stated number, else `other` (inferred from shapes or a default); an error that names the real key when
    /// there is neither. Checks the range, remembers the source.
    template <class Number>
    Number take(config_key id, std::optional<sourced<Number>> other = {}, std::size_t n_layers = 0) {
        auto found = stated<Number>(id, n_layers);
        return accept(id, found ? std::move(found) : std::move(other));
    }

    /// As take() with a default.
    template <class Number>
    Number take(config_key id, Number otherwise, std::string_view why) {
        return take(id, std::optional{sourced<Number>{otherwise, "default: " + std::string{why}}});
    }

    /// The default that the architecture's row has for a field; nothing where that is 0.
    template <class Number>
    [[nodiscard]] std::optional<sourced<Number>> architecture_default(Number otherwise) const {
        if (otherwise == 0) return {};
        return sourced<Number>{otherwise, "default: architecture " + std::string{arch_.name}};
    }

    /// As take() for a number that was looked up before.
    template <class Number>
    Number accept(config_key id, const std::optional<sourced<Number>>& found) {
        const auto& row = row_of(id);
        if (!found)
            throw error{errc::model_missing_key, real_key(id), "a value, or tensors that it follows from", "nothing"};
        if (!in_range(found->value, row)) throw bad(id, *found, range_text<Number>(row));
        if constexpr (std::same_as<Number, double>) {  // the configuration keeps floats
            note(row.field, number_text(static_cast<double>(static_cast<float>(found->value))), found->from);
        } else {
            note(row.field, number_text(found->value), found->from);
        }
        return found->value;
    }

    void note(std::string_view field, std::string value, std::string from) {
        sources_.push_back({std::string{field}, std::move(value), std::move(from)});
    }

    [[nodiscard]] std::string real_key(config_key id) const {
        return std::string{arch_.name} + '.' + std::string{row_of(id).suffix};
    }

    /// Error for a number that contradicts something else; names the field and its source.
    template <class Number>
    [[nodiscard]] static error bad(config_key id, const sourced<Number>& found, std::string expected) {
        return {errc::model_bad_value, std::string{row_of(id).field} + " (" + found.from + ')', std::move(expected),
                number_text(found.value)};
    }

    /// Dimension `index` of a tensor (of layer 0), if the file has it.
    [[nodiscard]] std::optional<integer> dimension(tensor_id id, std::size_t index) const {
        const auto* tensor = find_tensor(file_, id);
        if (!tensor) return {};
        return integer{tensor->dims[index], "shape of tensor '" + escaped(tensor->name) + '\''};
    }

    /// One more than the highest layer that a tensor's name speaks of; nothing if no name has a layer.
    [[nodiscard]] std::optional<integer> layers() const {
        std::optional<integer> most;
        for (const auto& tensor : file_.tensors())
            if (const auto layer = layer_of(tensor.name); layer && (!most || *layer >= most->value))
                most = integer{std::uint64_t{*layer} + 1, "name of tensor '" + escaped(tensor.name) + '\''};
        return most;
    }

    /// `whole` divided by `part`, which the heads of a matrix must do evenly; nothing if one of them is not known.
    [[nodiscard]] static std::optional<integer> divided(const std::optional<integer>& whole, config_key part_id,
                                                        const std::optional<integer>& part) {
        if (!whole || !part) return {};
        if (part->value == 0 || whole->value % part->value != 0)
            throw bad(part_id, *part, "a divisor of " + number_text(whole->value) + " (" + whole->from + ')');
        return integer{whole->value / part->value, whole->from + " and " + part->from};
    }

private:
    template <class Number>
    [[nodiscard]] static bool in_range(Number number, const key_row& row) noexcept {
        const auto wide = static_cast<double>(number);
        return wide >= row.least && wide <= row.most;  // false for NaN
    }

    template <class Number>
    [[nodiscard]] static std::string range_text(const key_row& row) {
        return (std::same_as<Number, double> ? "a finite number from " : "an integer from ") + number_text(row.least) +
               " to " + number_text(row.most);
    }

    template <class Number>
    [[nodiscard]] static Number number_in(const gguf::value& val, const key_row& row, const std::string& where) {
        std::optional<Number> number;
        if constexpr (std::same_as<Number, double>) {
            number = val.as_double();
        } else {
            number = val.as_unsigned();
        }
        if (!number && !val.as_unsigned() && !val.as_signed())
            throw error{errc::model_wrong_type, where, range_text<Number>(row),
                        "type " + std::string{gguf::name_of(val.type())}};
        if (!number || !in_range(*number, row))
            throw error{errc::model_bad_value, where, range_text<Number>(row), value_text(val)};
        return *number;
    }

    template <class Number>
    [[nodiscard]] static Number common_number(const gguf::value& val, const key_row& row, const std::string& key,
                                              std::size_t n_layers) {
        const std::size_t width = gguf::fixed_size(val.element_type());
        if (width == 0)
            throw error{errc::model_wrong_type, key, range_text<Number>(row) + " for each layer",
                        "array of " + std::string{gguf::name_of(val.element_type())}};
        if (val.array_size() != n_layers)
            throw error{errc::model_bad_value, key, std::to_string(n_layers) + " entries, one per layer",
                        std::to_string(val.array_size())};
        Number common{};
        for (std::size_t i = 0; i < n_layers; ++i) {
            const auto where = key + '[' + std::to_string(i) + ']';
            const auto entry = gguf::value{val.element_type(), val.bytes().subspan(i * width, width)};
            const auto number = number_in<Number>(entry, row, where);
            if (i == 0) common = number;
            if (number != common)
                throw error{errc::model_bad_value, where, number_text(common) + " as in every layer",
                            number_text(number)};
        }
        return common;
    }

    const gguf::file& file_;
    const architecture_row& arch_;
    std::vector<config_source>& sources_;
};

}  // namespace detail
NIBBLE_NAMESPACE_END
