# SPDX-License-Identifier: Apache-2.0
# Configures each of the APPLICATIONS as the project of its own that it is: the tests build them together,
# and that a project which takes nibble in builds is for tests/consumer.
cmake_minimum_required(VERSION 3.25)
function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
foreach(name IN LISTS APPLICATIONS)
    run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE_DIR}/examples/embedding/${name} -B ${WORK_DIR}/${name}
        -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Release)
endforeach()
