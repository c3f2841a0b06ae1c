# hoko_manual(PROGRAM PAGE.scd…): the manual pages hoko(1) and hoko-PAGE(1), which
# PROGRAM writes as scdoc source from its own tables.  Without scdoc there are none.
find_program(HOKO_SCDOC scdoc DOC "Makes the manual pages (Debian: scdoc)")

function(hoko_manual program)
  if(NOT HOKO_SCDOC)
    message(STATUS "scdoc not found: no manual pages")
    return()
  endif()
  set(pages)
  foreach(source ${ARGN})
    cmake_path(GET source STEM name)
    if(name STREQUAL "hoko")
      set(page ${CMAKE_CURRENT_BINARY_DIR}/hoko.1)
      set(name)
    else()
      set(page ${CMAKE_CURRENT_BINARY_DIR}/hoko-${name}.1)
    endif()
    add_custom_command(OUTPUT ${page}
      COMMAND sh -c "\"$1\" help --scdoc $2 > \"$3.scd\" && \"$4\" < \"$3.scd\" > \"$3\"" sh
              $<TARGET_FILE:${program}> "${name}" ${page} ${HOKO_SCDOC}
      DEPENDS ${program} VERBATIM COMMENT "Manual page ${page}")
    list(APPEND pages ${page})
  endforeach()
  add_custom_target(${program}_manual ALL DEPENDS ${pages})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endfunction()
