// SPDX-License-Identifier: Apache-2.0
// Arrays of a JSON schema whose items must differ: rules that remember which values were written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/grammar/gbnf_text.hpp>
#include <nibble/grammar/schema_judge.hpp>
#include <nibble/grammar/schema_merge.hpp>
#include <nibble/grammar/schema_numbers.hpp>
#include <nibble/grammar/schema_rules.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// All values that fit a schema, if they are few enough to be listed.
[[nodiscard]] inline std::optional<json::array> few_values(const json& schema, schema_merger& merger,
                                                           const schema_path& path, std::size_t depth = 0) {
    constexpr std::size_t most_values = 100, max_depth = 8;
    const json whole = merger.flat(schema, path);
    if (whole.is_boolean() || depth > max_depth) return std::nullopt;
    json::array out;
    schema_judge judge{merger};
    const auto add = [&](const json& value) {
        const auto is_same = [&](const json& x) { return same_value(x, value); };
        if (out.size() <= most_values && none_of(out, is_same) && judge.fits(value, whole, path) == verdict::yes)
            out.push_back(value);
    };
    if (const auto* listed = whole.find("enum")) {
        for (const auto& value : listed->as_array()) add(value);
    } else if (const auto* branches = whole.find("anyOf") ? whole.find("anyOf") : whole.find("oneOf")) {
        for (const auto& branch : branches->as_array()) {
            const auto values = few_values(branch, merger, path, depth + 1);
            if (!values) return std::nullopt;
            for (const auto& value : *values) add(value);
        }
    } else if (const auto* types = whole.find("type")) {
        for (const auto& type : types->as_array()) {
            if (type == json{"null"}) {
                add(nullptr);
            } else if (type == json{"boolean"}) {
                add(false);
                add(true);
            } else if (type == json{"integer"}) {
                const integer_range range{number_range{whole.as_object()}};
                if (range.first > range.last) continue;
                const auto more = static_cast<std::uint64_t>(range.last) - static_cast<std::uint64_t>(range.first);
                if (more > most_values) return std::nullopt;
                for (std::uint64_t i = 0; i <= more; ++i) add(range.first + static_cast<std::int64_t>(i));
            } else {
                return std::nullopt;
            }
        }
    } else {
        return std::nullopt;
    }
    if (out.size() > most_values) return std::nullopt;
    return out;
}

/// Rules for the items of an array of which all differ. Up to 8 values come in any order, with a rule for each set of
/// those that were written; more come in the order of the schema, with a rule for each that may be next.
class unique_items {
public:
    /// Item i is one of positions[i]; all behind them are one of the last position.
    unique_items(schema_rules& rules, const std::vector<json::array>& positions, std::size_t shortest,
                 std::optional<std::size_t> longest)
        : rules_(rules), shortest_(shortest), longest_(longest) {
        for (const auto& position : positions) {
            std::vector<std::size_t> numbers;
            numbers.reserve(position.size());
            for (const auto& value : position) numbers.push_back(number_of(value));
            std::sort(numbers.begin(), numbers.end());
            positions_.push_back(std::move(numbers));
        }
        any_order_ = values_.size() <= most_in_any_order;
    }

    /// The rule of the items, without brackets.
    [[nodiscard]] std::string write() { return rule_after({0, 0}); }

private:
    static constexpr std::size_t most_in_any_order = 8;

    struct place {
        std::uint64_t used;  // bits of the values that were written, or the number of the first that may be next
        std::size_t count;   // of items
        friend auto operator<=>(const place&, const place&) = default;
    };

    std::size_t number_of(const json& value) {
        const auto found =
            std::find_if(values_.begin(), values_.end(), [&](const json& x) { return same_value(x, value); });
        if (found != values_.end()) return static_cast<std::size_t>(found - values_.begin());
        values_.push_back(value);
        return values_.size() - 1;
    }

    /// The recursion is as deep as there are values.
    std::string rule_after(const place& at) {
        const auto [entry, is_new] = names_.try_emplace(at);
        if (!is_new) return entry->second;
        const std::string name = entry->second = rules_.new_rule();
        std::string body = at.count >= shortest_ ? "\"\"" : "";
        const std::string comma = at.count == 0 ? "" : "\",\"" + rules_.space() + " ";
        const auto add = [&](std::size_t number, std::uint64_t used) {
            append_alternative(body,
                               comma + rules_.literal_value(values_[number]) + " " + rule_after({used, at.count + 1}));
        };
        const auto& numbers = positions_[std::min(at.count, positions_.size() - 1)];
        if (longest_ && at.count >= *longest_) {
            // no more
        } else if (any_order_) {
            for (const auto number : numbers)
                if (const auto bit = std::uint64_t{1} << number; (at.used & bit) == 0) add(number, at.used | bit);
        } else if (const auto next = std::lower_bound(numbers.begin(), numbers.end(), at.used); next != numbers.end()) {
            add(*next, *next + 1);
            append_alternative(body, rule_after({*next + 1, at.count}));  // without it
        }
        return rules_.set_rule(name, body.empty() ? rules_.never() : body);
    }

    schema_rules& rules_;
    std::size_t shortest_;
    std::optional<std::size_t> longest_;
    json::array values_;
    std::vector<std::vector<std::size_t>> positions_;
    bool any_order_ = true;
    std::map<place, std::string> names_;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
