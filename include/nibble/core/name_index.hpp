// SPDX-License-Identifier: Apache-2.0
// Numbers by name.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

/// One type of map for all that is found by name: g++ takes 3 MB for the code of each. Looked up with any kind of
/// string, in O(log n) whatever the names are.
using name_index = std::map<std::string, std::size_t, std::less<>>;

NIBBLE_NAMESPACE_END
