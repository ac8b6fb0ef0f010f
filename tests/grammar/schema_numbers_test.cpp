// SPDX-License-Identifier: Apache-2.0
#include <nibble/grammar/schema_numbers.hpp>

#include <cstdint>
#include <random>
#include <string>

#include "support/schema_checks.hpp"
#include "test.hpp"

using namespace nibble;
using test::check_schema;
using test::check_schema_refused;

TEST_CASE("JSON schema: numbers with fractional limits") {
    check_schema(R"({"type":"number","minimum":0.5,"maximum":2.25})",
                 {"0.5", "0.50", "0.500001", "1", "2.2499", "2.25", "2.0"},
                 {"0.4999", "0", "2.2500001", "2.26", "3", "-1", "5e-1"});
    check_schema(R"({"type":"number","exclusiveMinimum":0.1,"exclusiveMaximum":0.25})",
                 {"0.11", "0.2499", "0.10001", "0.2"}, {"0.1", "0.10", "0.25", "0.250", "0", "0.09"});
    check_schema(R"({"type":"number","minimum":-1.5,"exclusiveMaximum":-0.05})", {"-1.5", "-1", "-0.051", "-0.1"},
                 {"-0.05", "-0.04", "-0", "0", "-1.51", "-2"});
    check_schema(R"({"type":"number","minimum":-0.5,"maximum":99.95})", {"-0.5", "-0.25", "0", "99.95", "99.9"},
                 {"-0.51", "99.951", "100", "-1"});
    check_schema(R"({"type":"number","exclusiveMinimum":0,"maximum":1e-3})", {"0.001", "0.0001"},
                 {"0", "0.0", "0.0011", "1"});
    check_schema(R"({"type":"number","minimum":1e15})", {"1000000000000000"}, {"999999999999999"});
    check_schema(R"({"type":"integer","minimum":0.5,"exclusiveMaximum":2.5})", {"1", "2"}, {"0", "3", "1.5"});
    check_schema(R"({"type":"number","minimum":1,"exclusiveMinimum":0.5})", {"1"}, {"0.75"});
    check_schema_refused(R"({"type":"number","exclusiveMinimum":0.5,"maximum":0.5})", errc::schema_unsupported,
                         "between the limits");
    check_schema_refused(R"({"type":"integer","exclusiveMinimum":9223372036854775807})", errc::schema_unsupported,
                         "between the limits");
}

TEST_CASE("JSON schema: an exclusive limit is not met by rounding") {
    // 16 digits: read as the double 1000001
    check_schema(R"({"type":"number","minimum":0,"exclusiveMaximum":1000001})", {"1000000.99999999"},
                 {"1000000.999999999999999"});
}

TEST_CASE("JSON schema: random fractional limits are exact") {
    std::mt19937 rng{9};
    const auto random_number = [&] {
        constexpr double scales[] = {1, 10, 100, 1000, 1e6};
        return (static_cast<double>(rng() % 40'000) - 20'000) / scales[rng() % 5];
    };
    for (int round = 0; round < 300; ++round) {
        double low = random_number(), high = random_number();
        if (low > high) std::swap(low, high);
        const bool without_low = rng() % 2, without_high = rng() % 2;
        const json schema = json_object{{"type", "number"},
                                        {without_low ? "exclusiveMinimum" : "minimum", low},
                                        {without_high ? "exclusiveMaximum" : "maximum", high}};
        if (low == high) continue;
        INFO(schema.dump());
        const auto g = grammar_from_json_schema(schema);
        for (int i = 0; i < 12; ++i) {
            const double x = i == 0       ? low
                             : i == 1     ? high
                             : i % 3 == 0 ? random_number()
                                          : (i % 2 ? low : high) + random_number() / 1e5;
            const std::string text = json{x}.dump();
            if (text.find('e') != std::string::npos || text.size() > 12) continue;
            INFO(text);
            REQUIRE(matches(g, text) == ((without_low ? x > low : x >= low) && (without_high ? x < high : x <= high)));
        }
    }
}

TEST_CASE("JSON schema: multiples of an integer") {
    std::mt19937 rng{4};
    for (const std::int64_t divisor : {1, 2, 3, 7, 10, 12, 15, 60, 100, 250, 1000}) {
        const auto low = -static_cast<std::int64_t>(rng() % 5000),
                   high = static_cast<std::int64_t>(rng() % 50000) + divisor;
        const auto g = grammar_from_json_schema(
            json_object{{"type", "integer"}, {"multipleOf", divisor}, {"minimum", low}, {"maximum", high}});
        for (int i = 0; i < 300; ++i) {
            const auto x = low - 300 + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(high - low + 600));
            INFO(x << " of " << divisor << ", " << low << " to " << high);
            REQUIRE(matches(g, std::to_string(x)) == (x % divisor == 0 && x >= low && x <= high));
        }
    }
    check_schema(R"({"type":"integer","multipleOf":100,"exclusiveMinimum":0})", {"100", "1200", "100000000000"},
                 {"0", "50", "10", "-100", "0100"});
    check_schema(R"({"type":"number","multipleOf":5})", {"0", "5", "-10", "12345"}, {"2.5", "7", "-0", "05"});
    check_schema_refused(R"({"type":"integer","multipleOf":99991})", errc::schema_unsupported, "#/multipleOf");
    check_schema_refused(R"({"type":"integer","multipleOf":10,"minimum":1,"maximum":9})", errc::schema_unsupported,
                         "between the limits");
}
