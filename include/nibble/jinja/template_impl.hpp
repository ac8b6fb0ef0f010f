// SPDX-License-Identifier: Apache-2.0
// Definitions of jinja/template.hpp: from source to tree, and from variables and tree to text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nibble/core/array_view.hpp>
#include <nibble/core/error.hpp>
#include <nibble/jinja/interpreter.hpp>
#include <nibble/jinja/parser.hpp>
#include <nibble/jinja/template.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

namespace detail {

/// Strings stay where they are: the variables outlive the rendering.
inline value from_json(runtime& rt, const json& given) {
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

inline value global(runtime& rt, std::string_view name, const json::object& variables, array_view<text_variable> more) {
    for (const text_variable& variable : more)
        if (variable.name == name) return text::borrowed(variable.value);
    if (const json* given = variables.find(name)) return from_json(rt, *given);
    if (name == "strftime_now" && !rt.date().is_given())
        return undefined{text::borrowed(name), "", undefined::reason::date};
    if (const builtin_entry* function = find_function(name))
        return rt.make_callable({function->name, function->function, {}, nullptr, nullptr});
    return undefined{text::borrowed(name)};
}

}  // namespace detail

NIBBLE_FUNCTION compiled_template::compiled_template(std::string_view source, const limits& bounds) : bounds_(bounds) {
    const std::size_t most = std::min<std::size_t>(bounds.source_bytes, UINT32_MAX);
    if (source.size() > most)
        throw error(errc::limit_exceeded, "chat template", "at most " + std::to_string(most) + " bytes",
                    std::to_string(source.size()));
    auto tree = std::make_shared<ast::syntax_tree>();
    tree->source = normalised_source(source);
    parser(*tree, bounds_).run();
    tree_ = std::move(tree);
}

NIBBLE_FUNCTION bool compiled_template::mentions(std::string_view name) const noexcept {
    return std::find(tree_->symbols.begin(), tree_->symbols.end(), name) != tree_->symbols.end();
}

NIBBLE_FUNCTION std::string compiled_template::render(const json::object& variables, array_view<text_variable> more,
                                                      const calendar_time& date,
                                                      const std::atomic<bool>* cancel) const {
    runtime rt(tree_->source, bounds_, date, cancel);
    std::vector<value> globals;
    globals.reserve(tree_->symbols.size());
    for (const std::string_view name : tree_->symbols) globals.push_back(detail::global(rt, name, variables, more));
    return interpreter(rt, *tree_, std::move(globals)).run();
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
