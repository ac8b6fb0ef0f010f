# SPDX-License-Identifier: Apache-2.0
# docs/options.md has a word about every member of the structs of options: each is named between ` and `.
#
#   cmake -D SOURCE_DIR=. -P cmake/check_options.cmake
cmake_minimum_required(VERSION 3.25)

set(structs generate/options.hpp:generation_options generate/session_options.hpp:session_options
            model/model.hpp:model_options model/config_options.hpp:config_options text/tokenizer.hpp:tokenizer_options)
file(READ "${SOURCE_DIR}/docs/options.md" page)
set(count 0)
foreach(entry IN LISTS structs)
    string(REPLACE ":" ";" entry "${entry}")
    list(GET entry 0 header)
    list(GET entry 1 name)
    file(READ "${SOURCE_DIR}/include/nibble/${header}" text)
    string(REPLACE ";" "!" text "${text}")  # CMake's lists
    if(NOT text MATCHES "\nstruct ${name} {\n(.*)")
        message(FATAL_ERROR "no struct ${name} in ${header}")
    endif()
    string(FIND "${CMAKE_MATCH_1}" "\n}!" end)
    string(SUBSTRING "${CMAKE_MATCH_1}" 0 ${end} body)
    string(REGEX MATCHALL "\n    [a-z][^\n/(]* [a-z_0-9]+ = " members "\n${body}")
    foreach(member IN LISTS members)
        string(REGEX REPLACE ".* ([a-z_0-9]+) = $" "\\1" member "${member}")
        math(EXPR count "${count} + 1")
        if(NOT page MATCHES "`([a-z]+\\.)?${member}`")
            message(SEND_ERROR "docs/options.md says nothing of ${name}::${member}")
        endif()
    endforeach()
endforeach()
if(count LESS 50)
    message(FATAL_ERROR "only ${count} options found: the headers are laid out in another way now")
endif()
message(STATUS "${count} options, each on the page")
