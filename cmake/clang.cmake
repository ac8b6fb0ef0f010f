# SPDX-License-Identifier: Apache-2.0
# Toolchain file: clang.
include("${CMAKE_CURRENT_LIST_DIR}/find_clang.cmake")
if(NOT NIBBLE_CLANG)
    message(FATAL_ERROR "nibble: the preset clang needs clang++, which is not on this system")
endif()
set(CMAKE_CXX_COMPILER ${NIBBLE_CLANG})
