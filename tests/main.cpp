// SPDX-License-Identifier: Apache-2.0
// The main function of every test program, for Catch2 version 2 or 3.
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#endif

/// AddressSanitizer, where it is: too large an allocation fails, as it does without, and does not end the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
