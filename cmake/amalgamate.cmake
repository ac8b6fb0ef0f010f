# SPDX-License-Identifier: Apache-2.0
# One header of all: nibble.hpp, what it includes and what programs include besides, each header once, behind those that
# it includes. The definitions come last, so that what only they need is read only with them.
#
#   cmake -D INCLUDE_DIR=include -D OUTPUT=nibble.hpp -P cmake/amalgamate.cmake
cmake_minimum_required(VERSION 3.25)

set(definitions "\n#if NIBBLE_HAS_DEFINITIONS\n#include <nibble/([^>]+)>\n#endif\n")

# Appends `header` to OUTPUT, behind the headers that it includes, unless it is there; `later` has the definitions that
# were met on the way.
function(append header)
    get_property(is_there GLOBAL PROPERTY there_${header})
    if(is_there)
        return()
    endif()
    set_property(GLOBAL PROPERTY there_${header} TRUE)
    file(READ ${INCLUDE_DIR}/nibble/${header} text)
    if(text MATCHES "${definitions}")
        set_property(GLOBAL APPEND PROPERTY later ${CMAKE_MATCH_1})
        string(REGEX REPLACE "${definitions}" "" text "${text}")
    endif()
    string(REGEX MATCHALL "#include <nibble/[^>]+>" includes "${text}")
    foreach(include IN LISTS includes)
        string(REGEX REPLACE "#include <nibble/(.+)>" "\\1" include "${include}")
        append(${include})
    endforeach()
    string(REGEX REPLACE "#include <nibble/[^\n]*\n" "" text "${text}")
    string(REPLACE "// SPDX-License-Identifier: Apache-2.0\n" "" text "${text}")
    string(REPLACE "#pragma once\n" "" text "${text}")
    file(APPEND ${OUTPUT} "\n// ---- nibble/${header}\n${text}")
endfunction()

file(WRITE ${OUTPUT} "// SPDX-License-Identifier: Apache-2.0\n// nibble in one file, made by cmake/amalgamate.cmake.\n#pragma once\n")
append(nibble.hpp)
file(APPEND ${OUTPUT} "\n#if NIBBLE_HAS_DEFINITIONS\n")
while(TRUE)
    get_property(later GLOBAL PROPERTY later)
    set_property(GLOBAL PROPERTY later)
    if(NOT later)
        break()
    endif()
    foreach(header IN LISTS later)
        append(${header})
    endforeach()
endwhile()
file(APPEND ${OUTPUT} "\n#endif  // NIBBLE_HAS_DEFINITIONS\n")
