# SPDX-License-Identifier: Apache-2.0
# The header-only libraries of this machine, for programs of another one: a folder with links to nothing else, because
# a cross compiler must not see the rest of /usr/include. Toolchain files have project() include it.
set(links ${CMAKE_BINARY_DIR}/host_headers)
file(MAKE_DIRECTORY ${links})
foreach(library IN ITEMS "xsimd xsimd" "Catch2::Catch2 catch2" "CLI11::CLI11 CLI" "nlohmann_json::nlohmann_json nlohmann")
    string(REGEX MATCH "^(.*) (.*)$" library ${library})
    if(NOT EXISTS /usr/include/${CMAKE_MATCH_2})
        message(STATUS "nibble: no /usr/include/${CMAKE_MATCH_2}, ${CMAKE_MATCH_1} is looked for elsewhere")
        continue()
    endif()
    file(CREATE_LINK /usr/include/${CMAKE_MATCH_2} ${links}/${CMAKE_MATCH_2} SYMBOLIC)
    add_library(${CMAKE_MATCH_1} INTERFACE IMPORTED)
    set_target_properties(${CMAKE_MATCH_1} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${links})
endforeach()
