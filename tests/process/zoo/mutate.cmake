# A copy of the library's sources with one fault put in.
#
#   cmake -DSOURCE=src -DCOPY=folder -DSPECIES=name.cmake -P mutate.cmake
#
# A species is a file of calls mutate(FILE OLD NEW): the text OLD, which must be in FILE exactly once, becomes NEW. A
# fault that no longer fits the sources is an error, so that no species can die out unnoticed.
file(REMOVE_RECURSE ${COPY})
file(COPY ${SOURCE}/ DESTINATION ${COPY})

function(mutate name old new)
  file(READ ${COPY}/${name} text)
  string(FIND "${text}" "${old}" first)
  string(FIND "${text}" "${old}" last REVERSE)
  if(first EQUAL -1)
    message(FATAL_ERROR "${SPECIES}: src/${name} has changed, and the fault does not fit it any more. Missing:\n${old}")
  elseif(NOT first EQUAL last)
    message(FATAL_ERROR "${SPECIES}: src/${name} has this more than once:\n${old}")
  endif()
  string(REPLACE "${old}" "${new}" text "${text}")
  file(WRITE ${COPY}/${name} "${text}")
endfunction()

include(${SPECIES})
