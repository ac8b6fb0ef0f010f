// SPDX-License-Identifier: Apache-2.0
// A template, a byte 0, and its variables as a JSON object, which may be missing: twice the same text, or refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nibble/jinja/template.hpp>
#include <nibble/json/json.hpp>

#include "fuzz/fuzz.hpp"

using namespace nibble;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in{data, size};
    const std::string_view source = in.line(), variables = in.rest();
    jinja::limits bounds;
    bounds.steps = 100'000;  // sanitizers take ten times as long
    fuzz::allowing_errors([&] {
        const jinja::compiled_template parsed(source, bounds);
        const json given = variables.empty() ? json{json::object{}} : json::parse(variables);
        if (!given.is_object()) return;
        const std::string once = parsed.render(given.as_object(), {}, {});
        fuzz::require(once == parsed.render(given.as_object(), {}, {}));
    });
    return 0;
}
