# SPDX-License-Identifier: Apache-2.0
# What nibble sets and says by itself when it is configured. Nothing is built.
cmake_minimum_required(VERSION 3.25)

# Configures nibble afresh with the arguments; sets `failed`, `output` (standard output), `errors` and `build_type`.
macro(configure)
    file(REMOVE_RECURSE ${WORK_DIR})
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${WORK_DIR} -D CMAKE_CXX_COMPILER=${COMPILER}
                            -D NIBBLE_BUILD_TESTS=OFF -D NIBBLE_BUILD_EXAMPLES=OFF -D NIBBLE_BUILD_BENCH=OFF ${ARGN}
                    RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE errors)
    file(STRINGS ${WORK_DIR}/CMakeCache.txt build_type REGEX "^CMAKE_BUILD_TYPE:")
    string(REGEX REPLACE ".*=" "" build_type "${build_type}")
endmacro()

macro(expect)
    if(NOT (${ARGN}))
        message(SEND_ERROR "expected: ${ARGN}\nbuild type '${build_type}'\n${output}\n${errors}")
    endif()
endmacro()

# A build type that nobody chose is Release, and nibble says so.
configure(-G Ninja)
expect(NOT failed)
expect(build_type STREQUAL Release)
expect(output MATCHES "no CMAKE_BUILD_TYPE given, it becomes Release")
configure(-G Ninja -D CMAKE_BUILD_TYPE=Debug)
expect(build_type STREQUAL Debug)
configure(-G "Ninja Multi-Config")
expect(NOT build_type)

# Neither xsimd nor a network: the package that is missing is named first and last.
set(ENV{GIT_ALLOW_PROTOCOL} none)
configure(-G Ninja -D CMAKE_DISABLE_FIND_PACKAGE_xsimd=ON)
expect(failed)
expect(errors MATCHES "^nibble: no xsimd on this system .Debian: apt install libxsimd-dev.")
expect(errors MATCHES "CMake Error [^\n]*\n +nibble needs xsimd: apt install libxsimd-dev")
string(REGEX MATCHALL "CMake Error" all_errors "${errors}")
list(LENGTH all_errors n_errors)
expect(n_errors EQUAL 1)
