// SPDX-License-Identifier: Apache-2.0
// Which sanitizer this is built with: NIBBLE_TEST_ASAN and NIBBLE_TEST_TSAN are defined where it is.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define NIBBLE_TEST_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define NIBBLE_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NIBBLE_TEST_ASAN 1
#elif __has_feature(thread_sanitizer)
#define NIBBLE_TEST_TSAN 1
#endif
#endif
