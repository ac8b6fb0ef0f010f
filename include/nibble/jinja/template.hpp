// SPDX-License-Identifier: Apache-2.0
// A parsed Jinja template: what Hugging Face's environment for chat templates does with it, and nothing else.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include <nibble/core/array_view.hpp>
#include <nibble/core/config.hpp>
#include <nibble/jinja/calendar_time.hpp>
#include <nibble/jinja/limits.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

namespace ast {
struct syntax_tree;
}

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
    explicit compiled_template(std::string_view source, const limits& bounds = {});

    /// Whether a variable of this name occurs in the template.
    [[nodiscard]] bool mentions(std::string_view name) const noexcept;

    /// The text of the template with these variables; `more` comes before `variables` where both have a name.
    /// `date` is what strftime_now() sees; where it is not given the function is undefined. `cancel`, where not null,
    /// is looked at with every step that is paid for: errc::tmpl_cancelled soon after it was set.
    [[nodiscard]] std::string render(const json::object& variables, array_view<text_variable> more,
                                     const calendar_time& date, const std::atomic<bool>* cancel = nullptr) const;

private:
    limits bounds_;
    std::shared_ptr<const ast::syntax_tree> tree_;
};

}  // namespace jinja

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/jinja/template_impl.hpp>
#endif
