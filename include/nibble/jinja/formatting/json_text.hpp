// SPDX-License-Identifier: Apache-2.0
// Values as JSON: Python's json.dumps().
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nibble/jinja/runtime.hpp>
#include <nibble/json/writer.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// The scalars that json.dumps() writes, as values and (in quotes) as keys; nullopt for anything else.
[[nodiscard]] inline std::optional<std::string> json_scalar(const value& v, bool ensure_ascii) {
    std::string out;
    switch (v.type()) {
        case kind::none: return "null";
        case kind::boolean: return v.boolean() ? "true" : "false";
        case kind::integer: return std::to_string(v.integer());
        case kind::big_integer: return std::string(v.digits());
        case kind::number: append_json_number(out, v.number()); return out;
        case kind::string: append_json_string(out, v.str(), ensure_ascii); return out;
        default: return std::nullopt;
    }
}

/// The entries of a dictionary in the order in which they are written.
[[nodiscard]] inline std::vector<const mapping::entry*> json_entries(runtime& rt, const mapping& m, bool sort_keys) {
    std::vector<const mapping::entry*> entries;
    for (const auto& entry : m.entries) entries.push_back(&entry);
    if (!sort_keys) return entries;
    rt.spend(entries.size());
    for (const auto* entry : entries)
        if (entry->key.is_string() != entries[0]->key.is_string() ||
            !(entry->key.is_string() || entry->key.is_number()))
            rt.type_error("keys of different types cannot be sorted");
    // No two keys of a dictionary are equal: there is one order.
    std::sort(entries.begin(), entries.end(),
              [](const auto* a, const auto* b) { return compare_keys(a->key, b->key) < 0; });
    return entries;
}

template <class Punctuation>
void append_json(runtime& rt, std::string& out, const value& v, const json_format& format, bool sort_keys,
                 Punctuation& punctuation) {
    const runtime::level nested(rt);
    rt.require_defined(v);
    if (const auto scalar = json_scalar(v, format.ensure_ascii)) return rt.append(out, *scalar);
    if (v.is_mapping()) {
        punctuation.open("{");
        for (const auto* entry : json_entries(rt, v.map(), sort_keys)) {
            punctuation.item();
            const auto key = json_scalar(entry->key, format.ensure_ascii);
            if (!key) rt.type_error(std::string("a key of JSON cannot be a ") + type_name(entry->key));
            rt.append(out, entry->key.is_string() ? *key : '"' + *key + '"');
            punctuation.after_key();
            append_json(rt, out, entry->held, format, sort_keys, punctuation);
        }
        return punctuation.close("}");
    }
    const bool is_list =
        v.is_sequence() && (v.seq().form == sequence::flavor::list || v.seq().form == sequence::flavor::tuple);
    if (!is_list) rt.type_error(std::string("Object of type ") + type_name(v) + " is not JSON serializable");
    punctuation.open("[");
    for (const value& item : v.seq().elements) {
        punctuation.item();
        append_json(rt, out, item, format, sort_keys, punctuation);
    }
    punctuation.close("]");
}

/// json.dumps(v).
[[nodiscard]] inline std::string to_json_text(runtime& rt, const value& v, const json_format& format, bool sort_keys) {
    std::string out;
    json_punctuation punctuation(format, [&](std::string_view text) { rt.append(out, text); });
    append_json(rt, out, v, format, sort_keys, punctuation);
    return out;
}

}  // namespace jinja

NIBBLE_NAMESPACE_END
