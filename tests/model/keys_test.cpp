// SPDX-License-Identifier: Apache-2.0
#include <nibble/model/keys.hpp>

#include <set>
#include <string_view>

#include "test.hpp"

using namespace nibble;

TEST_CASE("no two fields share a name or a spelling") {
    std::set<std::string_view> spellings, fields;
    for (const auto& row : config_keys) {
        CHECK(fields.insert(row.field).second);
        CHECK(spellings.insert(row.suffix).second);
        for (const auto alias : row.aliases)
            if (!alias.empty()) CHECK(spellings.insert(alias).second);
        CHECK(row.least <= row.most);
    }
    std::set<std::string_view> neutral;
    for (const auto& row : neutral_keys) CHECK(neutral.insert(row.suffix).second);
}
