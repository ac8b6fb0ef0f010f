// SPDX-License-Identifier: Apache-2.0
// A grammar as GBNF, a JSON schema or tools, a byte 0, and choices: the text that it lets them write is one that the
// schema allows, and reads the same in one piece as byte by byte.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nibble/grammar/grammar.hpp>
#include <nibble/grammar/json_schema.hpp>
#include <nibble/grammar/matcher.hpp>
#include <nibble/grammar/tool_grammar.hpp>
#include <nibble/json/json.hpp>

#include "fuzz/fuzz.hpp"
#include "support/schema_validator.hpp"

using namespace nibble;

namespace {

/// A text of the grammar: at each byte the first from a chosen one on that is allowed. Without a value where the text
/// was not complete when the choices ended.
std::optional<std::string> text_of(const grammar& rules, fuzz::input& in) {
    grammar_matcher matcher{rules};
    std::string out;
    while (!in.empty() && out.size() < 200 && !matcher.finished()) {
        const std::size_t first = in.byte();
        std::size_t n = 0;
        for (; n < 256; ++n) {
            const char byte = static_cast<char>(first + n);
            if (!matcher.accept({&byte, 1})) continue;
            out += byte;
            break;
        }
        if (n == 256) break;
    }
    fuzz::require(!matcher.finished() || matcher.complete());
    return matcher.complete() ? std::optional{out} : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    const std::size_t kind = in.below(3);
    const std::string_view source = in.line();
    fuzz::allowing_errors([&] {
        if (kind == 0) {
            const auto rules = grammar::from_gbnf(source);
            if (const auto text = text_of(rules, in)) fuzz::require(matches(rules, *text));
        } else if (kind == 1) {
            const json schema = json::parse(source);
            const auto rules = grammar_from_json_schema(schema);
            const auto text = text_of(rules, in);
            if (!text) return;
            fuzz::require(matches(rules, *text));
            fuzz::require(test::schema_validator{schema}.valid(json::parse(*text)));
        } else {
            const auto rules = grammar_from_tools(json::parse(source));
            if (const auto text = text_of(rules, in)) fuzz::require(matches(rules, *text));
        }
    });
    return 0;
}
