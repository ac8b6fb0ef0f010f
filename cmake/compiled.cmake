# SPDX-License-Identifier: Apache-2.0
# nibble::compiled: what takes long to compile, compiled once for all units and programs that link it. Built only where
# it is linked, with the flags of the project that it is built in; in three units, which take about as long as each other.
include_guard(GLOBAL)
add_library(nibble_compiled STATIC EXCLUDE_FROM_ALL)
add_library(nibble::compiled ALIAS nibble_compiled)
get_target_property(definitions nibble::nibble HEADER_SET)
list(FILTER definitions INCLUDE REGEX "_impl.hpp$")
foreach(layers IN ITEMS "kernels" "json|jinja|grammar|text|chat" "core|gguf|model|ops|generate")
    set(includes ${definitions})
    list(FILTER includes INCLUDE REGEX "/nibble/(${layers})/")
    list(TRANSFORM includes REPLACE ".*/(nibble/.*)" "#include <\\1>")
    list(JOIN includes "\n" includes)
    string(REPLACE "|" "_" unit "${CMAKE_CURRENT_BINARY_DIR}/nibble_compiled/${layers}.cpp")
    file(CONFIGURE OUTPUT ${unit} CONTENT "${includes}\n")
    target_sources(nibble_compiled PRIVATE ${unit})
endforeach()
target_link_libraries(nibble_compiled PUBLIC nibble::nibble)
target_compile_definitions(nibble_compiled PUBLIC NIBBLE_COMPILED)
