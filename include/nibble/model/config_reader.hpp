// SPDX-License-Identifier: Apache-2.0
// Finds the numbers of a model's configuration in its file, checks their ranges and remembers where each came from.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/core/error.hpp>
#include <nibble/gguf/file.hpp>
#include <nibble/model/config.hpp>
#include <nibble/model/family.hpp>
#include <nibble/model/keys.hpp>
#include <nibble/model/tensors.hpp>

NIBBLE_NAMESPACE_BEGIN
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
[[nodiscard]] inline std::string truth_text(bool truth) { return truth ? "true" : "false"; }

/// A value for an error message: a number as such, text quoted, else the type.
[[nodiscard]] inline std::string value_text(const gguf::value& val) {
    if (const auto number = val.as_unsigned()) return number_text(*number);
    if (const auto number = val.as_signed()) return std::to_string(*number);
    if (const auto number = val.as_double()) return number_text(*number);
    if (const auto text = val.as_string()) return '\'' + escaped(*text) + '\'';
    if (const auto truth = val.as_bool()) return truth_text(*truth);
    return std::string{gguf::name_of(val.type())};
}

}  // namespace detail

/// A value that may become part of the configuration, and where it came from; nothing if that is nowhere.
template <class T>
struct sourced {
    T value{};
    std::string from = {};

    explicit operator bool() const noexcept { return !from.empty(); }
};

/// What the configuration keeps of a number: integers become sizes, whose 32 bits on some machines every range has room
/// in.
template <class Number>
using field_of = std::conditional_t<std::same_as<Number, std::uint64_t>, std::size_t, Number>;

/// For one file and one family; notes the sources of what it takes.
class config_reader {
public:
    using integer = sourced<std::uint64_t>;
    using real = sourced<double>;

    /// All borrowed. `families`: whose names may stand before a key in the place of this family's.
    config_reader(const gguf::file& file, const model_family& family, array_view<const model_family*> families,
                  std::vector<config_source>& sources)
        : file_(file), family_(family), families_(families), sources_(sources) {}

    /// Calls visit(key, value, source) for every spelling of "<family>.suffix" that the file holds: the real key first,
    /// then its aliases, then the same under the names of the other families.
    template <class Visit>
    void for_each_spelling(std::string_view suffix, array_view<std::string_view> aliases, Visit&& visit) const {
        const auto try_key = [&](std::string_view prefix, std::string_view ending) {
            if (ending.empty()) return;
            const std::string key = std::string{prefix} + '.' + std::string{ending};
            const bool is_alias = prefix != family_.name || ending != suffix;
            if (const gguf::value* found = file_.find(key))
                visit(key, *found, (is_alias ? "alias key " : "key ") + key);
        };
        const auto try_prefix = [&](std::string_view prefix) {
            try_key(prefix, suffix);
            for (const auto alias : aliases) try_key(prefix, alias);
        };
        try_prefix(family_.name);
        for (const auto* other : families_)
            if (other->name != family_.name) try_prefix(other->name);
    }

    /// What the file's keys say, by value_in(value, key); all spellings that are present must agree.
    template <class T, class ValueIn, class Text>
    [[nodiscard]] sourced<T> agreed(config_key id, const ValueIn& value_in, const Text& text) {
        const auto& row = row_of(id);
        read_[static_cast<std::size_t>(id)] = true;
        sourced<T> first;
        for_each_spelling(
            row.suffix, row.aliases, [&](const std::string& key, const gguf::value& val, std::string from) {
                T value = value_in(val, key);
                if (!first) {
                    first = {std::move(value), std::move(from)};
                } else if (first.value != value) {
                    throw error{errc::model_bad_value, key, text(first.value) + " as in " + first.from, text(value)};
                }
            });
        return first;
    }

    /// The number that the file's keys say. Where n_layers is given, an array may stand for one number per layer; its
    /// entries must be equal, but for those of 0 where `zeros` says that there may be such layers.
    template <class Number>
    [[nodiscard]] sourced<Number> stated(config_key id, std::size_t n_layers = 0, bool zeros = false) {
        const auto& row = row_of(id);
        const auto value_in = [&](const gguf::value& val, const std::string& key) {
            return val.is_array() && n_layers != 0 ? common_number<Number>(val, row, key, n_layers, zeros)
                                                   : number_in<Number>(val, row, key);
        };
        auto found = agreed<Number>(id, value_in, [](Number number) { return detail::number_text(number); });
        if (row.zero_is_none && found && found.value == 0) found = {};
        return found;
    }

    /// Whether the file's keys say yes or no.
    [[nodiscard]] sourced<bool> flag(config_key id) {
        const auto value_in = [](const gguf::value& val, const std::string& key) {
            if (const auto truth = val.as_bool()) return *truth;
            throw error{errc::model_wrong_type, key, "a bool", "type " + std::string{gguf::name_of(val.type())}};
        };
        return agreed<bool>(id, value_in, [](bool truth) { return detail::truth_text(truth); });
    }

    /// Whether the key with this suffix was looked for.
    [[nodiscard]] bool has_read(std::string_view suffix) const noexcept {
        for (const auto& row : config_keys)
            if (row.suffix == suffix) return read_[static_cast<std::size_t>(row.id)];
        return false;
    }

    /// The stated number, else `other` (inferred from shapes or a default); an error that names the real key when
    /// there is neither. Checks the range, remembers the source.
    template <class Number>
    field_of<Number> take(config_key id, sourced<Number> other = {}, std::size_t n_layers = 0) {
        auto found = stated<Number>(id, n_layers);
        return accept(id, found ? std::move(found) : std::move(other));
    }

    /// As take() with a default.
    template <class Number>
    field_of<Number> take(config_key id, Number otherwise, std::string_view why) {
        return take(id, sourced<Number>{otherwise, "default: " + std::string{why}});
    }

    /// What the file states, else `field` stays as it is.
    void take_if_stated(config_key id, float& field) {
        if (const auto number = stated<double>(id)) field = static_cast<float>(accept(id, number));
    }

    /// The default that the family has for a field; nothing where that is 0.
    template <class Number>
    [[nodiscard]] sourced<Number> family_default(Number otherwise) const {
        if (otherwise == 0) return {};
        return sourced<Number>{otherwise, "default: architecture " + std::string{family_.name}};
    }

    /// As take() for a number that was looked up before.
    template <class Number>
    field_of<Number> accept(config_key id, const sourced<Number>& found) {
        const auto& row = row_of(id);
        if (!found)
            throw error{errc::model_missing_key, real_key(id), "a value, or tensors that it follows from", "nothing"};
        if (!in_range(found.value, row)) throw bad(id, found, range_text<Number>(row));
        if constexpr (std::same_as<Number, double>) {  // the configuration keeps floats
            note(row.field, detail::number_text(static_cast<double>(static_cast<float>(found.value))), found.from);
        } else {
            note(row.field, detail::number_text(found.value), found.from);
        }
        return static_cast<field_of<Number>>(found.value);
    }

    /// Remembers where a field came from; the last word on it counts.
    void note(std::string_view field, std::string value, std::string from) {
        std::erase_if(sources_, [&](const config_source& source) { return source.field == field; });
        sources_.push_back({std::string{field}, std::move(value), std::move(from)});
    }

    [[nodiscard]] std::string real_key(config_key id) const {
        return std::string{family_.name} + '.' + std::string{row_of(id).suffix};
    }

    /// Error for a number that contradicts something else; names the field and its source.
    template <class Number>
    [[nodiscard]] static error bad(config_key id, const sourced<Number>& found, std::string expected) {
        return {errc::model_bad_value, std::string{row_of(id).field} + " (" + found.from + ')', std::move(expected),
                detail::number_text(found.value)};
    }

    /// Dimension `index` of a tensor (of layer 0), if the family knows it and the file has it.
    [[nodiscard]] integer dimension(tensor_id id, std::size_t index) const {
        const auto* tensor = family_.knows(id) ? find_tensor(file_, id) : nullptr;
        if (!tensor) return {};
        return integer{tensor->dims[index], "shape of tensor '" + escaped(tensor->name) + '\''};
    }

    /// One more than the highest layer that a tensor's name speaks of; nothing if no name has a layer.
    [[nodiscard]] integer layers() const {
        integer most;
        for (const auto& tensor : file_.tensors())
            if (const auto layer = layer_of(tensor.name); layer && (!most || *layer >= most.value))
                most = integer{std::uint64_t{*layer} + 1, "name of tensor '" + escaped(tensor.name) + '\''};
        return most;
    }

    /// `whole` divided by `part`, which the heads of a matrix must do evenly; nothing if one of them is not known.
    [[nodiscard]] static integer divided(const integer& whole, config_key part_id, const integer& part) {
        if (!whole || !part) return {};
        if (part.value == 0 || whole.value % part.value != 0)
            throw bad(part_id, part, "a divisor of " + detail::number_text(whole.value) + " (" + whole.from + ')');
        return integer{whole.value / part.value, whole.from + " and " + part.from};
    }

private:
    template <class Number>
    [[nodiscard]] static bool in_range(Number number, const key_row& row) noexcept {
        const auto wide = static_cast<double>(number);
        return (wide >= row.least && wide <= row.most) || (row.zero_is_none && wide == 0);  // false for NaN
    }

    template <class Number>
    [[nodiscard]] static std::string range_text(const key_row& row) {
        return (std::same_as<Number, double> ? "a finite number from " : "an integer from ") +
               detail::number_text(row.least) + " to " + detail::number_text(row.most) +
               (row.zero_is_none ? ", or 0" : "");
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
            throw error{errc::model_bad_value, where, range_text<Number>(row), detail::value_text(val)};
        return *number;
    }

    template <class Number>
    [[nodiscard]] static Number common_number(const gguf::value& val, const key_row& row, const std::string& key,
                                              std::size_t n_layers, bool zeros) {
        if (gguf::fixed_size(val.element_type()) == 0)
            throw error{errc::model_wrong_type, key, range_text<Number>(row) + " for each layer",
                        "array of " + std::string{gguf::name_of(val.element_type())}};
        if (val.array_size() != n_layers)
            throw error{errc::model_bad_value, key, std::to_string(n_layers) + " entries, one per layer",
                        std::to_string(val.array_size())};
        std::optional<Number> common;
        for (std::size_t i = 0; i < n_layers; ++i) {
            const auto where = key + '[' + std::to_string(i) + ']';
            const gguf::value entry = val.element(i);
            if (zeros && entry.as_unsigned() == std::uint64_t{0}) continue;
            const auto number = number_in<Number>(entry, row, where);
            if (!common) common = number;
            if (number != *common)
                throw error{errc::model_bad_value, where, detail::number_text(*common) + " as in every layer",
                            detail::number_text(number)};
        }
        if (!common) throw error{errc::model_bad_value, key, "a layer that has some", "zeros"};
        return *common;
    }

    const gguf::file& file_;
    const model_family& family_;
    array_view<const model_family*> families_;
    std::vector<config_source>& sources_;
    std::array<bool, config_keys.size()> read_{};
};

NIBBLE_NAMESPACE_END
