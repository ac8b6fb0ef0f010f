# SPDX-License-Identifier: Apache-2.0
# Fails unless COMPILER refuses nibble.hpp with FLAGS, with one error that says MESSAGE.
list(TRANSFORM INCLUDES PREPEND -I)
execute_process(COMMAND ${COMPILER} ${FLAGS} ${INCLUDES} -include nibble/nibble.hpp -fsyntax-only -x c++ /dev/null
                RESULT_VARIABLE result ERROR_VARIABLE errors)
if(result EQUAL 0)
    message(FATAL_ERROR "compiles with ${FLAGS}")
endif()
string(REGEX MATCHALL "(^|\n)[^\n]*[^l] error: [^\n]*" lines "${errors}")
list(LENGTH lines count)
if(NOT count EQUAL 1 OR NOT lines MATCHES "${MESSAGE}")
    message(FATAL_ERROR "expected one error that says '${MESSAGE}', got ${count}:\n${errors}")
endif()
