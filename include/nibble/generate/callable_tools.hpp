// SPDX-License-Identifier: Apache-2.0
// Which tools a reply may call, by the options of its generation.
#pragma once

#include <string>
#include <vector>

#include <nibble/core/config.hpp>
#include <nibble/json/json.hpp>

NIBBLE_NAMESPACE_BEGIN

struct generation_options;

namespace detail {

/// Definitions of the tools that may be called. Throws errc::bad_option where only_tool names none of them.
[[nodiscard]] NIBBLE_FUNCTION json callable_tools(const generation_options& options);

/// The names of what a reply may call: nothing is a call of a tool that the prompt has not.
[[nodiscard]] NIBBLE_FUNCTION std::vector<std::string> callable_names(const generation_options& options);

}  // namespace detail

NIBBLE_NAMESPACE_END

#if NIBBLE_HAS_DEFINITIONS
#include <nibble/generate/callable_tools_impl.hpp>
#endif
