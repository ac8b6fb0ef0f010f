// SPDX-License-Identifier: Apache-2.0
// The arguments of built-ins, of the types that they want.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/jinja/runtime.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja::string_methods {

/// The string that was given. Throws errc::tmpl_type_error that names the method.
[[nodiscard]] inline std::string_view text_argument(runtime& rt, const value* given, std::string_view method) {
    if (!given || !given->is_string())
        rt.type_error(std::string(method) + "() wants a string" +
                      (given ? std::string(", not ") + type_name(*given) : ""));
    return given->str();
}
/// The integer that was given, or `otherwise`.
[[nodiscard]] inline std::int64_t integer_argument(runtime& rt, const value* given, std::int64_t otherwise,
                                                   std::string_view method) {
    if (!given) return otherwise;
    if (!given->is_integer()) rt.type_error(std::string(method) + "() wants an integer, not " + type_name(*given));
    return given->integer();
}
/// One look at every character of a string.
inline void pay_for_scan(runtime& rt, const value& self) { rt.spend(1 + self.str().size() / 64); }

}  // namespace jinja::string_methods

NIBBLE_NAMESPACE_END
