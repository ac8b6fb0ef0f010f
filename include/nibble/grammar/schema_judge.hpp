// SPDX-License-Identifier: Apache-2.0
// What is certain of JSON schemas: whether a value fits one, whether no value fits two.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/core/any_of.hpp>
#include <nibble/core/config.hpp>
#include <nibble/grammar/schema_keywords.hpp>
#include <nibble/grammar/schema_merge.hpp>
#include <nibble/grammar/schema_numbers.hpp>
#include <nibble/grammar/schema_strings.hpp>
#include <nibble/json/json.hpp>
#include <nibble/unicode/code_points.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

enum class verdict { no, unknown, yes };

[[nodiscard]] inline verdict certain(bool fits) noexcept { return fits ? verdict::yes : verdict::no; }

/// The part of a flat schema without anyOf, oneOf and enum for which texts are written, where it leaves choices that a
/// model does not need: the types that its keywords speak of, no properties but those that it names.
[[nodiscard]] inline json_object narrowed(const json_object& keywords) {
    json_object out = keywords;
    if (!out.find("type")) out.set("type", types_spoken_of(keywords));
    const auto* properties = out.find("properties");
    if (!properties || properties->as_object().empty() || out.find("additionalProperties")) return out;
    json_object closed = properties->as_object();
    if (const auto* required = out.find("required"))
        for (const auto& name : required->as_array())
            if (!closed.find(name.as_string())) closed.set(name.as_string(), true);
    out.set("properties", std::move(closed));
    out.set("additionalProperties", false);
    return out;
}

class schema_judge {
public:
    explicit schema_judge(schema_merger& merger) : merger_(merger) {}

    /// Patterns and formats are kept to more narrowly than they ask: a text that is not kept may fit.
    [[nodiscard]] verdict fits(const json& value, const json& schema, const schema_path& path) {
        constexpr std::size_t max_depth = 200;  // references may lead back without reading any of the value
        const json whole = merger_.flat(schema, path);
        if (whole.is_boolean()) return certain(whole.as_boolean());
        if (depth_ >= max_depth) return verdict::unknown;
        ++depth_;
        verdict out = verdict::yes;
        for (const auto& [key, says] : whole.as_object()) {
            out = std::min(out, keeps(value, whole.as_object(), key, says, path));
            if (out == verdict::no) break;
        }
        --depth_;
        return out;
    }

    /// True if it is certain that no value fits two of the schemas when each is written as narrowed() has it: what is
    /// written for one does not fit the other.
    [[nodiscard]] bool exclusive(const json& a, const json& b, const schema_path& path) {
        return apart(a, b, path, 0) && apart(b, a, path, 0);
    }

    /// True if it is certain that no value that is written for `written` fits `other`.
    [[nodiscard]] bool apart(const json& written, const json& other, const schema_path& path, std::size_t depth = 0) {
        constexpr std::size_t max_depth = 8;
        if (depth > max_depth || ++comparisons_ > most_comparisons) return false;
        const json a = merger_.flat(written, path), b = merger_.flat(other, path);
        for (const auto* x : {&a, &b})
            if (x->is_boolean() && !x->as_boolean()) return true;
        if (a.is_boolean() || b.is_boolean()) return false;
        for (const auto* x : {&a, &b})
            if (const auto* values = x->find("enum"))
                return all_of(values->as_array(), [&](const json& value) {
                    return fits(value, a, path) == verdict::no || fits(value, b, path) == verdict::no;
                });
        for (const auto* key : {"anyOf", "oneOf"}) {
            if (const auto* branches = a.find(key))
                return every_branch(
                    a, key, *branches, [&](const json& one) { return apart(one, b, path, depth + 1); }, path);
            if (const auto* branches = b.find(key))
                return every_branch(
                    b, key, *branches, [&](const json& one) { return apart(a, one, path, depth + 1); }, path);
        }
        const auto from = narrowed(a.as_object());
        const auto* types_of_b = b.find("type");
        for (const auto& type : from.find("type")->as_array()) {
            const auto meets = [&](const json& t) { return types_meet(type.as_string(), t.as_string()); };
            if (types_of_b && none_of(types_of_b->as_array(), meets)) continue;
            if (!apart_as(type.as_string(), from, b.as_object(), path, depth + 1)) return false;
        }
        return true;
    }

private:
    template <class Test>
    bool every_branch(const json& schema, const char* key, const json& branches, const Test& test,
                      const schema_path& path) {
        const json base = schema_merger::without(schema, key);
        return all_of(branches.as_array(),
                      [&](const json& branch) { return test(merger_.merged(base, branch, path)); });
    }

    /// apart() for values of one type.
    bool apart_as(const std::string& type, const json_object& a, const json_object& b, const schema_path& path,
                  std::size_t depth) {
        const auto count = [](const json_object& keywords, const char* key, std::int64_t otherwise) {
            const auto* number = keywords.find(key);
            return number ? number->as_integer() : otherwise;
        };
        const auto lengths_differ = [&](const char* least, const char* most) {
            return std::max(count(a, least, 0), count(b, least, 0)) >
                   std::min(count(a, most, INT64_MAX), count(b, most, INT64_MAX));
        };
        if (type == "number" || type == "integer") return number_range{a}.is_apart(number_range{b});
        if (type == "string") return lengths_differ("minLength", "maxLength");
        if (type == "array") {
            if (lengths_differ("minItems", "maxItems")) return true;
            constexpr std::int64_t most_compared = 8;
            const auto shared = std::min(most_compared, std::max(count(a, "minItems", 0), count(b, "minItems", 0)));
            for (std::size_t i = 0; i < static_cast<std::size_t>(shared); ++i)
                if (apart(schema_merger::of_item(a, i), schema_merger::of_item(b, i), path, depth)) return true;
        }
        if (type == "object")
            for (const auto* side : {&a, &b})
                if (const auto* required = side->find("required"))
                    for (const auto& name : required->as_array())
                        if (apart(schema_merger::of_property(a, name.as_string()),
                                  schema_merger::of_property(b, name.as_string()), path, depth))
                            return true;
        return false;
    }

    // ---- one keyword

    verdict keeps(const json& value, const json_object& all, const std::string& key, const json& says,
                  const schema_path& path) {
        const auto any_is = [&](auto test) { return certain(any_of(says.as_array(), test)); };
        if (key == "type") return any_is([&](const json& type) { return has_type(value, type.as_string()); });
        if (key == "enum" && (comparisons_ += says.as_array().size()) > most_comparisons) return verdict::unknown;
        if (key == "enum") return any_is([&](const json& x) { return same_value(x, value); });
        if (key == "anyOf" || key == "oneOf") return keeps_choice(value, key == "oneOf", says, path);
        if (value.is_number()) return certain(keeps_limit(value, key, says));
        if (value.is_string()) return keeps_text(value.as_string(), key, says, path);
        if (value.is_array()) return keeps_items(value.as_array(), all, key, says, path);
        if (value.is_object()) return keeps_members(value.as_object(), all, key, says, path);
        return verdict::yes;
    }

    verdict keeps_choice(const json& value, bool only_one, const json& branches, const schema_path& path) {
        std::size_t yes = 0, unknown = 0;
        for (const auto& branch : branches.as_array()) {
            const auto one = fits(value, branch, path);
            yes += one == verdict::yes;
            unknown += one == verdict::unknown;
        }
        if (only_one && yes > 1) return verdict::no;
        if (yes != 0 && (!only_one || unknown == 0)) return verdict::yes;
        return yes == 0 && unknown == 0 ? verdict::no : verdict::unknown;
    }

    static bool keeps_limit(const json& value, const std::string& key, const json& says) {
        const json x = exact_number(value);
        if (key == "minimum") return !is_less(x, says);
        if (key == "maximum") return !is_less(says, x);
        if (key == "exclusiveMinimum") return is_less(says, x);
        if (key == "exclusiveMaximum") return is_less(x, says);
        if (key != "multipleOf") return true;
        return x.is_integer() ? x.as_integer() % says.as_integer() == 0
                              : std::fmod(x.as_double(), says.as_double()) == 0;
    }

    static verdict keeps_text(const std::string& text, const std::string& key, const json& says,
                              const schema_path& path) {
        const auto length = static_cast<std::int64_t>(count_code_points(text));
        if (key == "minLength") return certain(length >= says.as_integer());
        if (key == "maxLength") return certain(length <= says.as_integer());
        if (key != "pattern" && key != "format") return verdict::yes;
        const auto automata = automata_of(json_object{{key, says}}, path);
        const bool matches = all_of(automata, [&](const char_automaton& one) { return one.matches(text); });
        return matches ? verdict::yes : verdict::unknown;
    }

    verdict keeps_items(const json::array& items, const json_object& all, const std::string& key, const json& says,
                        const schema_path& path) {
        const auto length = static_cast<std::int64_t>(items.size());
        if (key == "minItems") return certain(length >= says.as_integer());
        if (key == "maxItems") return certain(length <= says.as_integer());
        verdict out = verdict::yes;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (key == "items" || key == "prefixItems")
                out = std::min(out, fits(items[i], schema_merger::of_item(all, i), path));
            if (key == "uniqueItems")
                for (std::size_t k = 0; k < i; ++k) out = std::min(out, certain(!same_value(items[i], items[k])));
        }
        return out;
    }

    verdict keeps_members(const json_object& members, const json_object& all, const std::string& key, const json& says,
                          const schema_path& path) {
        if (key == "required")
            return certain(
                all_of(says.as_array(), [&](const json& name) { return members.find(name.as_string()) != nullptr; }));
        verdict out = verdict::yes;
        if (key == "properties" || key == "additionalProperties")
            for (const auto& [name, value] : members)
                out = std::min(out, fits(value, schema_merger::of_property(all, name), path));
        return out;
    }

    static constexpr std::size_t most_comparisons = 1'000'000;

    schema_merger& merger_;
    std::size_t depth_ = 0;  // of fits()
    std::size_t comparisons_ = 0;
};

}  // namespace detail

NIBBLE_NAMESPACE_END
