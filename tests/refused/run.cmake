# SPDX-License-Identifier: Apache-2.0
# Fails unless COMPILER refuses nibble.hpp with FLAGS, with one error that says MESSAGE.
list(TRANSFORM INCLUDES PREPEND -I)
set(source ${CMAKE_CURRENT_BINARY_DIR}/refused.cpp)
file(WRITE ${source} "#include <nibble/nibble.hpp>\nint main() {}\n")
execute_process(COMMAND ${COMPILER} ${FLAGS} ${INCLUDES} -fsyntax-only ${source}
                RESULT_VARIABLE result ERROR_VARIABLE errors)
if(result EQUAL 0)
    message(FATAL_ERROR "compiles with ${FLAGS}")
endif()
string(REGEX MATCHALL "(^|\n)[^\n]*[^l] error: [^\n]*" lines "${errors}")
list(LENGTH lines count)
if(NOT count EQUAL 1 OR NOT lines MATCHES "${MESSAGE}")
    message(FATAL_ERROR "expected one error that says '${MESSAGE}', got ${count}:\n${errors}")
endif()
