# SPDX-License-Identifier: Apache-2.0
# Runs PROGRAM on MODEL: it must succeed and, where the file EXPECTED exists, print that text.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${PROGRAM} ${MODEL} OUTPUT_VARIABLE output ECHO_OUTPUT_VARIABLE COMMAND_ERROR_IS_FATAL ANY)
if(EXISTS ${EXPECTED})
    file(READ ${EXPECTED} expected)
    if(NOT output STREQUAL expected)
        message(FATAL_ERROR "the program printed other text than ${EXPECTED}:\n${expected}")
    endif()
endif()
