# SPDX-License-Identifier: Apache-2.0
# The warnings for nibble's own programs. They hold for nibble's headers too, and never reach a user of the library.
add_library(nibble_warnings INTERFACE)
target_compile_options(nibble_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow
                       $<$<BOOL:${NIBBLE_WARNINGS_AS_ERRORS}>:-Werror>)
