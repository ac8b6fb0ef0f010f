// SPDX-License-Identifier: Apache-2.0
// What every test includes: Catch2, version 2 or 3. Write only what both have in common.
#pragma once

#include <cstddef>
#include <sstream>
#include <string>
#include <vector>

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
using Catch::Approx;
namespace nibble::test {
template <class T>
using matcher_base = Catch::Matchers::MatcherBase<T>;
}
#else
#include <catch2/catch.hpp>
namespace nibble::test {
template <class T>
using matcher_base = Catch::MatcherBase<T>;
}
#endif

/// Floats in a message: the first of them, because a thousand would bury what it says.
template <>
struct Catch::StringMaker<std::vector<float>> {
    static std::string convert(const std::vector<float>& values) {
        std::ostringstream out;
        out << values.size() << " floats:";
        for (std::size_t i = 0; i < values.size() && i < 6; ++i) out << ' ' << values[i];
        if (values.size() > 6) out << " ...";
        return out.str();
    }
};
