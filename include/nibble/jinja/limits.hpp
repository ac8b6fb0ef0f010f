// SPDX-License-Identifier: Apache-2.0
// Bounds on what a template may cost, whoever wrote it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

namespace jinja {

/// A rendering is paid for in steps: one for each expression and statement evaluated and for each element touched, and
/// one for every 64 bytes written to a string, searched or compared. So the steps bound time and memory alike: a
/// million of them take less than two seconds, whatever the template does with them. Parsing and rendering within the
/// default limits need less than 256 KiB of stack.
struct limits {
    std::size_t source_bytes = std::size_t{1} << 20;  ///< errc::limit_exceeded beyond
    std::size_t nesting = 128;                 ///< brackets, operators and blocks inside each other in the source
    std::uint64_t steps = 1'000'000;           ///< errc::tmpl_out_of_fuel beyond
    std::uint64_t steps_per_variable = 4'000;  ///< more steps for each value inside the variables
    std::size_t depth = 200;                   ///< nesting at run time, macro calls included
    std::size_t output_bytes = std::size_t{16} << 20;  ///< of the text and of any string on the way to it
};

}  // namespace jinja

NIBBLE_NAMESPACE_END
