# SPDX-License-Identifier: Apache-2.0
# LIBRARY exports each function that HEADER declares, and nothing else.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY} OUTPUT_VARIABLE symbols
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(^|\n)[^ \n]+" exported "${symbols}")
file(READ ${HEADER} text)
string(REGEX MATCHALL "NIBBLE_API [^(;#]*[ *]nibble_[a-z_]+\\(" declared "${text}")
list(TRANSFORM exported STRIP)
list(TRANSFORM declared REPLACE ".*[ *](nibble_[a-z_]+)\\($" "\\1")
list(SORT exported)
list(SORT declared)
list(LENGTH declared count)
if(NOT exported STREQUAL declared OR count LESS 40)
    message(FATAL_ERROR "declared ${count}:\n${declared}\nexported:\n${exported}")
endif()
