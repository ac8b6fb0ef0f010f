// SPDX-License-Identifier: Apache-2.0
// A parsed Jinja template: what Hugging Face's environment for chat templates does with it, and nothing else.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/error.hpp>
#include <nibble/jinja/calendar_time.hpp>
#include <nibble/jinja/interpreter.hpp>
#include <nibble/jinja/limits.hpp>
#include <nibble/jinja/parser.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// A variable that is a text, beside those of the JSON object.
struct text_variable {
    std::string_view name, value;
};

/// A template as Jinja2 3.1 renders it in an immutable sandbox with trim_blocks, lstrip_blocks, loop controls, `do`
/// and Hugging Face's additions: {% generation %}, raise_exception, strftime_now, a tojson that keeps UTF-8.
/// Integers of variables may have any size; what a template writes or computes itself has 64 bits.
/// Not supported, and refused: what reaches outside of the template, recursive loops, sets and bytes, arithmetic beyond
/// 64 bits, the filters pprint, random and urlize. Filters such as `unique` read their input at once, not when asked.
/// A {% set %} of a variable that a loop or macro above it reads does not make it undefined there.
/// Immutable: any number of threads may render at once. Copies share the parsed template.
class compiled_template {
public:
    /// Throws errc::limit_exceeded, tmpl_syntax, tmpl_too_deep or tmpl_unsupported.
    explicit compiled_template(std::string_view source, const limits& bounds = {}) : bounds_(bounds) {
        const std::size_t most = std::min<std::size_t>(bounds.source_bytes, UINT32_MAX);
        if (source.size() > most)
            throw error(errc::limit_exceeded, "chat template", "at most " + std::to_string(most) + " bytes",
                        std::to_string(source.size()));
        auto tree = std::make_shared<ast::syntax_tree>();
        tree->source = normalised_source(source);
        parser(*tree, bounds_).run();
        tree_ = std::move(tree);
    }

    /// Whether a variable of this name occurs in the template.
    [[nodiscard]] bool mentions(std::string_view name) const noexcept {
        return std::find(tree_->symbols.begin(), tree_->symbols.end(), name) != tree_->symbols.end();
    }

    /// The text of the template with these variables; `more` comes before `variables` where both have a name.
    /// `date` is what strftime_now() sees; where it is not given the function is undefined. `cancel`, where not null,
    /// is looked at with every step that is paid for: errc::tmpl_cancelled soon after it was set.
    [[nodiscard]] std::string render(const json::object& variables, std::span<const text_variable> more,
                                     const calendar_time& date, const std::atomic<bool>* cancel = nullptr) const {
        runtime rt(tree_->source, bounds_, date, cancel);
        std::vector<value> globals;
        globals.reserve(tree_->symbols.size());
        for (const std::string_view name : tree_->symbols) globals.push_back(global(rt, name, variables, more));
        return interpreter(rt, *tree_, std::move(globals)).run();
    }

private:
    static value global(runtime& rt, std::string_view name, const json::object& variables,
                        std::span<const text_variable> more) {
        for (const text_variable& variable : more)
            if (variable.name == name) return text::borrowed(variable.value);
        if (const json* given = variables.find(name)) return from_json(rt, *given);
        if (name == "strftime_now" && !rt.date().is_given())
            return undefined{text::borrowed(name), "", undefined::reason::date};
        if (const builtin_entry* function = find_function(name))
            return rt.make_callable({function->name, function->function, {}, nullptr, nullptr});
        return undefined{text::borrowed(name)};
    }
    /// Strings stay where they are: the variables outlive the rendering.
    static value from_json(runtime& rt, const json& given) {
        const runtime::level nested(rt);
        rt.earn(rt.bounds().steps_per_variable);
        switch (given.type()) {
            case json::kind::null: return none{};
            case json::kind::boolean: return given.as_boolean();
            case json::kind::integer: return given.as_integer();
            case json::kind::big_integer: return value::big_integer(text::borrowed(given.as_big_integer().digits));
            case json::kind::number: return given.as_double();
            case json::kind::string: rt.earn(given.as_string().size()); return text::borrowed(given.as_string());
            case json::kind::array: {
                std::vector<value> items;
                items.reserve(given.as_array().size());
                for (const json& item : given.as_array()) items.push_back(from_json(rt, item));
                return rt.list(std::move(items));
            }
            case json::kind::object: {
                std::vector<mapping::entry> entries;
                entries.reserve(given.as_object().size());
                for (const json_member& member : given.as_object())
                    entries.push_back({text::borrowed(member.key), from_json(rt, member.value)});
                return rt.dict(std::move(entries));
            }
        }
        return none{};
    }

    limits bounds_;
    std::shared_ptr<const ast::syntax_tree> tree_;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
