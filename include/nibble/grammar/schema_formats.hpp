// SPDX-License-Identifier: Apache-2.0
// The formats of strings that a JSON schema may ask for, as regular expressions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace detail {

/// Formats that forbid no text: hints for programs.
[[nodiscard]] inline bool is_free_format(std::string_view name) {
    static constexpr std::string_view free[] = {"password", "binary",    "int32",    "int64",    "float", "double",
                                                "text",     "multiline", "textarea", "markdown", "html"};
    return std::find(std::begin(free), std::end(free), name) != std::end(free);
}

/// The longest texts of a format that are written. No part of a host or an address is too long (63 of a label, 64
/// before the @) if the whole is not.
[[nodiscard]] inline std::optional<std::size_t> longest_of_format(std::string_view name) {
    return name.ends_with("email") || name.ends_with("hostname") ? std::optional<std::size_t>{63} : std::nullopt;
}

/// An expression for texts of the format that are no longer than that, or nothing if it is not known. Each allows a
/// part of what its standard does, what a model would write: ASCII only, no brackets around hosts.
[[nodiscard]] inline std::optional<std::string> format_pattern(std::string_view name) {
    // RFC 3339; years from 1, the 29th of February in leap years only, no leap seconds.
    const std::string date = "(?:(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-"
                             "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|"
                             "02-(?:0[1-9]|1[0-9]|2[0-8]))|"
                             "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)";
    const std::string hour_and_minute = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
    const std::string time = hour_and_minute + ":[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-]" + hour_and_minute + ")";
    // RFC 3339, appendix A
    const std::string n = "[0-9]{1,9}";
    const std::string clock = "(?:T(?:" + n + "H(?:" + n + "M(?:" + n + "S)?)?|" + n + "M(?:" + n + "S)?|" + n + "S))";
    const std::string days = "(?:" + n + "Y(?:" + n + "M(?:" + n + "D)?)?|" + n + "M(?:" + n + "D)?|" + n + "D)";
    const std::string duration = "P(?:" + days + clock + "?|" + clock + "|" + n + "W)";
    // RFC 1123 and 5321
    const std::string label = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*";
    const std::string host = "(?:" + label + "\\.)*[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*";
    const std::string atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    const std::string email = atom + "(?:\\." + atom + ")*@" + host;
    const std::string octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    const std::string ipv4 = octet + "(?:\\." + octet + "){3}";
    const std::string h = "[0-9A-Fa-f]{1,4}";
    const std::string ipv6 = "(?:(?:" + h + ":){7}" + h + "|(?:" + h + ":){1,7}:|(?:" + h + ":){1,6}:" + h +
                             "|(?:" + h + ":){1,5}(?::" + h + "){2}|(?:" + h + ":){1,4}(?::" + h + "){3}|(?:" + h +
                             ":){1,3}(?::" + h + "){4}|(?:" + h + ":){1,2}(?::" + h + "){5}|" + h + ":(?::" + h +
                             "){6}|:(?::" + h + "){1,7}|::)";
    // RFC 3986; a reference without a scheme has no colon in its first segment
    const std::string escape = "%[0-9A-Fa-f]{2}", first = "A-Za-z0-9._~!$&'()*+,;=@\\-";
    const std::string p = "(?:[" + first + ":]|" + escape + ")", path = "(?:[" + first + ":/]|" + escape + ")*";
    const std::string query = "(?:[" + first + ":/?]|" + escape + ")*",
                      tail = "(?:\\?" + query + ")?(?:#" + query + ")?";
    const std::string rooted = "/(?:/[A-Za-z0-9._~-]+(?::[0-9]+)?(?:/" + path + ")?|" + p + path + ")?";
    const std::string uri = "[A-Za-z][A-Za-z0-9+.-]*:(?:" + rooted + "|" + p + path + ")" + tail;
    const std::string relative = "(?:" + rooted + "|(?:[" + first + "]|" + escape + ")+(?:/" + path + ")?)?" + tail;
    // RFC 6901
    const std::string pointer = "(?:/(?:[^~/]|~[01])*)*";
    // A part of ECMA 262 that other engines read alike
    const std::string expression =
        "\\^?(?:(?:[A-Za-z0-9 "
        "_,:;@%&<>=~#'\"!-]|\\\\[dDwWsSnrt.*+?(){}|[\\]^$\\\\]|\\.|\\[\\^?(?:a-z|A-Z|0-9|[A-Za-z0-9_])+\\])"
        "(?:[*+?]|\\{[0-9]\\})?)*\\$?";
    const std::string base64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?";
    const auto exactly = [](const std::string& whole) { return "^(?:" + whole + ")$"; };
    if (name == "date") return exactly(date);
    if (name == "time") return exactly(time);
    if (name == "date-time") return exactly(date + "T" + time);
    if (name == "duration") return exactly(duration);
    if (name == "email" || name == "idn-email") return exactly(email);
    if (name == "hostname" || name == "idn-hostname") return exactly(host);
    if (name == "ipv4") return exactly(ipv4);
    if (name == "ipv6") return exactly(ipv6);
    if (name == "uri" || name == "iri") return exactly(uri);
    if (name == "uri-reference" || name == "iri-reference") return exactly("(?:" + uri + "|" + relative + ")");
    if (name == "uri-template")
        return exactly("(?:[A-Za-z0-9._~:/?#@!$&()*+,;=-]|" + escape + "|\\{[A-Za-z_][A-Za-z0-9_]*\\})*");
    if (name == "uuid") return exactly("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    if (name == "json-pointer") return exactly(pointer);
    if (name == "relative-json-pointer") return exactly("(?:0|[1-9][0-9]{0,8})(?:#|" + pointer + ")");
    if (name == "regex") return exactly(expression);
    if (name == "byte") return exactly(base64);
    return std::nullopt;
}

}  // namespace detail

NIBBLE_NAMESPACE_END
