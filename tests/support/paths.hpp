// SPDX-License-Identifier: Apache-2.0
// Where the tests find their files.
#pragma once

#include <filesystem>

namespace nibble::test {

/// Files of the repository's tests: golden models and expected texts.
inline std::filesystem::path data_dir() { return NIBBLE_TEST_DATA_DIR; }

/// The bundled model.
inline std::filesystem::path models_dir() { return NIBBLE_TEST_MODELS_DIR; }

/// Larger test data beside the repository, or an empty path where there is none. A test that needs it and does not
/// find it says so with WARN("SKIPPED: needs ../shared/...") and returns.
inline std::filesystem::path shared_dir() {
    const std::filesystem::path dir = NIBBLE_TEST_SHARED_DIR;
    return std::filesystem::is_directory(dir / "golden") ? dir : std::filesystem::path{};  // not just any ../shared
}

}  // namespace nibble::test
