// SPDX-License-Identifier: Apache-2.0
// What may follow `is`.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nibble/jinja/arithmetic.hpp>
#include <nibble/jinja/builtins.hpp>
#include <nibble/jinja/library/string_methods.hpp>
#include <nibble/jinja/operators.hpp>
#include <nibble/jinja/print.hpp>
#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::tests {

/// A test that looks at the value alone.
template <bool (*Holds)(const value&)>
value plain(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "test");
    return Holds(v);
}
inline bool is_defined(const value& v) { return !v.is_undefined(); }
inline bool is_undefined(const value& v) { return v.is_undefined(); }
inline bool is_none(const value& v) { return v.is_none(); }
inline bool is_boolean(const value& v) { return v.type() == kind::boolean; }
inline bool is_true(const value& v) { return is_boolean(v) && v.boolean(); }
inline bool is_false(const value& v) { return is_boolean(v) && !v.boolean(); }
inline bool is_integer(const value& v) { return v.type() == kind::integer || v.is_big_integer(); }
inline bool is_float(const value& v) { return v.type() == kind::number; }
inline bool is_number(const value& v) { return v.is_number(); }
inline bool is_string(const value& v) { return v.is_string(); }
inline bool is_mapping(const value& v) { return v.is_mapping(); }
inline bool is_iterable(const value& v) {
    return v.is_undefined() || v.is_string() || v.is_sequence() || v.is_mapping() || v.type() == kind::loop;
}
/// Has a length and can be subscripted.
inline bool is_sequence(const value& v) {
    return v.is_undefined() || v.is_string() || v.is_mapping() || (v.is_sequence() && v.seq().is_indexable());
}
inline bool is_callable(const value& v) {
    return v.is_undefined() || v.type() == kind::callable || v.type() == kind::joiner || v.type() == kind::loop;
}
inline bool is_escaped(const value& v) { return v.is_string() && v.as_text().is_markup(); }

/// A test that compares with its one argument.
template <ast::comparison_op Op>
value compared(runtime& rt, const value& v, const call_arguments& args) {
    const auto [other] = bind<1>(rt, args, "test", {"other"}, 1);
    return compare(rt, Op, v, *other);
}
inline value sameas(runtime& rt, const value& v, const call_arguments& args) {
    const auto [other] = bind<1>(rt, args, "sameas", {"other"}, 1);
    if (v.is_string() && other->is_string()) return equal(rt, v, *other);
    return v.same_as(*other);
}
inline value divisibleby(runtime& rt, const value& v, const call_arguments& args) {
    const auto [number] = bind<1>(rt, args, "divisibleby", {"num"}, 1);
    return equal(rt, calculate(rt, ast::arithmetic_op::modulo, v, *number), std::int64_t{0});
}
template <std::int64_t Remainder>
value parity(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "odd");
    return equal(rt, calculate(rt, ast::arithmetic_op::modulo, v, std::int64_t{2}), Remainder);
}
template <bool Upper>
value letter_case(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "upper");
    return string_methods::cased<Upper>(rt, to_text(rt, v), args);
}
template <const builtin_entry* (*Find)(std::string_view) noexcept>
value exists(runtime& rt, const value& v, const call_arguments& args) {
    bind_nothing(rt, args, "filter");
    (void)require_key(rt, v);
    return v.is_string() && Find(v.str()) != nullptr;
}

inline constexpr builtin_entry table[] = {
    {"!=", compared<ast::comparison_op::unequal>},
    {"<", compared<ast::comparison_op::less>},
    {"<=", compared<ast::comparison_op::less_equal>},
    {"==", compared<ast::comparison_op::equal>},
    {">", compared<ast::comparison_op::greater>},
    {">=", compared<ast::comparison_op::greater_equal>},
    {"boolean", plain<is_boolean>},
    {"callable", plain<is_callable>},
    {"defined", plain<is_defined>},
    {"divisibleby", divisibleby},
    {"eq", compared<ast::comparison_op::equal>},
    {"equalto", compared<ast::comparison_op::equal>},
    {"escaped", plain<is_escaped>},
    {"even", parity<0>},
    {"false", plain<is_false>},
    {"filter", exists<find_filter>},
    {"float", plain<is_float>},
    {"ge", compared<ast::comparison_op::greater_equal>},
    {"greaterthan", compared<ast::comparison_op::greater>},
    {"gt", compared<ast::comparison_op::greater>},
    {"in", compared<ast::comparison_op::in>},
    {"integer", plain<is_integer>},
    {"iterable", plain<is_iterable>},
    {"le", compared<ast::comparison_op::less_equal>},
    {"lessthan", compared<ast::comparison_op::less>},
    {"lower", letter_case<false>},
    {"lt", compared<ast::comparison_op::less>},
    {"mapping", plain<is_mapping>},
    {"ne", compared<ast::comparison_op::unequal>},
    {"none", plain<is_none>},
    {"number", plain<is_number>},
    {"odd", parity<1>},
    {"sameas", sameas},
    {"sequence", plain<is_sequence>},
    {"string", plain<is_string>},
    {"test", exists<find_test>},
    {"true", plain<is_true>},
    {"undefined", plain<is_undefined>},
    {"upper", letter_case<true>},
};
static_assert(is_sorted_table(table));

}  // namespace jinja::tests

namespace jinja {

inline const builtin_entry* find_test(std::string_view name) noexcept { return find_builtin(tests::table, name); }

}  // namespace jinja

NIBBLE_NAMESPACE_END
