# SPDX-License-Identifier: Apache-2.0
# nibble::compiled: what takes long to compile, compiled once for all units and programs that link it. Built only where
# it is linked, with the flags of the project that it is built in.
include_guard(GLOBAL)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/nibble_compiled.cpp CONTENT "#include <nibble/nibble.hpp>\n")
add_library(nibble_compiled STATIC EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/nibble_compiled.cpp)
add_library(nibble::compiled ALIAS nibble_compiled)
target_link_libraries(nibble_compiled PUBLIC nibble::nibble)
target_compile_definitions(nibble_compiled PUBLIC NIBBLE_COMPILED PRIVATE NIBBLE_IMPLEMENTATION_UNIT)
