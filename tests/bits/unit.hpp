// SPDX-License-Identifier: Apache-2.0
// What a unit of the test of equal bits tells the program.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

/// A set of kernels, what was computed with it, and the hash of all bits.
using report_bits = std::function<void(std::string_view set, std::string_view what, std::uint64_t hash)>;
